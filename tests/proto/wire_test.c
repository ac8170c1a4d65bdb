#include "tests/check.h"

#include "proto/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The golden dump: one of every message, with telling values in every field, as bytes. A change
 * of these bytes is a change of the protocol: raise WIRE_VERSION and write the new dump with
 * ROOMCAST_WRITE_GOLDEN=1.
 */
static const char golden_path[] = ROOMCAST_SOURCE "/tests/proto/wire.golden";

static const uint8_t sample_value[] = {0x81, 0xa1, 'k', 0x93, 0x01, 0xc3, 0xa1, 'v'};

/* Field i of a message gets a value that no other field of its type in it has. */
static void fill(const struct wire_row *row, struct wire_message *m)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	size_t i = 0;

	for (const struct wire_field_row *f = row->fields; f->name; f++, i++) {
		void *at = (uint8_t *)&m->as + f->offset;

		if (f->type == WIRE_FIELD_U64)
			*(uint64_t *)at = 1000 + i;
		else if (f->type == WIRE_FIELD_BOOL)
			*(bool *)at = true;
		else if (f->type == WIRE_FIELD_STR)
			*(struct str *)at = (struct str){letters + i, 3};
		else
			*(struct bytes *)at = bytes_of(sample_value, sizeof(sample_value));
	}
}

static void dump(struct buf *out)
{
	for (uint64_t number = 0; number < WIRE_TYPES; number++) {
		const struct wire_row *row = wire_row(number);
		struct wire_message m = {.type = (enum wire_type)number};
		struct buf encoded = {0};

		if (!row)
			continue;
		fill(row, &m);
		wire_put(&encoded, &m);
		buf_printf(out, "%s ", row->name);
		for (size_t i = 0; i < encoded.len; i++)
			buf_printf(out, "%02x", buf_bytes(&encoded).p[i]);
		buf_putc(out, '\n');
		buf_free(&encoded);
	}
}

static void test_golden(void **state)
{
	struct buf now = {0};
	char golden[16384];

	(void)state;
	dump(&now);
	if (getenv("ROOMCAST_WRITE_GOLDEN")) {
		FILE *out = fopen(golden_path, "w");

		assert_non_null(out);
		fwrite(buf_str(&now).p, 1, now.len, out);
		fclose(out);
	}
	FILE *in = fopen(golden_path, "r");

	assert_non_null(in);
	size_t len = fread(golden, 1, sizeof(golden), in);

	fclose(in);
	assert_int_equal(len, now.len);
	assert_memory_equal(golden, buf_str(&now).p, len);
	buf_free(&now);
}

static void test_every_message_reads_back(void **state)
{
	struct buf batch = {0}, first = {0}, second = {0};

	(void)state;
	for (uint64_t number = 0; number < WIRE_TYPES; number++) {
		struct wire_message m = {.type = (enum wire_type)number};

		if (!wire_row(number))
			continue;
		fill(wire_row(number), &m);
		wire_put(&batch, &m);
		wire_print(&m, &first);
	}
	struct wire_reader r = wire_reader(buf_bytes(&batch));

	while (!wire_at_end(&r)) {
		struct wire_message m;

		assert_int_equal(wire_next(&r, &m), ERR_OK);
		wire_print(&m, &second);
	}
	assert_int_equal(first.len, second.len);
	assert_memory_equal(buf_str(&first).p, buf_str(&second).p, first.len);
	buf_free(&batch);
	buf_free(&first);
	buf_free(&second);
}

static void test_every_truncation_is_refused(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < WIRE_TYPES; number++) {
		struct wire_message m = {.type = (enum wire_type)number}, seen;
		struct buf b = {0};

		if (!wire_row(number))
			continue;
		fill(wire_row(number), &m);
		wire_put(&b, &m);
		for (size_t len = 1; len < b.len; len++) {
			uint8_t *exact = malloc(len);

			memcpy(exact, buf_bytes(&b).p, len);
			struct wire_reader r = wire_reader(bytes_of(exact, len));

			assert_int_equal(wire_next(&r, &seen), ERR_MALFORMED);
			free(exact);
		}
		buf_free(&b);
	}
}

static void refused(const char *bytes, size_t len)
{
	struct wire_reader r = wire_reader(bytes_of(bytes, len));
	struct wire_message m;

	assert_int_equal(wire_next(&r, &m), ERR_MALFORMED);
}

#define REFUSED(literal) refused(literal, sizeof(literal) - 1)

static void test_hostile_bytes(void **state)
{
	(void)state;
	REFUSED("\xc0");                         /* no array */
	REFUSED("\x90");                         /* empty array */
	REFUSED("\xdd\x0f\xff\xff\xff");         /* 268 million fields declared */
	REFUSED("\x91\xcd\x7f\xff");             /* unknown number */
	REFUSED("\x91\xff");                     /* negative number */
	REFUSED("\x91\x05");                     /* CREDIT without fields */
	REFUSED("\x94\x05\x01\x02\x03");         /* one field too many */
	REFUSED("\x93\x05\x01\xa1x");            /* text where a number belongs */
	REFUSED("\x93\x05\x01\xff");             /* a negative number */
	REFUSED("\x92\x06\xa2\xff\xfe");         /* text that is no UTF-8 */
	REFUSED("\x92\x06\xdb\xff\xff\xff\xff"); /* 4 GB of text declared */
}

static void test_limits(void **state)
{
	struct buf b = {0};
	char long_text[LIMIT_REASON + 1];

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	buf_put(&b, bytes_of("\x92\x06\xda\x01\x01", 5)); /* GOODBYE with 257 bytes */
	buf_put(&b, bytes_of(long_text, sizeof(long_text)));
	refused(buf_str(&b).p, b.len);
	buf_free(&b);
	/* A value nested deeper than allowed. */
	struct wire_message m = {.type = WIRE_REPLY};

	buf_reset(&b);
	wire_put(&b, &m);
	buf_truncate(&b, b.len - 1); /* its value is nil, one byte */
	for (int i = 0; i < LIMIT_VALUE_DEPTH + 1; i++)
		buf_putc(&b, '\x91');
	buf_putc(&b, '\xc0');
	refused(buf_str(&b).p, b.len);
	buf_free(&b);
}

static void test_print_is_one_safe_line(void **state)
{
	struct wire_message m = {.type = WIRE_GOODBYE};
	struct buf out = {0};

	(void)state;
	m.as.goodbye.reason = STR("a\"b\n\x01");
	wire_print(&m, &out);
	assert_str_is(buf_str(&out), "GOODBYE{reason=\"a?b??\"}");
	buf_free(&out);
	assert_string_equal(wire_name((enum wire_type)999), "UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_every_message_reads_back),
	    cmocka_unit_test(test_every_truncation_is_refused),
	    cmocka_unit_test(test_hostile_bytes),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_print_is_one_safe_line),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (frame_live() != 0);
}
