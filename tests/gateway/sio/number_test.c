#include "gateway/sio/number.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/value.h"

#include <float.h>
#include <math.h>
#include <string.h>

static struct value read_whole(const char *text, struct buf *b)
{
	struct value v = {0};
	size_t len = 0;

	buf_reset(b);
	assert_int_equal(number_read(str_of(text), b, &len), ERR_OK);
	assert_int_equal(len, strlen(text));
	struct value_reader r = value_reader(buf_bytes(b));

	assert_int_equal(value_next(&r, &v), ERR_OK);
	assert_true(value_at_end(&r));
	return v;
}

static void integers_stay_integers(void **state)
{
	static const struct {
		const char *text;
		enum value_type type;
		uint64_t bits;
	} rows[] = {
	    {"0", VALUE_UINT, 0},
	    {"7", VALUE_UINT, 7},
	    {"-1", VALUE_INT, (uint64_t)-1},
	    {"9007199254740993", VALUE_UINT, UINT64_C(9007199254740993)},
	    {"9223372036854775807", VALUE_UINT, INT64_MAX},
	    {"9223372036854775808", VALUE_UINT, (uint64_t)INT64_MAX + 1},
	    {"18446744073709551615", VALUE_UINT, UINT64_MAX},
	    {"-9223372036854775808", VALUE_INT, (uint64_t)INT64_MIN},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct value v = read_whole(rows[i].text, &b);

		assert_int_equal(v.type, rows[i].type);
		assert_true(v.as.u == rows[i].bits);
	}
	buf_free(&b);
}

static void all_others_are_doubles(void **state)
{
	static const struct {
		const char *text;
		double d;
	} rows[] = {
	    {"-0", -0.0},
	    {"-0.0", -0.0},
	    {"0.0", 0.0},
	    {"1.0", 1.0},
	    {"1e2", 100.0},
	    {"1E+2", 100.0},
	    {"25e-1", 2.5},
	    {"0.1", 0.1},
	    {"18446744073709551616", 18446744073709551616.0},
	    {"-9223372036854775809", -9223372036854775808.0},
	    {"100000000000000000000000000000", 1e29},
	    {"1.7976931348623157e308", DBL_MAX},
	    {"5e-324", 5e-324},
	    {"1e-400", 0.0},
	    {"0e999999999999999999999", 0.0},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct value v = read_whole(rows[i].text, &b);

		assert_int_equal(v.type, VALUE_DOUBLE);
		assert_memory_equal(&v.as.d, &rows[i].d, sizeof(double)); /* the sign of 0, too */
	}
	buf_free(&b);
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = {"", "-", "+1", ".5", "-.5", "1.", "1.e5", "1e", "1e+",
	    "1e-", "01", "-01", "00", "a", "-a", "Infinity", "NaN", "1e400", "-1e400",
	    "1e999999999999"};
	struct buf b = {0};
	size_t len = 7;

	(void)state;
	buf_putc(&b, 'x');
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(number_read(str_of(texts[i]), &b, &len), ERR_MALFORMED);
		assert_int_equal(buf_bytes(&b).len, 1);
		assert_int_equal(len, 7);
	}
	buf_free(&b);
}

static void reading_stops_behind_the_number(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
	    {"1,2", 1}, {"12]", 2}, {"0x10", 1}, {"1.5.5", 3}, {"1e5e", 3}, {"1-2", 1}, {"2 ", 1}};
	struct buf b = {0};
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(number_read(str_of(rows[i].text), &b, &len), ERR_OK);
		assert_int_equal(len, rows[i].len);
	}
	/* The view ends in the middle of more digits. */
	assert_int_equal(number_read((struct str){"12.345", 4}, &b, &len), ERR_OK);
	assert_int_equal(len, 4);
	assert_int_equal(number_read((struct str){"1e55", 2}, &b, &len), ERR_MALFORMED);
	buf_free(&b);
}

static void long_numbers_are_read(void **state)
{
	static char digits[200001];
	struct buf b = {0};

	(void)state;
	memset(digits, '3', sizeof(digits) - 1);
	memcpy(digits, "0.", 2);
	assert_true(read_whole(digits, &b).as.d == 1.0 / 3.0);
	size_t len;

	/* As an integer it is beyond double. */
	assert_int_equal(number_read(str_of(digits + 2), &b, &len), ERR_MALFORMED);
	buf_free(&b);
}

static void doubles_are_written_like_javascript_does(void **state)
{
	static const struct {
		double d;
		const char *text;
	} rows[] = {
	    {0.0, "0"},
	    {-0.0, "-0"},
	    {1.0, "1"},
	    {-1.5, "-1.5"},
	    {0.1, "0.1"},
	    {0.1 + 0.2, "0.30000000000000004"},
	    {1.0 / 3.0, "0.3333333333333333"},
	    {100.0, "100"},
	    {123456.789, "123456.789"},
	    {9007199254740991.0, "9007199254740991"},
	    {9007199254740992.0, "9007199254740992"},
	    {9007199254740994.0, "9007199254740994"},
	    {18446744073709551616.0, "18446744073709552000"},
	    {1e20, "100000000000000000000"},
	    {123456789012345680000.0, "123456789012345680000"},
	    {1e21, "1e+21"},
	    {-1.5e21, "-1.5e+21"},
	    {1e22, "1e+22"},
	    {0.001, "0.001"},
	    {0.000001, "0.000001"},
	    {0.00000123, "0.00000123"},
	    {0.0000001, "1e-7"},
	    {1.5e-10, "1.5e-10"},
	    {5e-324, "5e-324"},
	    {2.2250738585072014e-308, "2.2250738585072014e-308"},
	    {DBL_MAX, "1.7976931348623157e+308"},
	    {(double)0.1f, "0.10000000149011612"},
	    {(double)NAN, "null"},
	    {(double)INFINITY, "null"},
	    {-(double)INFINITY, "null"},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&b);
		number_write(&b, rows[i].d);
		assert_true(str_eqz(buf_str(&b), rows[i].text));
	}
	buf_free(&b);
}

/* Powers of two have the most lopsided neighbours; a linear generator gives the rest. */
static void written_doubles_read_back(void **state)
{
	struct buf text = {0}, value = {0};
	uint64_t bits = 1;
	size_t len;

	(void)state;
	for (int i = -1074; i < 20000; i++) {
		double d = ldexp(1.0, i), back;

		bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		if (i >= 1024)
			memcpy(&d, &bits, sizeof(d));
		if (!isfinite(d))
			continue;
		buf_reset(&text);
		buf_reset(&value);
		number_write(&text, d);
		assert_int_equal(number_read(buf_str(&text), &value, &len), ERR_OK);
		assert_int_equal(len, buf_str(&text).len);
		struct value_reader r = value_reader(buf_bytes(&value));
		struct value v;

		assert_int_equal(value_next(&r, &v), ERR_OK);
		back = v.type == VALUE_DOUBLE ? v.as.d
		       : v.type == VALUE_INT  ? (double)v.as.i
					      : (double)v.as.u;
		assert_true(back == d);
	}
	buf_free(&text);
	buf_free(&value);
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(integers_stay_integers),
	    cmocka_unit_test(all_others_are_doubles),
	    cmocka_unit_test(what_is_no_number_is_refused),
	    cmocka_unit_test(reading_stops_behind_the_number),
	    cmocka_unit_test(long_numbers_are_read),
	    cmocka_unit_test(doubles_are_written_like_javascript_does),
	    cmocka_unit_test(written_doubles_read_back),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
