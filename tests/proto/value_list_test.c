#include "tests/check.h"

#include "proto/value_list.h"

#define BYTES(literal) bytes_of(literal, sizeof(literal) - 1)

static void test_finds_names(void **state)
{
	struct bytes list = BYTES("\x94\xa2hi\x07\x92\xa2in\x01\xa2ho");

	(void)state;
	assert_true(value_list_has(list, STR("hi")));
	assert_true(value_list_has(list, STR("ho")));
	assert_false(value_list_has(list, STR("h")));
	assert_false(value_list_has(list, STR("")));
	/* Of a list in the list. */
	assert_false(value_list_has(list, STR("in")));
}

static void test_finds_nothing_in_what_is_no_list(void **state)
{
	(void)state;
	assert_false(value_list_has((struct bytes){0}, STR("hi")));
	assert_false(value_list_has(BYTES("\xa2hi"), STR("hi")));
	assert_false(value_list_has(BYTES("\x90\xa2hi"), STR("hi")));
	/* Cut off. */
	assert_false(value_list_has(BYTES("\x92\x01\xa2h"), STR("h")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finds_names),
	    cmocka_unit_test(test_finds_nothing_in_what_is_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
