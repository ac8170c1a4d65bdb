#include "tests/check.h"

#include "common/files.h"

#include "common/log.h"
#include "tests/common/capture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LIMIT = 128, RESERVE = 20 };

/* A limit of its own for each test, and everything open closed again. */
static struct rlimit before;
static int opened[LIMIT];
static size_t opened_count;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	return setrlimit(RLIMIT_NOFILE, &(struct rlimit){LIMIT, before.rlim_max});
}

static int teardown(void **state)
{
	(void)state;
	while (opened_count)
		close(opened[--opened_count]);
	return setrlimit(RLIMIT_NOFILE, &before);
}

static void open_all(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		opened[opened_count++] = fd;
}

static void close_some(size_t count)
{
	/* Those opened first: the lowest numbers. */
	for (size_t i = 0; i < count; i++)
		close(opened[i]);
	memmove(opened, opened + count, (opened_count - count) * sizeof(*opened));
	opened_count -= count;
}

static void test_the_limit_is_raised_as_far_as_it_goes(void **state)
{
	(void)state;
	assert_int_equal(files_limit(), LIMIT);
	uint64_t raised = files_raise();

	assert_true(raised > LIMIT);
	assert_int_equal(raised, before.rlim_max < 1 << 20 ? before.rlim_max : 1 << 20);
	assert_int_equal(files_limit(), raised);
}

static void test_short_is_fewer_than_the_reserve(void **state)
{
	(void)state;
	assert_false(files_are_short(RESERVE));
	open_all();
	assert_true(files_are_short(RESERVE));
	assert_true(files_are_short(1));
	close_some(RESERVE - 1);
	assert_true(files_are_short(RESERVE));
	close_some(1);
	assert_false(files_are_short(RESERVE));
}

static void test_a_limit_below_the_reserve(void **state)
{
	(void)state;
	assert_true(files_are_short(LIMIT));
}

static void test_the_log_hears_of_it_once_a_minute(void **state)
{
	struct files_watch w = {0};
	struct mono now = {1000000};

	(void)state;
	log_setup("test", LOG_FORMAT_JSON, LOG_NOTICE);
	open_all();
	/* The capture needs a few itself. */
	close_some(RESERVE / 2);
	struct capture *capture = capture_new(STDERR_FILENO);

	files_watch(&w, RESERVE, now);
	files_watch(&w, RESERVE, now);
	assert_true(w.is_short);
	close_some(RESERVE);
	files_watch(&w, RESERVE, now);
	assert_false(w.is_short);
	open_all();
	files_watch(&w, RESERVE, mono_add_ms(now, 59999));
	assert_true(w.is_short);
	assert_false(w.is_told);
	files_watch(&w, RESERVE, mono_add_ms(now, 60000));
	assert_true(w.is_told);
	close_some(RESERVE);
	char *said = capture_end(&capture);
	const char *second = strstr(strstr(said, "files.short") + 1, "files.short");

	assert_non_null(strstr(said, "files.enough"));
	assert_non_null(second);
	assert_null(strstr(second + 1, "files.short"));
	free(said);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_limit_is_raised_as_far_as_it_goes),
	    TEST(test_short_is_fewer_than_the_reserve),
	    TEST(test_a_limit_below_the_reserve),
	    TEST(test_the_log_hears_of_it_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
