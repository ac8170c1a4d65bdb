#include "broker/cli/json_value.h"

#include "tests/check.h"

#include <string.h>

#include "broker/cli/json_text.h"

/* There and back. */
static void assert_becomes(const char *text, const char *expected)
{
	char fault[JSON_VALUE_FAULT_SIZE];
	struct buf value = {0}, back = {0};

	if (json_value_put(&value, str_of(text), fault))
		fail_msg("%s: %s", text, fault);
	assert_int_equal(json_text_put(&back, buf_bytes(&value), JSON_TEXT_ONE_LINE), ERR_OK);
	buf_putc(&back, '\0');
	assert_string_equal(buf_str(&back).p, expected);
	buf_free(&value);
	buf_free(&back);
}

static void every_kind_of_value(void **state)
{
	static const char *const texts[] = {"null", "true", "false", "0", "-1",
	    "9223372036854775807", "-9223372036854775808", "1.5", "\"\"", "\"\xc3\xa9\"", "[]",
	    "{}", "{\"a\":[1,{\"b\":null}],\"c\":\"d\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_becomes(texts[i], texts[i]);
	assert_becomes(" [ 1 , 2 ] \n", "[1,2]");
	assert_becomes("1.0", "1.0");
	assert_becomes("\"a\\u0000b\"", "\"a\\u0000b\"");
	assert_becomes("{\"a\":1,\"a\":2}", "{\"a\":2}");
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *fault;
	} bad[] = {
	    {"", "line 1, column 0: "},
	    {"hello", "line 1, column 5: invalid token near 'hello'"},
	    {"{\"a\":1,}", "line 1, column 8: string or '}' expected near '}'"},
	    {"[1,\n2", "line 2, column 1: ']' expected near end of file"},
	    {"1 2", "line 1, column 3: end of file expected near '2'"},
	    {"\"\xff\"", "line 1, column 1: unable to decode byte 0xff near '\"'"},
	    {"99999999999999999999", "line 1, column 20: too big integer"},
	};
	char fault[JSON_VALUE_FAULT_SIZE];
	struct buf value = {0};

	(void)state;
	buf_putc(&value, 'x');
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(json_value_put(&value, str_of(bad[i].text), fault), ERR_INVALID);
		if (strncmp(fault, bad[i].fault, strlen(bad[i].fault)) != 0)
			fail_msg("\"%s\": %s", bad[i].text, fault);
	}
	assert_int_equal(value.len, 1);
	buf_free(&value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_value),
	    cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
