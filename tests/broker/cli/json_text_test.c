#include "broker/cli/json_text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "proto/value.h"

static struct buf value, text;

static int set_up(void **state)
{
	(void)state;
	buf_reset(&value);
	buf_reset(&text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_free(&value);
	buf_free(&text);
	return frame_live() != 0;
}

static void assert_json(const char *expected)
{
	assert_int_equal(json_text_put(&text, buf_bytes(&value), JSON_TEXT_ONE_LINE), ERR_OK);
	if (!str_eqz(buf_str(&text), expected))
		fail_msg("%.*s is not %s", STR_ARG(buf_str(&text)), expected);
	set_up(NULL);
}

static void scalars_are_json_of_their_kind(void **state)
{
	(void)state;
	value_put_nil(&value);
	assert_json("null");
	value_put_bool(&value, true);
	assert_json("true");
	value_put_bool(&value, false);
	assert_json("false");
	value_put_u64(&value, 0);
	assert_json("0");
	value_put_i64(&value, INT64_MIN);
	assert_json("-9223372036854775808");
	value_put_double(&value, 0.5);
	assert_json("0.5");
	value_put_str(&value, STR("Анна \"\\\n\x01"));
	assert_json("\"Анна \\\"\\\\\\n\\u0001\"");
	value_put_str(&value, (struct str){"a\0b", 3});
	assert_json("\"a\\u0000b\"");
	value_put_str(&value, STR(""));
	assert_json("\"\"");
}

static void numbers_beyond_63_bits_lose_no_digit(void **state)
{
	(void)state;
	value_put_u64(&value, INT64_MAX);
	assert_json("9223372036854775807");
	value_put_u64(&value, (uint64_t)INT64_MAX + 1);
	assert_json("\"9223372036854775808\"");
	value_put_u64(&value, UINT64_MAX);
	assert_json("\"18446744073709551615\"");
}

static void what_is_no_number_is_null(void **state)
{
	(void)state;
	value_put_array(&value, 3);
	value_put_double(&value, NAN);
	value_put_double(&value, INFINITY);
	value_put_double(&value, -INFINITY);
	assert_json("[null,null,null]");
}

static void binary_is_base64url(void **state)
{
	(void)state;
	value_put_bin(&value, bytes_of("\xfb\xff\x00", 3));
	assert_json("{\"base64url\":\"-_8A\"}");
	value_put_bin(&value, bytes_of("", 0));
	assert_json("{\"base64url\":\"\"}");
	/* fixext 1, type 5: no type of ours, shown as the bytes it has. */
	buf_put(&value, bytes_of("\xd4\x05\xff", 3));
	assert_json("{\"base64url\":\"_w\"}");
}

static void containers_keep_their_order(void **state)
{
	(void)state;
	value_put_map(&value, 3);
	value_put_u64_pair(&value, STR("z"), 1);
	value_put_str(&value, STR("a"));
	value_put_array(&value, 2);
	value_put_map(&value, 0);
	value_put_array(&value, 0);
	value_put_bool_pair(&value, STR(""), true);
	assert_json("{\"z\":1,\"a\":[{},[]],\"\":true}");
}

static void indented_is_for_people(void **state)
{
	(void)state;
	value_put_map(&value, 1);
	value_put_u64_pair(&value, STR("a"), 1);
	assert_int_equal(json_text_put(&text, buf_bytes(&value), JSON_TEXT_INDENTED), ERR_OK);
	assert_true(str_eqz(buf_str(&text), "{\n  \"a\": 1\n}"));
}

static void a_key_that_is_no_string_is_refused(void **state)
{
	(void)state;
	buf_puts(&text, STR("kept"));
	value_put_array(&value, 2);
	value_put_u64(&value, 1);
	value_put_map(&value, 1);
	value_put_u64(&value, 2);
	value_put_u64(&value, 3);
	assert_int_equal(
	    json_text_put(&text, buf_bytes(&value), JSON_TEXT_ONE_LINE), ERR_MALFORMED);
	assert_true(str_eqz(buf_str(&text), "kept"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(scalars_are_json_of_their_kind, set_up),
	    cmocka_unit_test_setup(numbers_beyond_63_bits_lose_no_digit, set_up),
	    cmocka_unit_test_setup(what_is_no_number_is_null, set_up),
	    cmocka_unit_test_setup(binary_is_base64url, set_up),
	    cmocka_unit_test_setup(containers_keep_their_order, set_up),
	    cmocka_unit_test_setup(indented_is_for_people, set_up),
	    cmocka_unit_test_setup(a_key_that_is_no_string_is_refused, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
