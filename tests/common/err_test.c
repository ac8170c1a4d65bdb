#include "common/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void no_error_is_zero(void **state)
{
	(void)state;
	assert_int_equal(ERR_OK, 0);
	assert_string_equal(err_name(ERR_OK), "OK");
}

static void every_error_has_its_own_name_and_text(void **state)
{
	(void)state;
	for (int a = 0; a < ERR_COUNT; a++) {
		assert_true(strlen(err_name((enum err)a)) > 0);
		assert_true(strlen(err_text((enum err)a)) > 0);
		for (int b = 0; b < a; b++) {
			assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
			assert_string_not_equal(err_text((enum err)a), err_text((enum err)b));
		}
	}
}

static void names_match_the_enum(void **state)
{
	(void)state;
	assert_string_equal(err_name(ERR_MALFORMED), "MALFORMED");
	assert_string_equal(err_text(ERR_MALFORMED), "malformed data");
	assert_string_equal(err_name(ERR_SYSTEM), "SYSTEM");
}

static void an_error_out_of_range_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(err_name(ERR_COUNT), "UNKNOWN");
	assert_string_equal(err_text((enum err)1000), "unknown error");
	assert_string_equal(err_name((enum err) - 1), "UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_error_is_zero),
	    cmocka_unit_test(every_error_has_its_own_name_and_text),
	    cmocka_unit_test(names_match_the_enum),
	    cmocka_unit_test(an_error_out_of_range_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
