#include "tests/check.h"

#include "gateway/link/place.h"

static bool begin(struct place *p, uint64_t epoch, uint64_t gseq)
{
	struct wire_welcome w = {.epoch = epoch, .gseq = gseq};

	return place_begin(p, &w);
}

static void test_the_first_broker_says_where_it_begins(void **state)
{
	struct place p = {0};

	(void)state;
	assert_true(begin(&p, 6, 100));
	assert_true(p.epoch == 6 && p.gseq == 100);
}

static void test_it_goes_on_where_it_ended(void **state)
{
	struct place p = {0};

	(void)state;
	begin(&p, 6, 100);
	assert_true(place_reach(&p, 103));
	assert_true(begin(&p, 6, 103));
	/* More than it can be sent; less than it has seen; another database. */
	assert_false(begin(&p, 6, 200));
	assert_true(p.gseq == 200);
	assert_true(begin(&p, 6, 200));
	assert_false(begin(&p, 6, 150));
	assert_false(begin(&p, 7, 150));
	assert_true(p.epoch == 7 && p.gseq == 150);
}

static void test_what_was_there_before_is_not_new(void **state)
{
	struct place p = {.epoch = 6, .gseq = 100};

	(void)state;
	assert_false(place_reach(&p, 100));
	assert_false(place_reach(&p, 7));
	assert_true(p.gseq == 100);
	assert_true(place_reach(&p, 105));
	assert_false(place_reach(&p, 101));
	assert_true(p.gseq == 105);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_first_broker_says_where_it_begins),
	    cmocka_unit_test(test_it_goes_on_where_it_ended),
	    cmocka_unit_test(test_what_was_there_before_is_not_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
