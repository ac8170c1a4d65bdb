#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/upgrade.h"

enum { TIMEOUT = 500 };

struct scene {
	struct upgrades all;
	struct upgrade *u;
};

static const struct eio_transport transport = {.name = "fake"};

static struct mono at(uint64_t ms)
{
	return (struct mono){ms * 1000};
}

static int setup(void **state)
{
	static struct scene s;

	upgrades_init(&s.all, TIMEOUT);
	s.u = upgrade_new(&s.all, NULL, &transport, &s, at(1000));
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;
	struct mono due;

	upgrade_free(&s->u);
	assert_null(s->u);
	upgrade_free(&s->u);
	assert_false(timer_queue_next(&s->all.timeout, &due));
	assert_false(timer_queue_next(&s->all.release, &due));
	return 0;
}

static enum eio_probe say(struct scene *s, const char *text, bool is_binary, uint64_t ms)
{
	return upgrade_receive(s->u, &s->all, str_bytes(str_of(text)), is_binary, at(ms));
}

static void test_who_is_who(void **state)
{
	struct scene *s = *state;

	assert_ptr_equal(s->u->transport, &transport);
	assert_ptr_equal(s->u->wire, s);
}

static void test_what_it_says(void **state)
{
	static const char *const bad[] = {
	    "", "2", "2probe ", "2PROBE", "3probe", "4x", "55", "1", "6"};
	struct scene *s = *state;

	assert_int_equal(say(s, "2probe", false, 1000), EIO_PROBE_PONG);
	assert_int_equal(say(s, "2probe", false, 1000), EIO_PROBE_PONG);
	assert_int_equal(say(s, "5", false, 1000), EIO_PROBE_TAKEN);
	assert_int_equal(say(s, "2probe", true, 1000), EIO_PROBE_FAILED);
	assert_int_equal(say(s, "5", true, 1000), EIO_PROBE_FAILED);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(say(s, bad[i], false, 1000), EIO_PROBE_FAILED);
}

static void test_timeout_is_of_the_whole_upgrade(void **state)
{
	struct scene *s = *state;

	(void)say(s, "2probe", false, 1400);
	assert_null(upgrades_expire(&s->all, at(1499)));
	assert_ptr_equal(upgrades_expire(&s->all, at(1500)), s->u);
	assert_null(upgrades_expire(&s->all, at(1500)));
}

static void test_polls_are_released_again_and_again(void **state)
{
	struct scene *s = *state;

	assert_null(upgrades_release(&s->all, at(2000)));
	(void)say(s, "2probe", false, 1000);
	assert_null(upgrades_release(&s->all, at(1099)));
	(void)say(s, "2probe", false, 1099);
	assert_ptr_equal(upgrades_release(&s->all, at(1100)), s->u);
	assert_null(upgrades_release(&s->all, at(1199)));
	assert_ptr_equal(upgrades_release(&s->all, at(1200)), s->u);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_who_is_who),
	    TEST(test_what_it_says),
	    TEST(test_timeout_is_of_the_whole_upgrade),
	    TEST(test_polls_are_released_again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
