#include "proto/value.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/limits.h"

#include <math.h>
#include <string.h>

#define BYTES(literal) bytes_of(literal, sizeof(literal) - 1)

static void assert_built(struct buf *b, struct bytes expected)
{
	assert_int_equal(buf_bytes(b).len, expected.len);
	assert_memory_equal(buf_bytes(b).p, expected.p, expected.len);
	buf_reset(b);
}

static void writes_integers_in_their_shortest_form(void **state)
{
	static const struct {
		uint64_t u;
		const char *bytes;
		size_t len;
	} rows[] = {
	    {0, "\x00", 1},
	    {127, "\x7f", 1},
	    {128, "\xcc\x80", 2},
	    {255, "\xcc\xff", 2},
	    {256, "\xcd\x01\x00", 3},
	    {65536, "\xce\x00\x01\x00\x00", 5},
	    {UINT32_MAX, "\xce\xff\xff\xff\xff", 5},
	    {UINT64_C(1) << 32, "\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 9},
	    {UINT64_MAX, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		value_put_u64(&b, rows[i].u);
		assert_built(&b, bytes_of(rows[i].bytes, rows[i].len));
	}
	value_put_i64(&b, -1);
	assert_built(&b, BYTES("\xff"));
	value_put_i64(&b, -32);
	assert_built(&b, BYTES("\xe0"));
	value_put_i64(&b, -33);
	assert_built(&b, BYTES("\xd0\xdf"));
	value_put_i64(&b, INT64_MIN);
	assert_built(&b, BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"));
	value_put_i64(&b, 5);
	assert_built(&b, BYTES("\x05"));
	buf_free(&b);
}

static void writes_scalars_and_heads(void **state)
{
	struct buf b = {0};

	(void)state;
	value_put_nil(&b);
	value_put_bool(&b, true);
	value_put_bool(&b, false);
	assert_built(&b, BYTES("\xc0\xc3\xc2"));
	value_put_double(&b, 1.5);
	assert_built(&b, BYTES("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"));
	value_put_str(&b, STR("abc"));
	value_put_str(&b, (struct str){NULL, 0});
	assert_built(&b, BYTES("\xa3"
			       "abc\xa0"));
	value_put_bin(&b, BYTES("\x00\x01"));
	value_put_bin(&b, (struct bytes){NULL, 0});
	assert_built(&b, BYTES("\xc4\x02\x00\x01\xc4\x00"));
	value_put_array(&b, 15);
	value_put_array(&b, 16);
	value_put_array(&b, 65536);
	assert_built(&b, BYTES("\x9f\xdc\x00\x10\xdd\x00\x01\x00\x00"));
	value_put_map(&b, 15);
	value_put_map(&b, 16);
	value_put_map(&b, 65536);
	assert_built(&b, BYTES("\x8f\xde\x00\x10\xdf\x00\x01\x00\x00"));
	buf_free(&b);
}

static void writes_pairs(void **state)
{
	struct buf b = {0};

	(void)state;
	value_put_map(&b, 4);
	value_put_str_pair(&b, STR("s"), STR("t"));
	value_put_u64_pair(&b, STR("u"), 7);
	value_put_bool_pair(&b, STR("b"), true);
	value_put_raw_pair(&b, STR("r"), BYTES("\x91\xc0"));
	assert_built(&b, BYTES("\x84\xa1s\xa1t\xa1u\x07\xa1"
			       "b\xc3\xa1r\x91\xc0"));
	buf_free(&b);
}

/* The open/close way gives the same bytes as knowing the count before. */
static void closes_containers_of_any_count(void **state)
{
	static const uint32_t counts[] = {0, 1, 15, 16, 17, 300, 65535, 65536, 70000};
	struct buf late = {0}, early = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		for (int is_map = 0; is_map < 2; is_map++) {
			uint32_t values = counts[i] * (is_map ? 2 : 1);

			value_put_str(&late, STR("before"));
			value_put_str(&early, STR("before"));
			size_t at = value_open(&late);

			(is_map ? value_put_map : value_put_array)(&early, counts[i]);
			for (uint32_t n = 0; n < values; n++) {
				value_put_u64(&late, n);
				value_put_u64(&early, n);
			}
			(is_map ? value_close_map : value_close_array)(&late, at, counts[i]);
			assert_built(&late, buf_bytes(&early));
			buf_reset(&early);
		}
	}
	buf_free(&late);
	buf_free(&early);
}

static struct value read_one(struct bytes b)
{
	struct value_reader r = value_reader(b);
	struct value v;

	assert_int_equal(value_next(&r, &v), ERR_OK);
	assert_true(value_at_end(&r));
	return v;
}

static void reads_numbers(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum value_type type;
		int64_t i;
	} rows[] = {
	    {"\x00", 1, VALUE_UINT, 0},
	    {"\x7f", 1, VALUE_UINT, 127},
	    {"\xe0", 1, VALUE_INT, -32},
	    {"\xff", 1, VALUE_INT, -1},
	    {"\xcc\xff", 2, VALUE_UINT, 255},
	    {"\xcd\xff\xfe", 3, VALUE_UINT, 65534},
	    {"\xce\xff\xff\xff\xff", 5, VALUE_UINT, UINT32_MAX},
	    {"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, VALUE_UINT, INT64_MAX},
	    {"\xd0\x80", 2, VALUE_INT, -128},
	    {"\xd0\x7f", 2, VALUE_UINT, 127}, /* a wide form of a non-negative number */
	    {"\xd1\x80\x00", 3, VALUE_INT, -32768},
	    {"\xd2\x80\x00\x00\x00", 5, VALUE_INT, INT32_MIN},
	    {"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, VALUE_INT, INT64_MIN},
	    {"\xd3\x00\x00\x00\x00\x00\x00\x00\x01", 9, VALUE_UINT, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct value v = read_one(bytes_of(rows[i].bytes, rows[i].len));

		assert_int_equal(v.type, rows[i].type);
		assert_int_equal(v.as.i, rows[i].i);
	}
	assert_true(read_one(BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")).as.u == UINT64_MAX);
	assert_true(read_one(BYTES("\xca\x3f\xc0\x00\x00")).as.d == 1.5);
	assert_true(read_one(BYTES("\xcb\xc0\x04\x00\x00\x00\x00\x00\x00")).as.d == -2.5);
	assert_true(isnan(read_one(BYTES("\xca\x7f\xc0\x00\x00")).as.d));
}

static void reads_the_other_scalars(void **state)
{
	(void)state;
	assert_int_equal(read_one(BYTES("\xc0")).type, VALUE_NIL);
	assert_int_equal(read_one(BYTES("\xc2")).type, VALUE_BOOL);
	assert_false(read_one(BYTES("\xc2")).as.b);
	assert_true(read_one(BYTES("\xc3")).as.b);
	assert_true(str_eqz(read_one(BYTES("\xa2hi")).as.s, "hi"));
	assert_true(str_eqz(read_one(BYTES("\xd9\x02hi")).as.s, "hi"));
	assert_true(str_eqz(read_one(BYTES("\xda\x00\x02hi")).as.s, "hi"));
	assert_true(str_eqz(read_one(BYTES("\xdb\x00\x00\x00\x02hi")).as.s, "hi"));
	assert_int_equal(read_one(BYTES("\xc4\x02hi")).as.bin.len, 2);
	assert_int_equal(read_one(BYTES("\xc5\x00\x02hi")).type, VALUE_BIN);
	assert_int_equal(read_one(BYTES("\xc6\x00\x00\x00\x02hi")).type, VALUE_BIN);
	struct value ext = read_one(BYTES("\xd5\xfeXY"));

	assert_int_equal(ext.type, VALUE_EXT);
	assert_int_equal(ext.ext_type, -2);
	assert_int_equal(ext.as.bin.len, 2);
	assert_int_equal(read_one(BYTES("\xd4\x00\x00")).as.bin.len, 1);
	assert_int_equal(read_one(BYTES("\xd8\x01"
					"0123456789abcdef"))
			     .as.bin.len,
	    16);
	assert_int_equal(read_one(BYTES("\xc7\x03\x05"
					"abc"))
			     .ext_type,
	    5);
	assert_int_equal(read_one(BYTES("\xc8\x00\x00\x05")).as.bin.len, 0);
	assert_int_equal(read_one(BYTES("\xc9\x00\x00\x00\x01\x05x")).as.bin.len, 1);
}

static void checks_whole_values(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum err expected;
	} rows[] = {
	    {"", 0, ERR_MALFORMED},
	    {"\xc0", 1, ERR_OK},
	    {"\xc1", 1, ERR_MALFORMED},
	    {"\xc0\xc0", 2, ERR_MALFORMED}, /* a byte too many */
	    {"\x90", 1, ERR_OK},
	    {"\x80", 1, ERR_OK},
	    {"\x92\x01\x02", 3, ERR_OK},
	    {"\x92\x01", 2, ERR_MALFORMED},
	    {"\x81\xa1k\x01", 4, ERR_OK},
	    {"\x81\xa1k", 3, ERR_MALFORMED}, /* key without value */
	    {"\x81\x90\x01", 3, ERR_OK},     /* any key is a value */
	    {"\x81\x80\x80", 3, ERR_OK},
	    {"\xdd\x0f\xff\xff\xff", 5, ERR_MALFORMED}, /* 268 million elements in no bytes */
	    {"\xdd\xff\xff\xff\xff", 5, ERR_MALFORMED},
	    {"\xdf\xff\xff\xff\xff", 5, ERR_MALFORMED},
	    {"\xdb\xff\xff\xff\xff", 5, ERR_MALFORMED},
	    {"\xc6\xff\xff\xff\xff", 5, ERR_MALFORMED},
	    {"\xc9\xff\xff\xff\xff\x00", 6, ERR_MALFORMED},
	    {"\xdd\x00\x00", 3, ERR_MALFORMED}, /* cut off in the count */
	    {"\xc7\x01", 2, ERR_MALFORMED},     /* cut off before the type */
	    {"\xd8\x00", 2, ERR_MALFORMED},
	    {"\xa2\xc3\xa9", 3, ERR_OK},
	    {"\xa1\xc3", 2, ERR_MALFORMED},         /* half a character */
	    {"\xa3\xed\xa0\x80", 4, ERR_MALFORMED}, /* a surrogate */
	    {"\x91\xa1\xff", 3, ERR_MALFORMED},
	    {"\x81\xa1\xff\x01", 4, ERR_MALFORMED}, /* keys too */
	    {"\xc4\x01\xff", 3, ERR_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes b = bytes_of(rows[i].bytes, rows[i].len);

		assert_int_equal(value_check(b, LIMIT_VALUE_DEPTH), rows[i].expected);
	}
	assert_int_equal(value_check((struct bytes){NULL, 0}, LIMIT_VALUE_DEPTH), ERR_MALFORMED);
}

static void bounds_the_depth(void **state)
{
	uint8_t nest[100000];

	(void)state;
	memset(nest, 0x91, sizeof(nest));
	nest[LIMIT_VALUE_DEPTH] = 0xc0;
	assert_int_equal(
	    value_check(bytes_of(nest, LIMIT_VALUE_DEPTH + 1), LIMIT_VALUE_DEPTH), ERR_OK);
	nest[LIMIT_VALUE_DEPTH] = 0x90;
	assert_int_equal(
	    value_check(bytes_of(nest, LIMIT_VALUE_DEPTH + 1), LIMIT_VALUE_DEPTH), ERR_TOO_BIG);
	memset(nest, 0x81, sizeof(nest)); /* nested in the key */
	nest[sizeof(nest) - 1] = 0xc0;
	assert_int_equal(value_check(bytes_of(nest, sizeof(nest)), LIMIT_VALUE_DEPTH), ERR_TOO_BIG);
	assert_int_equal(value_check(BYTES("\xc0"), 0), ERR_OK);
	assert_int_equal(value_check(BYTES("\x90"), 0), ERR_TOO_BIG);
	assert_int_equal(value_check(BYTES("\x90"), 1), ERR_OK);
	assert_int_equal(value_check(BYTES("\x92\x90\x91\xc0"), 2), ERR_OK);
}

/* Skipping has no depth limit and needs no memory for it. */
static void skips_whole_values(void **state)
{
	static uint8_t nest[1000000];
	struct value_reader r = value_reader(BYTES("\x82\x01\x92\x02\x03\x04\x80\xa1x"));
	struct bytes view;

	(void)state;
	assert_int_equal(value_skip(&r, &view), ERR_OK);
	assert_int_equal(view.len, 7);
	assert_int_equal(value_skip(&r, &view), ERR_OK);
	assert_int_equal(view.len, 2);
	assert_true(value_at_end(&r));
	assert_int_equal(value_skip(&r, &view), ERR_MALFORMED);
	memset(nest, 0x91, sizeof(nest));
	r = value_reader(bytes_of(nest, sizeof(nest)));
	assert_int_equal(value_skip(&r, &view), ERR_MALFORMED);
	assert_ptr_equal(r.p, nest); /* unchanged */
	nest[sizeof(nest) - 1] = 0xc0;
	assert_int_equal(value_skip(&r, &view), ERR_OK);
	assert_int_equal(view.len, sizeof(nest));
}

static void leaves_the_reader_on_failure(void **state)
{
	struct bytes b = BYTES("\x01\xa5hel");
	struct value_reader r = value_reader(b);
	struct value v = {.type = VALUE_NIL};

	(void)state;
	assert_int_equal(value_next(&r, &v), ERR_OK);
	assert_int_equal(value_next(&r, &v), ERR_MALFORMED);
	assert_ptr_equal(r.p, b.p + 1);
	assert_int_equal(v.type, VALUE_UINT); /* untouched, too */
	/* A count that the bytes cannot keep is not even told. */
	r = value_reader(BYTES("\x92\x01"));
	assert_int_equal(value_next(&r, &v), ERR_MALFORMED);
	r = value_reader(BYTES("\x81\x01"));
	assert_int_equal(value_next(&r, &v), ERR_MALFORMED);
}

static void reads_lone_scalars(void **state)
{
	struct str s = STR("old");
	uint64_t u = 9;
	bool b = true;

	(void)state;
	assert_false(value_as_str(BYTES("\x01"), &s));
	assert_false(value_as_str(BYTES("\xa1x\xc0"), &s));
	assert_false(value_as_str(BYTES(""), &s));
	assert_true(str_eqz(s, "old"));
	assert_true(value_as_str(BYTES("\xa1x"), &s) && str_eqz(s, "x"));
	assert_false(value_as_u64(BYTES("\xff"), &u));
	assert_int_equal(u, 9);
	assert_true(value_as_u64(BYTES("\xd0\x05"), &u) && u == 5);
	assert_false(value_as_bool(BYTES("\xc0"), &b));
	assert_true(b);
	assert_true(value_as_bool(BYTES("\xc2"), &b) && !b);
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_integers_in_their_shortest_form),
	    cmocka_unit_test(writes_scalars_and_heads),
	    cmocka_unit_test(writes_pairs),
	    cmocka_unit_test(closes_containers_of_any_count),
	    cmocka_unit_test(reads_numbers),
	    cmocka_unit_test(reads_the_other_scalars),
	    cmocka_unit_test(checks_whole_values),
	    cmocka_unit_test(bounds_the_depth),
	    cmocka_unit_test(skips_whole_values),
	    cmocka_unit_test(leaves_the_reader_on_failure),
	    cmocka_unit_test(reads_lone_scalars),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
