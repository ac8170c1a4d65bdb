#include "gateway/eio/flow.h"

#include "tests/check.h"

static const struct mono start = {5000000};

static struct mono at_ms(uint64_t ms)
{
	return mono_add_ms(start, ms);
}

static struct flow begin(uint64_t packets, uint64_t bytes)
{
	struct flow f;

	flow_init(&f, &(struct flow_rules){packets, bytes}, start);
	return f;
}

static enum flow_verdict take(struct flow *f, size_t bytes, uint64_t ms)
{
	uint64_t wait;

	return flow_take(f, bytes, at_ms(ms), &wait);
}

static uint64_t wait_ms(struct flow *f, size_t bytes, uint64_t ms)
{
	uint64_t wait = 0;

	assert_int_equal(flow_take(f, bytes, at_ms(ms), &wait), FLOW_FAST);
	return wait;
}

static void without_rules_all_is_fine(void **state)
{
	struct flow f = begin(0, 0);

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_int_equal(take(&f, 1000000, 0), FLOW_FINE);
}

static void two_seconds_worth_at_once_and_then_the_rate(void **state)
{
	struct flow f = begin(10, 0);

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(take(&f, 1, 0), FLOW_FINE);
	assert_int_equal(wait_ms(&f, 1, 0), 100);
	assert_int_equal(wait_ms(&f, 1, 40), 60);
	assert_int_equal(take(&f, 1, 100), FLOW_FINE);
	assert_int_equal(wait_ms(&f, 1, 100), 100);
}

static void the_time_to_wait_is_exact(void **state)
{
	struct flow f = begin(3, 0);

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_int_equal(take(&f, 1, 0), FLOW_FINE);
	assert_int_equal(wait_ms(&f, 1, 0), 334);
	assert_int_equal(wait_ms(&f, 1, 333), 1);
	assert_int_equal(take(&f, 1, 334), FLOW_FINE);
}

static void bytes_count_as_well(void **state)
{
	struct flow f = begin(0, 1000);

	(void)state;
	assert_int_equal(take(&f, 1500, 0), FLOW_FINE);
	assert_int_equal(wait_ms(&f, 1000, 0), 500);
	/* What is small still fits. */
	assert_int_equal(take(&f, 500, 0), FLOW_FINE);
	assert_int_equal(wait_ms(&f, 1, 0), 1);
	assert_int_equal(take(&f, 1000, 1000), FLOW_FINE);
}

/* Or a client could never say it. */
static void what_is_larger_than_the_bucket_takes_all_of_it(void **state)
{
	struct flow f = begin(0, 1000);

	(void)state;
	assert_int_equal(take(&f, 3000, 0), FLOW_FINE);
	assert_int_equal(wait_ms(&f, 1000, 0), 1000);
}

/* What is refused does not count as sent, but twice the rate is not borne for long. */
static void a_flood_is_told_from_haste(void **state)
{
	struct flow f = begin(10, 0);
	int fast = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(take(&f, 1, 0), FLOW_FINE);
	while (take(&f, 1, 0) == FLOW_FAST)
		fast++;
	assert_int_equal(fast, 20);

	/* One and a half times as much: half of it is refused, for ever. */
	struct flow g = begin(10, 0);
	int floods = 0, fine = 0;

	for (uint64_t ms = 0; ms < 60000; ms += 66) {
		enum flow_verdict v = take(&g, 1, ms);

		floods += v == FLOW_FLOOD;
		fine += v == FLOW_FINE;
	}
	assert_int_equal(floods, 0);
	assert_in_range(fine, 600, 620);
}

static void a_flood_of_bytes(void **state)
{
	struct flow f = begin(0, 1000);

	(void)state;
	assert_int_equal(take(&f, 2000, 0), FLOW_FINE);
	assert_int_equal(take(&f, 2000, 0), FLOW_FAST);
	assert_int_equal(take(&f, 1, 0), FLOW_FLOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_rules_all_is_fine),
	    cmocka_unit_test(two_seconds_worth_at_once_and_then_the_rate),
	    cmocka_unit_test(the_time_to_wait_is_exact),
	    cmocka_unit_test(bytes_count_as_well),
	    cmocka_unit_test(what_is_larger_than_the_bucket_takes_all_of_it),
	    cmocka_unit_test(a_flood_is_told_from_haste),
	    cmocka_unit_test(a_flood_of_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
