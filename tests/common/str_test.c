#include "common/str.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void views_know_their_length(void **state)
{
	(void)state;
	assert_int_equal(str_of("abc").len, 3);
	assert_int_equal(str_of("").len, 0);
	assert_int_equal(str_of(NULL).len, 0);
	assert_int_equal(STR("a\0b").len, 3);
	assert_int_equal(bytes_of("abc", 2).len, 2);
	assert_true(str_eqz(bytes_str(str_bytes(STR("abc"))), "abc"));
}

static void printf_takes_a_view(void **state)
{
	char out[16];

	(void)state;
	snprintf(out, sizeof(out), "<%.*s>", STR_ARG(((struct str){"abcdef", 3})));
	assert_string_equal(out, "<abc>");
}

static void equality_is_of_all_bytes(void **state)
{
	(void)state;
	assert_true(str_eq(STR("a\0b"), STR("a\0b")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_true(str_eq(str_of(NULL), STR("")));
	assert_true(str_eqz(STR("abc"), "abc"));
	assert_false(str_eqz(STR("a\0"), "a"));
}

static void prefixes(void **state)
{
	(void)state;
	assert_true(str_has_prefix(STR("/chat"), STR("/")));
	assert_true(str_has_prefix(STR("/chat"), STR("/chat")));
	assert_true(str_has_prefix(STR("/chat"), str_of(NULL)));
	assert_false(str_has_prefix(STR("/cha"), STR("/chat")));
	assert_false(str_has_prefix(str_of(NULL), STR("/")));
}

static void order_is_by_bytes_then_length(void **state)
{
	(void)state;
	assert_int_equal(str_cmp(STR("a"), STR("a")), 0);
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("b"), STR("a")) > 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("ab"), STR("a")) > 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_cmp(str_of(NULL), STR("")), 0);
}

static void words_are_taken_one_by_one(void **state)
{
	struct str rest = STR(" ,a, bc\td ,");

	(void)state;
	assert_true(str_eqz(str_next_word(&rest, " ,"), "a"));
	assert_true(str_eqz(str_next_word(&rest, " ,"), "bc\td"));
	assert_int_equal(str_next_word(&rest, " ,").len, 0);
	assert_int_equal(str_next_word(&rest, " ,").len, 0);
	rest = STR("\0 a");
	assert_int_equal(str_next_word(&rest, " ").len, 1);
	assert_true(str_eqz(str_next_word(&rest, " "), "a"));
}

static void a_copy_ends_with_nul(void **state)
{
	char *copy = str_dup((struct str){"abcdef", 3}), *empty = str_dup(str_of(NULL));

	(void)state;
	assert_string_equal(copy, "abc");
	assert_string_equal(empty, "");
	free(copy);
	free(empty);
}

static void numbers_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, value;
	} rows[] = {
	    {"0", 0, 0},
	    {"7", 7, 7},
	    {"007", 10, 7},
	    {"18446744073709551615", UINT64_MAX, UINT64_MAX},
	    {"00000000000000000000000000000000000001", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t value = 99;

		assert_int_equal(str_to_u64(str_of(rows[i].text), rows[i].max, &value), ERR_OK);
		assert_int_equal(value, rows[i].value);
	}
}

static void what_is_no_number_is_refused(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		enum err e;
	} rows[] = {
	    {"", 10, ERR_INVALID},
	    {" 1", 10, ERR_INVALID},
	    {"1 ", 10, ERR_INVALID},
	    {"+1", 10, ERR_INVALID},
	    {"-1", 10, ERR_INVALID},
	    {"0x1", 10, ERR_INVALID},
	    {"1.0", 10, ERR_INVALID},
	    {"1\xc2\xb2", 100, ERR_INVALID},
	    {"/", 10, ERR_INVALID},
	    {":", 10, ERR_INVALID},
	    {"11", 10, ERR_TOO_BIG},
	    {"18446744073709551616", UINT64_MAX, ERR_TOO_BIG},
	    {"18446744073709551625", UINT64_MAX, ERR_TOO_BIG},
	    {"99999999999999999999", UINT64_MAX, ERR_TOO_BIG},
	    /* 2^64 + 5: must not come out as 5 */
	    {"18446744073709551621", UINT64_MAX, ERR_TOO_BIG},
	    /* 10 * 2^64: must not come out as 0 */
	    {"184467440737095516160", UINT64_MAX, ERR_TOO_BIG},
	    {"184467440737095516150000000000000000000000", 10, ERR_TOO_BIG},
	    {"99999999999999999999x", UINT64_MAX, ERR_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t value = 99;

		assert_int_equal(str_to_u64(str_of(rows[i].text), rows[i].max, &value), rows[i].e);
		assert_int_equal(value, 99);
	}
	uint64_t value;

	assert_int_equal(str_to_u64(STR("1\0"), 10, &value), ERR_INVALID);
}

/* Each is one code point, at the edges of what RFC 3629 allows. */
static void valid_utf8(void **state)
{
	static const char *const texts[] = {"a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
	    "\xec\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
	    "\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x8f\xbf\xbf"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct str s = str_of(texts[i]);

		assert_true(str_is_utf8(s));
		assert_int_equal(str_utf8_first(s), s.len);
		assert_int_equal(str_code_points(s), 1);
	}
	assert_true(str_is_utf8(STR("\0")));
	assert_true(str_is_utf8(str_of(NULL)));
	assert_true(str_is_utf8(STR("Zażółć \xf0\x9f\x98\x80 \0 gęślą")));
}

static void invalid_utf8(void **state)
{
	static const char *const texts[] = {
	    "\x80", "\xbf",                               /* continuation alone */
	    "\xc0\x80", "\xc1\xbf",                       /* overlong, two bytes */
	    "\xe0\x80\x80", "\xe0\x9f\xbf",               /* overlong, three */
	    "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",       /* overlong, four */
	    "\xed\xa0\x80", "\xed\xbf\xbf",               /* surrogates */
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",       /* over U+10FFFF */
	    "\xf8\x88\x80\x80\x80", "\xfe", "\xff",       /* never a lead */
	    "\xc2", "\xe1\x80", "\xf1\x80\x80",           /* cut off */
	    "\xc2g", "\xe1\x80g", "\xf1\x80\x80g",        /* interrupted */
	    "\xe1g\x80", "\xf1g\x80\x80", "\xc2\xc2\x80", /* second byte is none */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_false(str_is_utf8(str_of(texts[i])));
		assert_int_equal(str_utf8_first(str_of(texts[i])), 0);
	}
	assert_false(str_is_utf8(STR("abc\xff")));
	assert_int_equal(str_utf8_first(STR("a\xff")), 1);
	assert_int_equal(str_utf8_first(str_of(NULL)), 0);
}

/* Wherever they stand: texts are checked eight bytes at a time. */
static void one_bad_byte_anywhere_is_found(void **state)
{
	char text[40];

	(void)state;
	for (size_t len = 1; len <= sizeof(text); len++) {
		for (size_t bad = 0; bad < len; bad++) {
			memset(text, 'a', sizeof(text));
			text[bad] = '\x80';
			assert_false(str_is_utf8((struct str){text, len}));
			assert_true(str_is_utf8((struct str){text, bad}));
		}
	}
}

/* Of all three bytes as many are one code point as there are such code points. */
static void utf8_is_counted_right(void **state)
{
	size_t valid = 0;

	(void)state;
	for (unsigned n = 0; n < 1u << 24; n++) {
		char text[3] = {(char)(n >> 16), (char)(n >> 8), (char)n};

		valid += str_utf8_first((struct str){text, 3}) == 3;
	}
	/* U+0800 to U+FFFF without the surrogates */
	assert_int_equal(valid, 0x10000 - 0x800 - 0x800);
}

static void a_view_is_cut_between_characters(void **state)
{
	(void)state;
	assert_true(str_eqz(str_cut(STR("abc"), 3), "abc"));
	assert_true(str_eqz(str_cut(STR("abc"), 2), "ab"));
	assert_true(str_eqz(str_cut(STR("abc"), 0), ""));
	assert_true(str_eqz(str_cut(STR("ż€"), 5), "ż€"));
	assert_true(str_eqz(str_cut(STR("ż€"), 4), "ż"));
	assert_true(str_eqz(str_cut(STR("ż€"), 2), "ż"));
	assert_true(str_eqz(str_cut(STR("ż€"), 1), ""));
}

static void code_points_are_counted(void **state)
{
	(void)state;
	assert_int_equal(str_code_points(STR("")), 0);
	assert_int_equal(str_code_points(STR("abc")), 3);
	assert_int_equal(str_code_points(STR("zażółć")), 6);
	assert_int_equal(str_code_points(STR("\xf0\x9f\x98\x80\xf0\x9f\x98\x80")), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(views_know_their_length),
	    cmocka_unit_test(printf_takes_a_view),
	    cmocka_unit_test(equality_is_of_all_bytes),
	    cmocka_unit_test(prefixes),
	    cmocka_unit_test(order_is_by_bytes_then_length),
	    cmocka_unit_test(words_are_taken_one_by_one),
	    cmocka_unit_test(a_copy_ends_with_nul),
	    cmocka_unit_test(numbers_are_read),
	    cmocka_unit_test(what_is_no_number_is_refused),
	    cmocka_unit_test(valid_utf8),
	    cmocka_unit_test(invalid_utf8),
	    cmocka_unit_test(one_bad_byte_anywhere_is_found),
	    cmocka_unit_test(utf8_is_counted_right),
	    cmocka_unit_test(a_view_is_cut_between_characters),
	    cmocka_unit_test(code_points_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
