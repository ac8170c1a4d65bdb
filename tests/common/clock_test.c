#include "common/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

static void mono_never_goes_back(void **state)
{
	struct mono before = clock_mono();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct mono now = clock_mono();

		assert_false(mono_before(now, before));
		before = now;
	}
}

static void wall_is_the_date(void **state)
{
	int64_t early = (int64_t)time(NULL) * 1000;
	struct wall now = clock_wall();
	int64_t late = ((int64_t)time(NULL) + 1) * 1000;

	(void)state;
	/* time() may read a coarser clock that is a tick behind. */
	assert_true(now.ms >= early - 20 && now.ms <= late + 20);
}

static void distances(void **state)
{
	struct mono a = {1000000}, b = {1002999};

	(void)state;
	assert_int_equal(mono_us_between(a, b), 2999);
	assert_int_equal(mono_ms_between(a, b), 2);
	assert_int_equal(mono_us_between(b, a), 0);
	assert_int_equal(mono_ms_between(b, a), 0);
	assert_int_equal(mono_ms_between(a, a), 0);
}

static void adding_and_comparing(void **state)
{
	struct mono a = {500};

	(void)state;
	assert_int_equal(mono_add_ms(a, 3).us, 3500);
	assert_int_equal(mono_add_ms(a, 0).us, 500);
	assert_true(mono_before(a, mono_add_ms(a, 1)));
	assert_false(mono_before(a, a));
	assert_false(mono_before(mono_add_ms(a, 1), a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mono_never_goes_back),
	    cmocka_unit_test(wall_is_the_date),
	    cmocka_unit_test(distances),
	    cmocka_unit_test(adding_and_comparing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
