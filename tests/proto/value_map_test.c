#include "tests/check.h"

#include "proto/value_map.h"

#define BYTES(literal) bytes_of(literal, sizeof(literal) - 1)

static void test_finds_a_value(void **state)
{
	struct bytes map = BYTES("\x85\x01\xa1n\xa1"
				 "a\x01\xa1"
				 "b\x92\x02\x03\xa1"
				 "a\x04\x80\x05");
	struct bytes value = {0};
	uint64_t u;

	(void)state;
	assert_int_equal(value_map_get(map, STR("a"), &value), ERR_OK);
	assert_true(value_as_u64(value, &u) && u == 4); /* the last one wins */
	assert_int_equal(value_map_get(map, STR("b"), &value), ERR_OK);
	assert_int_equal(value.len, 3);
	assert_int_equal(value_map_get(map, STR("c"), &value), ERR_NOT_FOUND);
	assert_int_equal(value_map_get(map, STR(""), &value), ERR_NOT_FOUND);
	assert_int_equal(value_map_get(BYTES("\x90"), STR("a"), &value), ERR_NOT_FOUND);
	assert_int_equal(value_map_get(BYTES(""), STR("a"), &value), ERR_NOT_FOUND);
	assert_int_equal(value_map_get(BYTES("\x82\xa1"
					     "a\x01\xa1"),
			     STR("a"), &value),
	    ERR_NOT_FOUND);
	assert_int_equal(value.len, 3); /* untouched */
}

static void test_says_what_is_of_the_type(void **state)
{
	struct bytes map = BYTES("\x83\xa1s\xa2hi\xa1u\x07\xa1t\xc3");

	(void)state;
	assert_str_is(value_map_str(map, STR("s"), STR("no")), "hi");
	assert_int_equal(value_map_u64(map, STR("u"), 9), 7);
	assert_true(value_map_is_true(map, STR("t")));
}

static void test_says_something_else_of_all_other(void **state)
{
	struct bytes map = BYTES("\x83\xa1s\xa2hi\xa1u\x07\xa1t\xc2");

	(void)state;
	assert_str_is(value_map_str(map, STR("u"), STR("no")), "no");
	assert_str_is(value_map_str(map, STR("x"), STR("no")), "no");
	assert_str_is(value_map_str(BYTES(""), STR("s"), STR("no")), "no");
	assert_int_equal(value_map_u64(map, STR("s"), 9), 9);
	assert_int_equal(value_map_u64(map, STR("x"), 9), 9);
	assert_int_equal(value_map_u64(BYTES("\x81\xa1u\xff"), STR("u"), 9), 9);
	assert_false(value_map_is_true(map, STR("t")));
	assert_false(value_map_is_true(map, STR("u")));
	assert_false(value_map_is_true(map, STR("x")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finds_a_value),
	    cmocka_unit_test(test_says_what_is_of_the_type),
	    cmocka_unit_test(test_says_something_else_of_all_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
