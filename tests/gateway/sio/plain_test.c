#include "tests/check.h"

#include "gateway/sio/json.h"
#include "gateway/sio/plain.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct plain_limits limits = {LIMIT_ARGS, LIMIT_ATTACHMENTS};

static struct buf out, text;

static int clean(void **state)
{
	(void)state;
	buf_free(&out);
	buf_free(&text);
	return frame_live() == 0 ? 0 : -1;
}

/* From an exact copy, so that no overrun goes unseen. */
static enum err read_plain(struct bytes value, const struct plain_limits *l)
{
	struct frame *copy = frame_new(value);

	buf_reset(&out);
	value_put_str(&out, STR("before"));
	enum err e = plain_read(frame_bytes(copy), l, &out);

	frame_unref(&copy);
	if (e)
		assert_int_equal(out.len, 7);
	return e;
}

static struct bytes made(void)
{
	return bytes_of(buf_bytes(&out).p + 7, out.len - 7);
}

struct row {
	struct bytes from, to;
};

#define B(literal)                                              \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

static void assert_row(const struct row *row, size_t i)
{
	if (read_plain(row->from, &limits))
		fail_msg("row %zu is refused", i);
	assert_int_equal(value_check(made(), LIMIT_VALUE_DEPTH), ERR_OK);
	buf_reset(&text);
	json_write(&text, made());
	if (made().len != row->to.len || memcmp(made().p, row->to.p, row->to.len) != 0)
		fail_msg("row %zu: %.*s", i, STR_ARG(buf_str(&text)));
}

static void what_is_plain_stays(void **state)
{
	static const struct row rows[] = {
	    {B("\xc0"), B("\xc0")}, {B("\xc2"), B("\xc2")}, {B("\xc3"), B("\xc3")},
	    {B("\x7f"), B("\x7f")}, {B("\xe0"), B("\xe0")},
	    {B("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), B("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")},
	    {B("\xd3\x80\0\0\0\0\0\0\0"), B("\xd3\x80\0\0\0\0\0\0\0")},
	    {B("\xcb\x3f\xf8\0\0\0\0\0\0"), B("\xcb\x3f\xf8\0\0\0\0\0\0")},
	    {B("\xcb\x80\0\0\0\0\0\0\0"), B("\xcb\x80\0\0\0\0\0\0\0")}, /* -0 */
	    {B("\xa0"), B("\xa0")}, {B("\xa3\xe2\x82\xac"), B("\xa3\xe2\x82\xac")},
	    {B("\xa1\x00"), B("\xa1\x00")}, {B("\xc4\x02\xff\x00"), B("\xc4\x02\xff\x00")},
	    {B("\x90"), B("\x90")}, {B("\x80"), B("\x80")},
	    {B("\x92\x01\x91\xa1x"), B("\x92\x01\x91\xa1x")},
	    {B("\x82\xa1x\x01\xa1y\x81\xa1z\x90"), B("\x82\xa1x\x01\xa1y\x81\xa1z\x90")},
	    {B("\x82\xa1x\x01\xa1x\x02"), B("\x82\xa1x\x01\xa1x\x02")}, /* the reader's business */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_row(&rows[i], i);
}

static void forms_are_the_shortest(void **state)
{
	static const struct row rows[] = {
	    {B("\xcc\x05"), B("\x05")},
	    {B("\xcf\0\0\0\0\0\0\0\x05"), B("\x05")},
	    {B("\xd3\0\0\0\0\0\0\0\x05"), B("\x05")},
	    {B("\xd3\xff\xff\xff\xff\xff\xff\xff\xff"), B("\xff")},
	    {B("\xca\x3f\xc0\0\0"), B("\xcb\x3f\xf8\0\0\0\0\0\0")},
	    {B("\xdb\0\0\0\x01x"), B("\xa1x")},
	    {B("\xc6\0\0\0\x01x"), B("\xc4\x01x")},
	    {B("\xdd\0\0\0\x01\xde\0\x01\xd9\x01k\xcc\x01"), B("\x91\x81\xa1k\x01")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_row(&rows[i], i);
}

static void what_json_cannot_say_becomes_what_it_makes_of_it(void **state)
{
	static const struct row rows[] = {
	    /* undefined */
	    {B("\xd4\0\0"), B("\xc0")},
	    {B("\x92\xd4\0\0\x01"), B("\x92\xc0\x01")},
	    {B("\x81\xa1x\xd4\0\0"), B("\x80")},
	    {B("\x83\xa1x\xd4\0\0\xa1y\x01\xa1z\xd4\0\0"), B("\x81\xa1y\x01")},
	    {B("\x91\x82\xa1x\xd4\0\0\xa1y\x91\xd4\0\0"), B("\x91\x81\xa1y\x91\xc0")},
	    /* ArrayBuffer, of any length */
	    {B("\xc7\0\0"), B("\xc4\0")},
	    {B("\xc7\x01\0x"), B("\xc4\x01x")},
	    {B("\xc7\x08\0"
	       "12345678"),
		B("\xc4\x08"
		  "12345678")},
	    {B("\xc8\0\x02\0xy"), B("\xc4\x02xy")},
	    {B("\xc9\0\0\0\x02\0xy"), B("\xc4\x02xy")},
	    /* other exts */
	    {B("\xd4\x01\0"), B("\xc0")},
	    {B("\xd5\0xy"), B("\xc0")},
	    {B("\xd6\xff\0\0\0\0"), B("\xc0")},
	    {B("\xd7\xff\0\0\0\0\0\0\0\0"), B("\xc0")},
	    {B("\xd8\0"
	       "0123456789abcdef"),
		B("\xc0")},
	    {B("\x91\xc7\x02\x05xy"), B("\x91\xc0")},
	    {B("\x81\xa1x\xc7\x01\x05y"), B("\x81\xa1x\xc0")},
	    /* numbers that JSON has not */
	    {B("\xcb\x7f\xf8\0\0\0\0\0\0"), B("\xc0")},
	    {B("\xcb\x7f\xf0\0\0\0\0\0\0"), B("\xc0")},
	    {B("\x91\xca\xff\x80\0\0"), B("\x91\xc0")},
	    /* keys */
	    {B("\x81\x01\x02"), B("\x81\xa1"
				  "1\x02")},
	    {B("\x81\xff\x02"), B("\x81\xa2-1\x02")},
	    {B("\x81\xc0\x02"), B("\x81\xa4null\x02")},
	    {B("\x82\xc2\x02\xc3\x03"), B("\x82\xa5"
					  "false\x02\xa4true\x03")},
	    {B("\x81\xca\x3f\xc0\0\0\x02"), B("\x81\xa3"
					      "1.5\x02")},
	    {B("\x82\xc4\x01x\x02\x92\x01\x02\x03"), B("\x82\xa4null\x02\xa4null\x03")},
	    {B("\x81\xd4\0\0\x03"), B("\x81\xa4null\x03")},
	    {B("\x81\x01\xd4\0\0"), B("\x80")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_row(&rows[i], i);
}

/* What Node says: new Date(ms).toJSON(). */
static void dates_are_their_text(void **state)
{
	static const struct {
		int64_t ms;
		const char *json;
	} rows[] = {
	    {0, "\"1970-01-01T00:00:00.000Z\""},
	    {-1, "\"1969-12-31T23:59:59.999Z\""},
	    {1700000000123, "\"2023-11-14T22:13:20.123Z\""},
	    {951782400000, "\"2000-02-29T00:00:00.000Z\""},
	    {4107542399999, "\"2100-02-28T23:59:59.999Z\""},
	    {4107542400000, "\"2100-03-01T00:00:00.000Z\""},
	    {253402300799999, "\"9999-12-31T23:59:59.999Z\""},
	    {253402300800000, "\"+010000-01-01T00:00:00.000Z\""},
	    {-62167219200000, "\"0000-01-01T00:00:00.000Z\""},
	    {-62167219200001, "\"-000001-12-31T23:59:59.999Z\""},
	    {-62135596800000, "\"0001-01-01T00:00:00.000Z\""},
	    {8640000000000000, "\"+275760-09-13T00:00:00.000Z\""},
	    {-8640000000000000, "\"-271821-04-20T00:00:00.000Z\""},
	    {8640000000000001, "null"},
	    {-8640000000000001, "null"},
	    {INT64_MAX, "null"},
	    {INT64_MIN, "null"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t date[10] = {0xd7, 0};

		for (int n = 0; n < 8; n++)
			date[2 + n] = (uint8_t)((uint64_t)rows[i].ms >> (56 - 8 * n));
		assert_int_equal(read_plain(bytes_of(date, sizeof(date)), &limits), ERR_OK);
		buf_reset(&text);
		json_write(&text, made());
		if (!str_eqz(buf_str(&text), rows[i].json))
			fail_msg("%lld: %.*s", (long long)rows[i].ms, STR_ARG(buf_str(&text)));
	}
}

static void what_is_no_value_is_refused(void **state)
{
	static const struct bytes rows[] = {B(""), B("\xc1"), B("\xc0\xc0"), B("\x92\x01"),
	    B("\x91\xc1"), B("\x81\xa1k"), B("\x81\xc1\x01"), B("\xa2x"), B("\xc4\x02x"),
	    B("\xdd\xff\xff\xff\xff"), B("\xdd\x0f\xff\xff\xff"), B("\xdf\xff\xff\xff\xff"),
	    B("\xc7\x05\0x"), B("\xd7\0\0\0"), B("\xd4\0"), B("\xa1\xff"), B("\xa2\xc0\x80"),
	    B("\xa3\xed\xa0\x80"), B("\x81\xa1\xff\x01"), B("\x91\xa1\x80")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(read_plain(rows[i], &limits), ERR_MALFORMED);
}

static void everything_is_bounded(void **state)
{
	struct plain_limits tight = {5, 1};
	uint8_t nest[LIMIT_VALUE_DEPTH + 2];

	(void)state;
	memset(nest, 0x91, sizeof(nest));
	nest[LIMIT_VALUE_DEPTH] = 0x01;
	assert_int_equal(read_plain(bytes_of(nest, LIMIT_VALUE_DEPTH + 1), &limits), ERR_OK);
	nest[LIMIT_VALUE_DEPTH] = 0x91;
	nest[LIMIT_VALUE_DEPTH + 1] = 0x01;
	assert_int_equal(read_plain(bytes_of(nest, sizeof(nest)), &limits), ERR_TOO_BIG);
	assert_int_equal(read_plain(bytes_of("\xa4"
					     "1234",
					5),
			     &tight),
	    ERR_OK);
	assert_int_equal(read_plain(bytes_of("\xa5"
					     "12345",
					6),
			     &tight),
	    ERR_TOO_BIG);
	assert_int_equal(read_plain(bytes_of("\x91\xc4\x01x", 4), &tight), ERR_OK);
	assert_int_equal(read_plain(bytes_of("\x92\xc4\0\xc4\0", 5), &tight), ERR_TOO_BIG);
	assert_int_equal(read_plain(bytes_of("\x92\xc4\0\xc7\0\0", 6), &tight), ERR_TOO_BIG);
	/* 16 elements need a longer head, which comes last. */
	tight.max_bytes = 18;
	assert_int_equal(
	    read_plain(bytes_of("\xdc\0\x10\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 19), &tight),
	    ERR_TOO_BIG);
}

static void it_grows_in_proportion(void **state)
{
	/* Keys and values that grow the most. */
	static const struct {
		struct bytes pair;
		enum err expected;
	} rows[] = {
	    {B("\xc0\xc0"), ERR_OK},
	    {B("\x01\x01"), ERR_OK},
	    {B("\xa1x\xd7\0\0\0\0\0\0\0\0\0"), ERR_OK},
	    {B("\xa1x\xca\0\0\0\x01"), ERR_OK},
	    {B("\xc2\xc2"), ERR_TOO_BIG},
	    {B("\xca\x00\x00\x00\x01\xc2"), ERR_TOO_BIG},
	};
	const struct plain_limits loose = {SIZE_MAX / 2, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf from = {0};

		value_put_map(&from, 20000);
		for (int n = 0; n < 20000; n++)
			buf_put(&from, rows[i].pair);
		assert_int_equal(read_plain(buf_bytes(&from), &loose), rows[i].expected);
		assert_true(out.len <= 3 * from.len + 2000);
		buf_free(&from);
	}
}

static void undefined_is_told(void **state)
{
	(void)state;
	assert_true(plain_is_undefined(bytes_of("\xd4\0\0", 3)));
	assert_false(plain_is_undefined(bytes_of("\xd4\x01\0", 3)));
	assert_false(plain_is_undefined(bytes_of("\xc0", 1)));
	assert_false(plain_is_undefined(bytes_of("\xc7\x01\0\0", 4)));
	assert_false(plain_is_undefined(bytes_of("", 0)));
}

/* Random bytes are refused or become a plain value, which stays what it is when read again. */
static void random_bytes_do_no_harm(void **state)
{
	const char *given = getenv("TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	unsigned accepted = 0;

	(void)state;
	printf("TEST_SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < 200000; round++) {
		uint8_t bytes[40];
		size_t len = 1 + (size_t)rand() % sizeof(bytes);
		struct buf first = {0};

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(rand() % 3 ? rand() : 0x80 + rand() % 0x24);
		if (read_plain(bytes_of(bytes, len), &limits))
			continue;
		accepted++;
		assert_int_equal(value_check(made(), LIMIT_VALUE_DEPTH), ERR_OK);
		buf_put(&first, made());
		assert_int_equal(read_plain(buf_bytes(&first), &limits), ERR_OK);
		assert_int_equal(made().len, first.len);
		assert_memory_equal(made().p, buf_bytes(&first).p, first.len);
		buf_free(&first);
	}
	assert_true(accepted > 1000);
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_plain_stays),
	    TEST(forms_are_the_shortest),
	    TEST(what_json_cannot_say_becomes_what_it_makes_of_it),
	    TEST(dates_are_their_text),
	    TEST(what_is_no_value_is_refused),
	    TEST(everything_is_bounded),
	    TEST(it_grows_in_proportion),
	    TEST(undefined_is_told),
	    TEST(random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
