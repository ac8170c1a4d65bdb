#include "tests/check.h"

#include "gateway/link/pulse.h"

enum { EVERY_MS = 500 };

static const struct mono start = {7000000};

static struct mono after(uint64_t ms)
{
	return mono_add_ms(start, ms);
}

static struct pulse begun(void)
{
	struct pulse p = {0};

	pulse_tick(&p, start);
	pulse_hear(&p, start);
	pulse_begin(&p, EVERY_MS);
	return p;
}

static void test_ours_is_due_at_once_and_then_every_so_often(void **state)
{
	struct pulse p = begun();

	(void)state;
	assert_true(pulse_beat(&p, start));
	assert_false(pulse_beat(&p, start));
	assert_false(pulse_beat(&p, after(EVERY_MS - 1)));
	assert_true(pulse_beat(&p, after(EVERY_MS)));
	assert_false(pulse_beat(&p, after(EVERY_MS)));
}

static void test_the_broker_is_silent_after_three_that_are_missing(void **state)
{
	struct pulse p = begun();

	(void)state;
	assert_false(pulse_is_silent(&p, after(3 * EVERY_MS)));
	assert_true(pulse_is_silent(&p, after(3 * EVERY_MS + 1)));
	pulse_hear(&p, after(EVERY_MS));
	assert_false(pulse_is_silent(&p, after(4 * EVERY_MS)));
	assert_true(pulse_is_silent(&p, after(4 * EVERY_MS + 1)));
}

static void test_who_did_not_listen_gives_time_once_more(void **state)
{
	struct pulse p = begun();

	(void)state;
	pulse_tick(&p, after(1000)); /* in time still */
	assert_true(pulse_is_silent(&p, after(3 * EVERY_MS + 1)));
	pulse_tick(&p, after(2001));
	assert_false(pulse_is_silent(&p, after(2001 + 3 * EVERY_MS)));
	assert_true(pulse_is_silent(&p, after(2001 + 3 * EVERY_MS + 1)));
}

static void test_the_first_tick_is_not_late(void **state)
{
	struct pulse p = {0};

	(void)state;
	pulse_begin(&p, EVERY_MS);
	pulse_tick(&p, start);
	assert_true(pulse_is_silent(&p, start));
}

static void test_a_broker_that_says_never_has_a_pulse_all_the_same(void **state)
{
	struct pulse p = begun();

	(void)state;
	pulse_begin(&p, 0);
	assert_true(pulse_beat(&p, start));
	assert_false(pulse_beat(&p, start));
	assert_true(pulse_beat(&p, after(1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ours_is_due_at_once_and_then_every_so_often),
	    cmocka_unit_test(test_the_broker_is_silent_after_three_that_are_missing),
	    cmocka_unit_test(test_who_did_not_listen_gives_time_once_more),
	    cmocka_unit_test(test_the_first_tick_is_not_late),
	    cmocka_unit_test(test_a_broker_that_says_never_has_a_pulse_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
