#include "gateway/room/vigil.h"

#include "tests/check.h"

#include <stdlib.h>

static struct vigil_now now;

static struct vigil begin(void)
{
	struct vigil v;

	vigil_init(&v);
	now = (struct vigil_now){{1000000}, {1700000000000}};
	return v;
}

static void pass(int64_t ms)
{
	now.mono = mono_add_ms(now.mono, (uint64_t)ms);
	now.wall.ms += ms;
}

static struct wall in(int64_t ms)
{
	return (struct wall){now.wall.ms + ms};
}

/* Looked at every 50 ms each is found in time, and not before. */
static void test_every_length(void **state)
{
	static const int64_t lengths[] = {
	    0, 1, 49, 50, 51, 999, 1000, 1049, 9999, 10001, 59999, 60000, 61234, 200001};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct vigil v = begin();
		struct watch w = {0}, *found = NULL;
		int64_t passed = 0;

		vigil_start(&v, &w, in(lengths[i]), now);
		for (; !(found = vigil_next(&v, now)); passed += 50) {
			assert_true(passed <= lengths[i] + 50);
			pass(50);
		}
		assert_ptr_equal(found, &w);
		assert_in_range(passed, lengths[i], lengths[i] + 100);
		assert_false(timer_is_running(&w.timer));
		assert_null(vigil_next(&v, now));
	}
}

static void test_stopped(void **state)
{
	struct vigil v = begin();
	struct watch w = {0};

	(void)state;
	vigil_stop(&w);
	vigil_start(&v, &w, in(5000), now);
	vigil_stop(&w);
	pass(100000);
	assert_null(vigil_next(&v, now));
}

static void test_begun_again(void **state)
{
	struct vigil v = begin();
	struct watch w = {0};

	(void)state;
	vigil_start(&v, &w, in(1000), now);
	vigil_start(&v, &w, in(100000), now);
	pass(99000);
	assert_null(vigil_next(&v, now));
	pass(2000);
	assert_ptr_equal(vigil_next(&v, now), &w);
}

/* Somebody sets the clock: what is over then is seen within a minute, and what is not over yet is
 * waited for. */
static void test_a_clock_that_jumps(void **state)
{
	struct vigil v = begin();
	struct watch soon = {0}, late = {0};

	(void)state;
	vigil_start(&v, &soon, in(3600000), now);
	now.wall.ms += 7200000;
	pass(60000);
	assert_ptr_equal(vigil_next(&v, now), &soon);
	vigil_start(&v, &late, in(2000), now);
	now.wall.ms -= 3600000;
	for (int i = 0; i < 60; i++) {
		pass(50);
		assert_null(vigil_next(&v, now));
	}
	pass(3600000);
	assert_ptr_equal(vigil_next(&v, now), &late);
}

/* As many as a gateway has, all of another time. */
static void test_very_many(void **state)
{
	enum { COUNT = 20000 };
	struct vigil v = begin();
	struct watch *watches = xcalloc(COUNT, sizeof(*watches)), *w;
	size_t found = 0;

	(void)state;
	for (int i = 0; i < COUNT; i++)
		vigil_start(&v, &watches[i], in(1 + (int64_t)i * 7919 % 300000), now);
	for (int i = 0; i < 6010; i++) {
		pass(50);
		while ((w = vigil_next(&v, now))) {
			assert_in_range(now.wall.ms - w->due.ms, 0, 100);
			found++;
		}
	}
	assert_int_equal(found, COUNT);
	free(watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_length),
	    cmocka_unit_test(test_stopped),
	    cmocka_unit_test(test_begun_again),
	    cmocka_unit_test(test_a_clock_that_jumps),
	    cmocka_unit_test(test_very_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
