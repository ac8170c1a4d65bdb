#include "common/bucket.h"

#include "tests/check.h"

static const struct mono start = {5000000};

static struct mono at_ms(uint64_t ms)
{
	return mono_add_ms(start, ms);
}

static unsigned take_all(struct bucket *b, struct mono now)
{
	unsigned n = 0;

	while (n < 10000 && bucket_take(b, now))
		n++;
	return n;
}

static void it_is_full_at_first(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 10, 5, start);
	assert_int_equal(bucket_wait_ms(&b, start), 0);
	assert_int_equal(take_all(&b, start), 5);
	assert_int_equal(take_all(&b, start), 0);
}

static void it_fills_with_time_and_not_over(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 10, 5, start);
	assert_int_equal(take_all(&b, start), 5);
	assert_int_equal(take_all(&b, at_ms(99)), 0);
	assert_int_equal(take_all(&b, at_ms(100)), 1);
	assert_int_equal(take_all(&b, at_ms(350)), 2);
	assert_int_equal(take_all(&b, at_ms(400)), 1);
	assert_int_equal(take_all(&b, at_ms(100000)), 5);
	assert_int_equal(take_all(&b, (struct mono){UINT64_MAX}), 5);
}

static void it_says_how_long_to_wait(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 3, 1, start);
	assert_true(bucket_take(&b, start));
	assert_int_equal(bucket_wait_ms(&b, start), 334);
	assert_int_equal(bucket_wait_ms(&b, at_ms(333)), 1);
	assert_int_equal(bucket_wait_ms(&b, at_ms(334)), 0);
	assert_true(bucket_take(&b, at_ms(334)));
}

static void a_rate_of_zero_lets_everything_through(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 0, 0, start);
	assert_int_equal(take_all(&b, start), 10000);
	assert_int_equal(bucket_wait_ms(&b, start), 0);
}

static void a_new_rate_gives_nothing_away(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 10, 5, start);
	assert_int_equal(take_all(&b, start), 5);
	bucket_set_rate(&b, 100, 50, start);
	assert_int_equal(take_all(&b, start), 0);
	assert_int_equal(take_all(&b, at_ms(100)), 10);
	bucket_set_rate(&b, 1, 2, at_ms(10000));
	assert_int_equal(take_all(&b, at_ms(10000)), 2);
}

static void one_without_a_bound_begins_full_with_one(void **state)
{
	struct bucket b = {0};

	(void)state;
	assert_int_equal(take_all(&b, start), 10000);
	bucket_set_rate(&b, 10, 5, start);
	assert_int_equal(take_all(&b, start), 5);
}

static void time_that_goes_back_does_no_harm(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 10, 2, at_ms(1000));
	assert_int_equal(take_all(&b, start), 2);
	assert_int_equal(take_all(&b, at_ms(100)), 1);
}

static void many_are_taken_at_once_or_not_at_all(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 10, 20, start);
	assert_true(bucket_take_many(&b, 15, start));
	assert_false(bucket_take_many(&b, 6, start));
	assert_int_equal(bucket_wait_many_ms(&b, 6, start), 100);
	assert_true(bucket_take_many(&b, 5, start));
	assert_true(bucket_take_many(&b, 6, at_ms(600)));
	/* More than there will ever be takes what fits in. */
	assert_int_equal(bucket_wait_many_ms(&b, 1000, at_ms(600)), 2000);
	assert_true(bucket_take_many(&b, 1000, at_ms(2600)));
	assert_int_equal(bucket_wait_ms(&b, at_ms(2600)), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_full_at_first),
	    cmocka_unit_test(it_fills_with_time_and_not_over),
	    cmocka_unit_test(it_says_how_long_to_wait),
	    cmocka_unit_test(a_rate_of_zero_lets_everything_through),
	    cmocka_unit_test(a_new_rate_gives_nothing_away),
	    cmocka_unit_test(one_without_a_bound_begins_full_with_one),
	    cmocka_unit_test(many_are_taken_at_once_or_not_at_all),
	    cmocka_unit_test(time_that_goes_back_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
