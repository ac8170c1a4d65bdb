#include "gateway/sio/json.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_LIMIT ((size_t)LIMIT_ARGS)
#define TEXT(literal) ((struct str){(literal), sizeof(literal) - 1})

static struct buf value, text;

static int clean(void **state)
{
	(void)state;
	buf_free(&value);
	buf_free(&text);
	return 0;
}

/* What is written again after reading `from`; an exact copy, so that no overrun goes unseen. */
static struct str again(struct str from)
{
	char *copy = xcalloc(from.len, 1);

	if (from.len)
		memcpy(copy, from.p, from.len);
	buf_reset(&value);
	buf_reset(&text);
	enum err e = json_read((struct str){copy, from.len}, NO_LIMIT, &value);

	free(copy);
	if (e)
		return STR("<error>");
	assert_int_equal(value_check(buf_bytes(&value), LIMIT_VALUE_DEPTH), ERR_OK);
	json_write(&text, buf_bytes(&value));
	assert_true(str_is_utf8(buf_str(&text)));
	return buf_str(&text);
}

static void assert_again(struct str from, struct str expected)
{
	struct str got = again(from);

	if (!str_eq(got, expected))
		fail_msg("%.*s: %.*s", STR_ARG(from), STR_ARG(got));
}

static void valid_texts_come_back(void **state)
{
	static const struct {
		const char *from, *to; /* to NULL: the same */
	} rows[] = {
	    {"null", NULL},
	    {"true", NULL},
	    {"false", NULL},
	    {"0", NULL},
	    {"-17", NULL},
	    {"18446744073709551615", NULL},
	    {"-9223372036854775808", NULL},
	    {"18446744073709551616", "18446744073709552000"},
	    {"-0", NULL},
	    {"1.50", "1.5"},
	    {"1e2", "100"},
	    {"\"\"", NULL},
	    {"\"abc\"", NULL},
	    {"[]", NULL},
	    {"{}", NULL},
	    {"[[],{}]", NULL},
	    {"[1,\"a\",null,true,{\"b\":[{}]}]", NULL},
	    {"{\"a\":1,\"b\":{\"c\":[1,2,3]},\"d\":\"e\"}", NULL},
	    {" \t\r\n[ 1 , { \"a\" : 2 } ] \n", "[1,{\"a\":2}]"},
	    {"{\"a\":1,\"a\":2}", NULL},
	    {"{\"\":0}", NULL},
	    {"{\"__proto__\":1}", NULL},
	    {"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", NULL},
	    {"[{\"a\":[]},[{\"b\":[1]}],[[[]]]]", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_again(str_of(rows[i].from), str_of(rows[i].to ? rows[i].to : rows[i].from));
}

static void strings_are_unescaped_and_escaped(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
	    {"\"\\\"\\\\\\b\\f\\n\\r\\t\"", NULL},
	    {"\"\\/\"", "\"/\""},
	    {"\"\\u0041\\u00e9\\u20ac\"", "\"A\xc3\xa9\xe2\x82\xac\""},
	    {"\"\\u000a\\u001F\\u0000\\u007f\"", "\"\\n\\u001f\\u0000\x7f\""},
	    {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
	    {"\"\\uD83D\\uDE00\"", "\"\xf0\x9f\x98\x80\""},
	    {"\"\\udbff\\udfff\"", "\"\xf4\x8f\xbf\xbf\""},
	    {"\"\\ud83d\"", "\"\xef\xbf\xbd\""},
	    {"\"\\ude00\"", "\"\xef\xbf\xbd\""},
	    {"\"\\ud83dx\"", "\"\xef\xbf\xbdx\""},
	    {"\"\\ud83d\\n\"", "\"\xef\xbf\xbd\\n\""},
	    {"\"\\ud83d\\u0041\"", "\"\xef\xbf\xbd"
				   "A\""},
	    {"\"\\ud83d\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
	    {"\"\\ude00\\ud83d\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	    {"\"\\ude00\\ude00\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	    {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x80\xa8\"", NULL},
	    {"\"a\\nb\xc3\xa9\\tc\"", NULL},
	    {"{\"\\u0061\\\"\":1}", "{\"a\\\"\":1}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_again(str_of(rows[i].from), str_of(rows[i].to ? rows[i].to : rows[i].from));
}

static void invalid_texts_are_refused(void **state)
{
	static const struct str rows[] = {TEXT(""), TEXT(" "), TEXT("nul"), TEXT("nulll"),
	    TEXT("True"), TEXT("undefined"), TEXT("NaN"), TEXT("-"), TEXT("01"), TEXT("+1"),
	    TEXT("1."), TEXT(".5"), TEXT("0x10"), TEXT("1e400"), TEXT("-1e400"), TEXT("[1e400]"),
	    TEXT("["), TEXT("]"), TEXT("[1"), TEXT("[1,"), TEXT("[1,]"), TEXT("[,1]"),
	    TEXT("[1 2]"), TEXT("[1]]"), TEXT("[1}"), TEXT("[}"), TEXT("{]"), TEXT("{"), TEXT("}"),
	    TEXT("{\"a\""), TEXT("{\"a\":"), TEXT("{\"a\":1"), TEXT("{\"a\":1,"),
	    TEXT("{\"a\":1,}"), TEXT("{\"a\" 1}"), TEXT("{a:1}"), TEXT("{1:1}"), TEXT("{'a':1}"),
	    TEXT("{\"a\":}"), TEXT("{,}"), TEXT("{\"a\":1]"), TEXT("[\"a\":1]"), TEXT("{\"a\"}"),
	    TEXT("{\"a\",1}"), TEXT("1 2"), TEXT("1,2"), TEXT("[] []"), TEXT("[]x"), TEXT("\""),
	    TEXT("\"a"), TEXT("\"\\\""), TEXT("\"\\"), TEXT("\"\\x\""), TEXT("\"\\u\""),
	    TEXT("\"\\u12\""), TEXT("\"\\u12g4\""), TEXT("\"\\u123"), TEXT("\"\\U0041\""),
	    TEXT("\"\\ud83d\\u12\""), TEXT("\"\n\""), TEXT("\"\t\""), TEXT("\"\x1f\""),
	    TEXT("\"\0\""), TEXT("\"\\\0\""), TEXT("1\0"), TEXT("\0"), TEXT("[1,\0]"),
	    TEXT("\xef\xbb\xbf[]"), TEXT("[]\xc2\xa0"), TEXT("[]\v"), TEXT("// c\n1"),
	    TEXT("/**/1"), TEXT("'a'"), TEXT("\"\xff\""), TEXT("\"\xc3\""), TEXT("\"\xc0\x80\""),
	    TEXT("\"\xed\xa0\x80\""), TEXT("\"\xf4\x90\x80\x80\""), TEXT("\"\xe2\x82\""),
	    TEXT("\"\\\xc3\xa9\""), TEXT("\"\\n\xff\""), TEXT("{\"\xff\":1}")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_again(rows[i], STR("<error>"));
}

static void assert_value(const char *from, struct bytes expected)
{
	buf_reset(&value);
	assert_int_equal(json_read(str_of(from), NO_LIMIT, &value), ERR_OK);
	assert_int_equal(value.len, expected.len);
	assert_memory_equal(buf_bytes(&value).p, expected.p, expected.len);
}

static void values_are_in_their_shortest_form(void **state)
{
	(void)state;
	assert_value(
	    "[1,-1,\"a\",{\"b\":null}]", bytes_of("\x94\x01\xff\xa1\x61\x81\xa1\x62\xc0", 9));
	assert_value("[-0]", bytes_of("\x91\xcb\x80\x00\x00\x00\x00\x00\x00\x00", 10));
	assert_value(
	    "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", bytes_of("\x9f\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16));
	assert_value("[[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],2]",
	    bytes_of("\x92\xdc\x00\x10\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\2", 21));
	assert_value("\"\\u0000\"", bytes_of("\xa1\x00", 2));
}

static void many_members_are_counted(void **state)
{
	struct buf from = {0};

	(void)state;
	buf_putc(&from, '[');
	for (int i = 0; i < 70000; i++)
		buf_printf(&from, "%s{\"k%d\":[%d]}", i ? "," : "", i, i);
	buf_putc(&from, ']');
	assert_true(str_eq(again(buf_str(&from)), buf_str(&from)));
	buf_free(&from);
}

static enum err read_nested(size_t depth, const char *open, const char *inner, const char *close)
{
	struct buf from = {0};

	for (size_t i = 0; i < depth; i++)
		buf_puts(&from, str_of(open));
	buf_puts(&from, str_of(inner));
	for (size_t i = 0; i < depth; i++)
		buf_puts(&from, str_of(close));
	buf_reset(&value);
	enum err e = json_read(buf_str(&from), NO_LIMIT, &value);

	if (!e)
		assert_true(str_eq(again(buf_str(&from)), buf_str(&from)));
	buf_free(&from);
	return e;
}

static void the_depth_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(read_nested(LIMIT_VALUE_DEPTH, "[", "1", "]"), ERR_OK);
	assert_int_equal(read_nested(LIMIT_VALUE_DEPTH, "{\"a\":", "1", "}"), ERR_OK);
	assert_int_equal(read_nested(LIMIT_VALUE_DEPTH, "[", "", "]"), ERR_OK);
	assert_int_equal(read_nested(LIMIT_VALUE_DEPTH + 1, "[", "", "]"), ERR_TOO_BIG);
	assert_int_equal(read_nested(LIMIT_VALUE_DEPTH + 1, "{\"a\":", "1", "}"), ERR_TOO_BIG);
	assert_int_equal(read_nested(LIMIT_VALUE_DEPTH, "[", "{}", "]"), ERR_TOO_BIG);
	assert_int_equal(read_nested(400000, "[", "", ""), ERR_TOO_BIG);
	assert_int_equal(read_nested(400000, "{\"a\":", "", ""), ERR_TOO_BIG);
}

static void the_size_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(json_read(STR("\"12345678\""), 9, &value), ERR_OK);
	assert_int_equal(json_read(STR("\"12345678\""), 8, &value), ERR_TOO_BIG);
	assert_int_equal(json_read(STR("[1.5,1.5]"), 19, &value), ERR_OK);
	assert_int_equal(json_read(STR("[1.5,1.5]"), 18, &value), ERR_TOO_BIG);
	assert_int_equal(json_read(STR("{\"aaaa\":1}"), 7, &value), ERR_OK);
	assert_int_equal(json_read(STR("{\"aaaa\":1}"), 6, &value), ERR_TOO_BIG);
	/* 16 elements need a longer head, which comes last. */
	assert_int_equal(
	    json_read(STR("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), 18, &value), ERR_TOO_BIG);
	assert_int_equal(json_read(STR("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), 19, &value), ERR_OK);
}

static void a_failure_leaves_out_as_it_was(void **state)
{
	(void)state;
	value_put_str(&value, STR("before"));
	assert_int_equal(
	    json_read(STR("[1,{\"a\":[\"\\n\",tru]}]"), NO_LIMIT, &value), ERR_MALFORMED);
	assert_int_equal(value.len, 7);
	assert_int_equal(json_read(STR("[7]"), NO_LIMIT, &value), ERR_OK);
	assert_memory_equal(buf_bytes(&value).p,
	    "\xa6"
	    "before\x91\x07",
	    9);
}

static void assert_written(struct bytes from, const char *expected)
{
	buf_reset(&text);
	json_write(&text, from);
	if (!str_eqz(buf_str(&text), expected))
		fail_msg("%.*s", STR_ARG(buf_str(&text)));
}

#define WRITTEN(literal, expected) assert_written(bytes_of(literal, sizeof(literal) - 1), expected)

static void what_json_cannot_say_is_null(void **state)
{
	(void)state;
	WRITTEN("\xc4\x03xyz", "null");
	WRITTEN("\xd4\x00\x00", "null");
	WRITTEN("\x92\xc7\x02\x05xy\xc4\x00", "[null,null]");
	WRITTEN("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", "null");
	WRITTEN("\xca\x7f\xc0\x00\x00", "null");
}

static void keys_are_always_strings(void **state)
{
	(void)state;
	WRITTEN("\x81\x01\x02", "{\"1\":2}");
	WRITTEN("\x81\xff\x02", "{\"-1\":2}");
	WRITTEN("\x81\xc0\x02", "{\"null\":2}");
	WRITTEN("\x82\xc2\x02\xc3\x03", "{\"false\":2,\"true\":3}");
	WRITTEN("\x81\xca\x3f\xc0\x00\x00\x02", "{\"1.5\":2}");
	WRITTEN("\x82\xc4\x01x\x02\x92\x01\x02\x03", "{\"null\":2,\"null\":3}");
	WRITTEN("\x81\x81\x01\x02\x93\x01\x02\x03", "{\"null\":[1,2,3]}");
}

static void bytes_that_are_no_value_are_null(void **state)
{
	uint8_t nest[1000];

	(void)state;
	WRITTEN("", "null");
	WRITTEN("\xc1", "null");
	WRITTEN("\x92\x01", "null");
	WRITTEN("\x81\xa1k", "null");
	WRITTEN("\x81\xa1k\xdd\xff\xff\xff\xff", "null");
	memset(nest, 0x91, sizeof(nest));
	nest[sizeof(nest) - 1] = 0xc0;
	assert_written(bytes_of(nest, sizeof(nest)), "null");
	json_write(&text, bytes_of("\x92\x01", 2));
	assert_true(str_eqz(buf_str(&text), "nullnull")); /* appended, nothing else undone */
}

static void strings_are_written_alone(void **state)
{
	(void)state;
	json_write_str(&text, STR("a\"b"));
	json_write_str(&text, (struct str){NULL, 0});
	assert_true(str_eqz(buf_str(&text), "\"a\\\"b\"\"\""));
}

static void memory_stays_in_proportion(void **state)
{
	struct buf from = {0};

	(void)state;
	for (int i = 0; i < 30000; i++)
		buf_puts(&from, i ? STR(",-0") : STR("[-0"));
	buf_putc(&from, ']');
	assert_int_equal(json_read(buf_str(&from), NO_LIMIT, &value), ERR_OK);
	assert_true(value.len <= 3 * from.len);
	buf_reset(&from);
	value_put_map(&from, 30000);
	for (int i = 0; i < 60000; i++)
		value_put_bool(&from, false);
	json_write(&text, buf_bytes(&from));
	assert_true(text.len > 6 * from.len && text.len <= 8 * from.len);
	buf_free(&from);
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(valid_texts_come_back, clean),
	    cmocka_unit_test_teardown(strings_are_unescaped_and_escaped, clean),
	    cmocka_unit_test_teardown(invalid_texts_are_refused, clean),
	    cmocka_unit_test_teardown(values_are_in_their_shortest_form, clean),
	    cmocka_unit_test_teardown(many_members_are_counted, clean),
	    cmocka_unit_test_teardown(the_depth_is_bounded, clean),
	    cmocka_unit_test_teardown(the_size_is_bounded, clean),
	    cmocka_unit_test_teardown(a_failure_leaves_out_as_it_was, clean),
	    cmocka_unit_test_teardown(what_json_cannot_say_is_null, clean),
	    cmocka_unit_test_teardown(keys_are_always_strings, clean),
	    cmocka_unit_test_teardown(bytes_that_are_no_value_are_null, clean),
	    cmocka_unit_test_teardown(strings_are_written_alone, clean),
	    cmocka_unit_test_teardown(memory_stays_in_proportion, clean),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
