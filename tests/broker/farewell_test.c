#include "tests/check.h"

#include "broker/census.h"
#include "broker/farewell.h"

#include <string.h>

/* The neighbours: peers that write down what they are told, a store and a clock in our hand. */
static struct {
	char told[64];
	bool have_parted;
	size_t backlog;
	const char *trouble;
	uint64_t now_ms;
} fake;

void peers_hush(struct peers *ps)
{
	(void)ps;
	strcat(fake.told, "hush ");
}

void census_flush(struct broker *b)
{
	(void)b;
	strcat(fake.told, "flush ");
}

void peers_part(struct peers *ps)
{
	(void)ps;
	strcat(fake.told, "part ");
}

bool peers_have_parted(const struct peers *ps)
{
	(void)ps;
	return fake.have_parted;
}

size_t store_backlog(const struct store *s)
{
	(void)s;
	return fake.backlog;
}

const char *store_trouble(const struct store *s)
{
	(void)s;
	return fake.trouble;
}

struct mono turn_now(const struct turn *t)
{
	(void)t;
	return (struct mono){fake.now_ms * 1000};
}

static int setup(void **state)
{
	memset(&fake, 0, sizeof(fake));
	fake.trouble = "";
	fake.now_ms = 1000;
	*state = test_calloc(1, sizeof(struct broker));
	return 0;
}

static int teardown(void **state)
{
	test_free(*state);
	return 0;
}

static void test_without_an_end_there_is_none(void **state)
{
	assert_false(farewell_is_over(*state));
	fake.have_parted = true;
	assert_false(farewell_is_over(*state));
	assert_string_equal(fake.told, "");
}

static void test_first_what_is_stored_then_goodbye(void **state)
{
	struct broker *b = *state;

	fake.backlog = 1;
	farewell_begin(b);
	assert_false(farewell_is_over(b));
	assert_string_equal(fake.told, "hush flush ");
	fake.backlog = 0;
	assert_false(farewell_is_over(b));
	assert_false(farewell_is_over(b));
	assert_string_equal(fake.told, "hush flush part ");
	fake.have_parted = true;
	assert_true(farewell_is_over(b));
}

static void test_a_disk_in_trouble_is_not_waited_for(void **state)
{
	struct broker *b = *state;

	fake.backlog = 1;
	fake.trouble = "no space";
	fake.have_parted = true;
	farewell_begin(b);
	assert_true(farewell_is_over(b));
	assert_string_equal(fake.told, "hush flush part ");
}

static void test_nobody_is_waited_for_for_ever(void **state)
{
	struct broker *b = *state;

	farewell_begin(b);
	fake.now_ms += FAREWELL_MS - 1;
	assert_false(farewell_is_over(b));
	fake.now_ms++;
	assert_true(farewell_is_over(b));
}

static void test_a_store_that_stands_still_is_not_waited_for_for_ever(void **state)
{
	struct broker *b = *state;

	fake.backlog = 1;
	farewell_begin(b);
	fake.now_ms += FAREWELL_MS;
	assert_true(farewell_is_over(b));
	assert_string_equal(fake.told, "hush flush ");
}

static void test_the_second_time_it_is_over(void **state)
{
	struct broker *b = *state;

	fake.backlog = 1;
	farewell_begin(b);
	fake.now_ms++;
	assert_false(farewell_is_over(b));
	farewell_begin(b);
	assert_true(farewell_is_over(b));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_without_an_end_there_is_none),
	    TEST(test_first_what_is_stored_then_goodbye),
	    TEST(test_a_disk_in_trouble_is_not_waited_for),
	    TEST(test_nobody_is_waited_for_for_ever),
	    TEST(test_a_store_that_stands_still_is_not_waited_for_for_ever),
	    TEST(test_the_second_time_it_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
