#include "gateway/sio/mpacket.h"

#include "gateway/sio/client.h"
#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"
#include "tests/gateway/sio/packet_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define B(literal)                                              \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}
static enum err decode(struct bytes message, struct packet *ret)
{
	buf_reset(&stage_scratch);
	buf_puts(&stage_scratch, STR("before"));
	return mpacket_decode(message, &stage_limits, &stage_scratch, ret);
}

/* Pieces of maps. */
#define TYPE "\xa4type"
#define NSP "\xa3nsp"
#define ROOT NSP "\xa1/"
#define CHAT NSP "\xa5/chat"
#define DATA   \
	"\xa4" \
	"data"
#define ID "\xa2id"

struct row {
	struct bytes message;
	const char *expected; /* NULL: refused */
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct packet p = {.attachments = 77};

		if (decode(rows[i].message, &p)) {
			assert_int_equal(p.attachments, 77); /* untouched */
			if (rows[i].expected)
				fail_msg("row %zu is refused", i);
			continue;
		}
		if (!rows[i].expected)
			fail_msg("row %zu is accepted", i);
		assert_int_equal(p.attachments, 0);
		if (!str_eqz(stage_describe_bins(&p), rows[i].expected))
			fail_msg("row %zu: %.*s", i, STR_ARG(buf_str(&stage_out)));
	}
}

/* The bytes of the first rows are those that stock clients send. */
static void packets_are_decoded(void **state)
{
	static const struct row rows[] = {
	    {B("\x83" TYPE "\0" DATA "\xd4\0\0" NSP "\xa1/"), "0 / -  -"},
	    {B("\x83" TYPE "\0" DATA "\x81\xa5token\xa1t" CHAT), "0 /chat -  {\"token\":\"t\"}"},
	    {B("\x82" TYPE "\x01" CHAT), "1 /chat -  -"},
	    {B("\x84" TYPE "\x02" DATA "\x92\xa1"
	       "a\x05"
	       "\xa7options\x81\xa8"
	       "compress\xc3" ROOT),
		"2 / - a [5]"},
	    {B("\x85" TYPE "\x02" DATA "\x91\xa1"
	       "a"
	       "\xa7options\x81\xa8"
	       "compress\xc3" ID "\x07" ROOT),
		"2 / 7 a []"},
	    {B("\x84" TYPE "\x03" DATA "\x91\xc3" ID "\x0c" CHAT), "3 /chat 12  [true]"},
	    /* in any order and form, the last of duplicates counts */
	    {B("\xde\0\x03" ROOT DATA "\xdc\0\x01\xd9\x01"
	       "a" TYPE "\xcc\x02"),
		"2 / - a []"},
	    {B("\x85" TYPE "\0" TYPE "\x02" CHAT ROOT DATA "\x91\xa1"
	       "b"),
		"2 / - b []"},
	    {B("\x84" TYPE "\x02" ROOT DATA "\x91\xa1"
	       "a" ID "\xd4\0\0"),
		"2 / - a []"},
	    {B("\x84" TYPE "\x01" ROOT "\x05\x06"
	       "\xc0\xc0"),
		"1 / -  -"},
	    {B("\x82" TYPE "\0" NSP "\xa0"), "0  -  -"},
	};

	(void)state;
	assert_rows(rows, ARRAY_LEN(rows));
}

static void names_and_data_are_what_they_may_be(void **state)
{
	static const struct row rows[] = {
	    /* names */
	    {B("\x83" TYPE "\x02" ROOT DATA "\x91\xa5"
	       "error"),
		"2 / - error []"},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x92\x01\x02"), "2 / - 1 [2]"},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x92\xcd\x01\0\x02"), "2 / - 256 [2]"},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x91\xa0"), "2 / -  []"},
	    /* binary, and what is not plain */
	    {B("\x83" TYPE "\x02" ROOT DATA "\x92\xa1"
	       "a\xc4\x01x"),
		"2 / - a [{\"_placeholder\":true,\"num\":0}]"},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x93\xa1"
	       "a\xc7\x01\0x\xd4\0\0"),
		"2 / - a [{\"_placeholder\":true,\"num\":0},null]"},
	    {B("\x83" TYPE "\0" ROOT DATA "\x81\xa1x\xd4\0\0"), "0 / -  {}"},
	};

	(void)state;
	assert_rows(rows, ARRAY_LEN(rows));
}

static void what_is_no_packet_is_refused(void **state)
{
	static const struct row rows[] = {
	    {B(""), NULL},
	    {B("\xc0"), NULL},
	    {B("\x90"), NULL},
	    {B("\x80"), NULL},
	    {B("0"), NULL},
	    {B("\x82" TYPE "\0" ROOT "\xc0"), NULL}, /* something behind it */
	    {B("\x82" TYPE "\0"), NULL},
	    {B("\x81" TYPE "\0"), NULL}, /* no namespace */
	    {B("\x81" ROOT), NULL},      /* no type */
	    {B("\x82" TYPE "\0" NSP "\x01"), NULL},
	    {B("\x82" TYPE "\0" NSP "\xa1\xff"), NULL},
	    {B("\x82" TYPE "\0" NSP "\xc0"), NULL},
	    {B("\x82" TYPE "\xa1"
	       "0" ROOT),
		NULL},
	    {B("\x82" TYPE "\xff" ROOT), NULL},
	    {B("\x82" TYPE "\x04" ROOT), NULL}, /* only servers say it */
	    {B("\x83" TYPE "\x05" ROOT DATA "\x91\xa1"
	       "a"),
		NULL},
	    {B("\x83" TYPE "\x06" ROOT DATA "\x90"), NULL},
	    {B("\x82" TYPE "\x07" ROOT), NULL},
	    {B("\xdf\xff\xff\xff\xff" TYPE "\0" ROOT), NULL},
	};

	(void)state;
	assert_rows(rows, ARRAY_LEN(rows));
}

static void data_that_does_not_fit_the_type_is_refused(void **state)
{
	static const struct row rows[] = {
	    {B("\x83" TYPE "\0" ROOT DATA "\x90"), NULL},
	    {B("\x83" TYPE "\0" ROOT DATA "\xc0"), NULL},
	    {B("\x83" TYPE "\0" ROOT DATA "\xa1x"), NULL},
	    {B("\x83" TYPE "\x01" ROOT DATA "\x80"), NULL},
	    {B("\x83" TYPE "\x01" ROOT DATA "\xc0"), NULL},
	    {B("\x82" TYPE "\x02" ROOT), NULL}, /* the parser has no such packet */
	    {B("\x83" TYPE "\x02" ROOT DATA "\xd4\0\0"), NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x90"), NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x80"), NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x91\xc0"), NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x91\xc4\x01x"), NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x91\x80"), NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x91\xa7"
	       "connect"),
		NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x91\xaa"
	       "disconnect"),
		NULL},
	    {B("\x82" TYPE "\x03" ROOT), NULL},
	    {B("\x83" TYPE "\x03" ROOT DATA "\x80"), NULL},
	    {B("\x84" TYPE "\x02" ROOT DATA "\x91\xa1"
	       "a" ID "\xc0"),
		NULL},
	    {B("\x84" TYPE "\x02" ROOT DATA "\x91\xa1"
	       "a" ID "\xff"),
		NULL},
	    {B("\x84" TYPE "\x02" ROOT DATA "\x91\xa1"
	       "a" ID "\xa1"
	       "1"),
		NULL},
	    {B("\x84" TYPE "\x02" ROOT DATA "\x91\xa1"
	       "a" ID "\xcf\0\x20\0\0\0\0\0\0"),
		NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x92\xa1"
	       "a\xa1\xff"),
		NULL},
	    {B("\x83" TYPE "\x02" ROOT DATA "\x92\xa1"
	       "a\xc1"),
		NULL},
	};

	(void)state;
	assert_rows(rows, ARRAY_LEN(rows));
}

static void everything_is_bounded(void **state)
{
	const struct packet_limits tight = {1, 8, false};
	struct buf b = {0};
	struct packet p;

	(void)state;
	assert_int_equal(mpacket_decode(BYTES("\x83" TYPE "\x02" ROOT DATA "\x92\xa5"
					      "abcde\x01"),
			     &tight, &stage_scratch, &p),
	    ERR_OK);
	assert_int_equal(mpacket_decode(BYTES("\x83" TYPE "\x02" ROOT DATA "\x92\xa6"
					      "abcdef\x01"),
			     &tight, &stage_scratch, &p),
	    ERR_TOO_BIG);
	assert_int_equal(mpacket_decode(BYTES("\x83" TYPE "\x02" ROOT DATA "\x92\xa1"
					      "a\xc4\0"),
			     &tight, &stage_scratch, &p),
	    ERR_OK);
	assert_int_equal(mpacket_decode(BYTES("\x83" TYPE "\x02" ROOT DATA "\x93\xa1"
					      "a\xc4\0\xc4\0"),
			     &tight, &stage_scratch, &p),
	    ERR_TOO_BIG);
	/* A key that nobody looks at may be as deep as it likes: it is stepped over. */
	value_put_map(&b, 3);
	buf_put(&b, BYTES(TYPE "\x01" ROOT "\xa1x"));
	for (int i = 0; i < 100000; i++)
		buf_putc(&b, (char)0x91);
	value_put_nil(&b);
	assert_int_equal(decode(buf_bytes(&b), &p), ERR_OK);
	buf_reset(&b);
	value_put_map(&b, 2);
	buf_put(&b, BYTES(TYPE "\0" NSP));
	buf_puts(&b, STR("\xd9\x81"));
	for (int i = 0; i <= LIMIT_NSP; i++)
		buf_putc(&b, '/');
	assert_int_equal(decode(buf_bytes(&b), &p), ERR_TOO_BIG);
	buf_free(&b);
}

static void assert_put(struct bytes expected)
{
	if (stage_out.len != expected.len ||
	    memcmp(buf_bytes(&stage_out).p, expected.p, expected.len) != 0) {
		struct buf text = {0};

		json_write(&text, buf_bytes(&stage_out));
		fail_msg("%.*s", STR_ARG(buf_str(&text)));
	}
	buf_reset(&stage_out);
}

static void packets_are_encoded(void **state)
{
	static const struct bytes none = {0};

	(void)state;
	mpacket_put_connect(&stage_out, STR("/"), STR("abc"), STR(""));
	assert_put(BYTES("\x83" TYPE "\0" ROOT DATA "\x81\xa3sid\xa3"
			 "abc"));
	mpacket_put_connect(&stage_out, STR("/chat"), STR("abc"), STR("p"));
	assert_put(BYTES("\x83" TYPE "\0" CHAT DATA "\x82\xa3sid\xa3"
			 "abc\xa3pid\xa1p"));
	mpacket_put_connect_error(&stage_out, STR("/"), STR("no"), none);
	assert_put(BYTES("\x83" TYPE "\x04" ROOT DATA "\x81\xa7message\xa2no"));
	mpacket_put_connect_error(&stage_out, STR("/"), STR("no"),
	    BYTES("\x81\xa1"
		  "c\x01"));
	assert_put(BYTES("\x83" TYPE "\x04" ROOT DATA "\x82\xa7message\xa2no" DATA "\x81\xa1"
			 "c\x01"));
	mpacket_put_disconnect(&stage_out, STR("/chat"));
	assert_put(BYTES("\x82" TYPE "\x01" CHAT));
	mpacket_put_event(&stage_out, STR("/"), STR("a"), BYTES("\x92\x01\xc4\x01x"));
	assert_put(BYTES("\x83" TYPE "\x02" ROOT DATA "\x93\xa1"
			 "a\x01\xc4\x01x"));
	mpacket_put_event(&stage_out, STR("/"), STR("a"), none);
	assert_put(BYTES("\x83" TYPE "\x02" ROOT DATA "\x91\xa1"
			 "a"));
	mpacket_put_event(&stage_out, STR("/"), STR("a"), BYTES("\x81\x01\x02")); /* no array */
	assert_put(BYTES("\x83" TYPE "\x02" ROOT DATA "\x91\xa1"
			 "a"));
	mpacket_put_question(
	    &stage_out, STR("/chat"), &(struct sio_event){STR("a"), BYTES("\x91\x05"), true, 300});
	assert_put(BYTES("\x84" TYPE "\x02" CHAT ID "\xcd\x01\x2c" DATA "\x92\xa1"
			 "a\x05"));
	mpacket_put_ack(&stage_out, STR("/chat"), 300, BYTES("\x91\xc3"));
	assert_put(BYTES("\x84" TYPE "\x03" CHAT ID "\xcd\x01\x2c" DATA "\x91\xc3"));
}

/* What a fuzzer does, in small. */
static void damaged_packets_do_no_harm(void **state)
{
	static const struct bytes seeds[] = {B("\x83" TYPE "\0" DATA "\x81\xa5token\xa1t" CHAT),
	    B("\x82" TYPE "\x01" CHAT),
	    B("\x85" TYPE "\x02" DATA "\x94\xa1"
	      "a\x81\xa1k\xc4\x02xy\xd7\0\0\0\x01\x02\x03\x04\x05\x06\x90" ID "\x07" ROOT
	      "\xa1o\xc0"),
	    B("\x84" TYPE "\x03" DATA "\x91\xcb\x3f\xf8\0\0\0\0\0\0" ID "\x0c" CHAT)};
	const char *given = getenv("TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	(void)state;
	printf("TEST_SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < 100000; round++) {
		struct bytes from = seeds[(size_t)rand() % ARRAY_LEN(seeds)];
		size_t len = from.len - (rand() % 4 ? 0 : (size_t)rand() % from.len);
		uint8_t *message = xcalloc(len, 1);
		struct packet p;

		memcpy(message, from.p, len);
		for (int n = rand() % 4; n > 0; n--)
			message[(size_t)rand() % len] = (uint8_t)rand();
		if (decode(bytes_of(message, len), &p) == ERR_OK) {
			assert_true(p.type <= PACKET_ACK && p.attachments == 0);
			assert_true(str_is_utf8(p.nsp) && str_is_utf8(p.name));
			assert_true(
			    p.data.len == 0 || value_check(p.data, LIMIT_VALUE_DEPTH) == ERR_OK);
			buf_reset(&stage_out);
			mpacket_put_event(&stage_out, p.nsp, p.name, p.data);
			assert_int_equal(
			    value_check(buf_bytes(&stage_out), LIMIT_VALUE_DEPTH), ERR_OK);
		}
		free(message);
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, stage_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(packets_are_decoded),
	    TEST(names_and_data_are_what_they_may_be),
	    TEST(what_is_no_packet_is_refused),
	    TEST(data_that_does_not_fit_the_type_is_refused),
	    TEST(everything_is_bounded),
	    TEST(packets_are_encoded),
	    TEST(damaged_packets_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
