#include "tests/check.h"

#include "gateway/sio/assembly.h"
#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <string.h>

enum { MAX_BYTES = 100000 };

static struct buf scratch, out;

static int clean(void **state)
{
	(void)state;
	buf_free(&scratch);
	buf_free(&out);
	return frame_live() == 0 ? 0 : -1;
}

/* An assembly for the packet, whose text and decoded form are gone already. */
static struct assembly *begin(const char *text, size_t max_bytes)
{
	const struct packet_limits limits = {10, MAX_BYTES, false};
	struct frame *copy = frame_new(str_bytes(str_of(text)));
	struct buf decoded = {0};
	struct packet p;

	assert_int_equal(
	    packet_decode(bytes_str(frame_bytes(copy)), &limits, &decoded, &p), ERR_OK);
	struct assembly *a = assembly_new(&p, max_bytes);

	buf_free(&decoded);
	frame_unref(&copy);
	return a;
}

/* Adds the attachments A, BB, CCC and so on until it is complete. */
static void complete(struct assembly *a)
{
	char data[16];

	for (int i = 0; !assembly_is_complete(a); i++) {
		memset(data, 'A' + i, sizeof(data));
		assert_int_equal(assembly_add(a, bytes_of(data, (size_t)i + 1)), ERR_OK);
	}
}

/* The data as JSON, with bins as "<content>". */
static struct str describe(struct bytes data)
{
	struct value_reader r = value_reader(data);
	struct value v;

	buf_reset(&out);
	if (data.len == 0)
		return STR("-");
	assert_int_equal(value_check(data, LIMIT_VALUE_DEPTH), ERR_OK);
	json_write(&out, data);
	while (value_next(&r, &v) == ERR_OK) {
		if (v.type == VALUE_BIN)
			buf_printf(&out, " <%.*s>", (int)v.as.bin.len, v.as.bin.p);
	}
	return buf_str(&out);
}

#define P(n) "{\"_placeholder\":true,\"num\":" #n "}"

struct row {
	const char *text, *expected; /* NULL: refused */
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct assembly *a = begin(rows[i].text, MAX_BYTES);
		struct packet p = {0};

		complete(a);
		buf_reset(&scratch);
		buf_puts(&scratch, STR("before"));
		enum err e = assembly_finish(a, &scratch, &p);

		if (e && rows[i].expected)
			fail_msg("%s is refused", rows[i].text);
		if (!e && !rows[i].expected)
			fail_msg("%s is accepted", rows[i].text);
		if (!e && !str_eqz(describe(p.data), rows[i].expected))
			fail_msg("%s: %.*s", rows[i].text, STR_ARG(buf_str(&out)));
		assembly_free(&a);
	}
}

static void attachments_take_their_places(void **state)
{
	static const struct row rows[] = {
	    {"51-[\"e\"," P(0) "]", "[null] <A>"},
	    {"52-[\"e\"," P(0) "," P(1) "]", "[null,null] <A> <BB>"},
	    {"52-[\"e\"," P(1) "," P(0) "]", "[null,null] <BB> <A>"},
	    {"51-[\"e\",{\"a\":[1,{\"b\":" P(0) ",\"c\":2}]}]",
		"[{\"a\":[1,{\"b\":null,\"c\":2}]}] <A>"},
	    {"52-[\"e\",1]", "[1]"},
	    {"51-[\"e\"]", "[]"},
	    {"52-[\"e\"," P(1) "]", "[null] <BB>"},
	    {"51-[\"e\"," P(0) "," P(0) "]", "[null,null] <A> <A>"},
	    {"51-[\"e\",{\"num\":0,\"x\":1,\"_placeholder\":true}]", "[null] <A>"},
	    {"51-[\"e\"," P(0.0) "]", "[null] <A>"},
	    {"51-[\"e\"," P(-0) "]", "[null] <A>"},
	    {"52-[\"e\"," P(1e0) "]", "[null] <BB>"},
	};

	(void)state;
	assert_rows(rows, ARRAY_LEN(rows));
}

/* What is none to JavaScript is none to us. */
static void what_is_no_placeholder_stays(void **state)
{
	static const struct row rows[] = {
	    {"51-[\"e\",{\"_placeholder\":1,\"num\":7}]", "[{\"_placeholder\":1,\"num\":7}]"},
	    {"51-[\"e\",{\"_placeholder\":false,\"num\":7}]",
		"[{\"_placeholder\":false,\"num\":7}]"},
	    {"51-[\"e\",{\"_Placeholder\":true,\"num\":7}]", "[{\"_Placeholder\":true,\"num\":7}]"},
	    {"51-[\"e\",[\"_placeholder\",true,\"num\",7]]", "[[\"_placeholder\",true,\"num\",7]]"},
	    {"51-[\"e\",{\"k\":\"_placeholder\",\"l\":true,\"num\":7}]",
		"[{\"k\":\"_placeholder\",\"l\":true,\"num\":7}]"},
	    {"51-[\"e\",{\"a\":{\"_placeholder\":true,\"num\":0},\"num\":7}]",
		"[{\"a\":null,\"num\":7}] <A>"},
	    /* The last duplicate counts. */
	    {"51-[\"e\",{\"_placeholder\":true,\"num\":7,\"_placeholder\":false}]",
		"[{\"_placeholder\":true,\"num\":7,\"_placeholder\":false}]"},
	    {"52-[\"e\",{\"_placeholder\":true,\"num\":7,\"num\":1}]", "[null] <BB>"},
	};

	(void)state;
	assert_rows(rows, ARRAY_LEN(rows));
}

static void placeholders_of_nothing_are_refused(void **state)
{
	static const struct row rows[] = {
	    {"51-[\"e\"," P(1) "]", NULL},
	    {"51-[\"e\"," P(-1) "]", NULL},
	    {"51-[\"e\"," P(0.5) "]", NULL},
	    {"51-[\"e\"," P(1e300) "]", NULL},
	    {"51-[\"e\"," P(18446744073709551615) "]", NULL},
	    {"51-[\"e\"," P("0") "]", NULL},
	    {"51-[\"e\"," P("splice") "]", NULL},
	    {"51-[\"e\"," P(null) "]", NULL},
	    {"51-[\"e\"," P([0]) "]", NULL},
	    {"51-[\"e\"," P({}) "]", NULL},
	    {"51-[\"e\",{\"_placeholder\":true}]", NULL},
	    {"51-[\"e\",{\"_placeholder\":true,\"num\":0,\"num\":null}]", NULL},
	};

	(void)state;
	assert_rows(rows, ARRAY_LEN(rows));
}

static void the_packet_keeps_what_it_said(void **state)
{
	struct assembly *a = begin("52-/chat,17[\"name\"," P(1) "]", MAX_BYTES);
	struct packet p;

	(void)state;
	assert_false(assembly_is_complete(a));
	complete(a);
	assert_int_equal(assembly_finish(a, &scratch, &p), ERR_OK);
	assert_int_equal(p.type, PACKET_EVENT);
	assert_str_is(p.nsp, "/chat");
	assert_str_is(p.name, "name");
	assert_true(p.has_ack && p.ack_id == 17);
	assembly_free(&a);

	a = begin("61-3[[" P(0) "]]", MAX_BYTES);
	complete(a);
	assert_int_equal(assembly_finish(a, &scratch, &p), ERR_OK);
	assert_int_equal(p.type, PACKET_ACK);
	assert_str_is(p.nsp, "/");
	assert_true(p.has_ack && p.ack_id == 3);
	assert_str_is(describe(p.data), "[[null]] <A>");
	assembly_free(&a);
	assembly_free(&a);
}

static void a_packet_without_data_stays_so(void **state)
{
	struct assembly *a = begin("51-", MAX_BYTES);
	struct packet p;

	(void)state;
	complete(a);
	assert_int_equal(assembly_finish(a, &scratch, &p), ERR_OK);
	assert_int_equal(p.data.len, 0);
	assembly_free(&a);
}

static void what_never_completes_is_freed(void **state)
{
	struct assembly *a = begin("53-[\"e\"," P(0) "]", MAX_BYTES);

	(void)state;
	assert_int_equal(assembly_add(a, bytes_of("x", 1)), ERR_OK);
	assembly_free(&a);
	assert_null(a);
}

static void the_bytes_are_bounded(void **state)
{
	static const uint8_t big[1000];
	struct assembly *a = begin("53-[\"e\"," P(0) "," P(0) "]", 1500);
	struct packet p;

	(void)state;
	assert_int_equal(assembly_add(a, bytes_of(big, 1000)), ERR_OK);
	assert_int_equal(assembly_add(a, bytes_of(big, 501)), ERR_TOO_BIG);
	assert_int_equal(assembly_add(a, bytes_of(big, 500)), ERR_OK);
	assert_int_equal(assembly_add(a, bytes_of(NULL, 0)), ERR_OK);
	assert_true(assembly_is_complete(a));
	/* 1000 bytes twice are over the limit of the whole. */
	assert_int_equal(assembly_finish(a, &scratch, &p), ERR_TOO_BIG);
	assert_true(scratch.len <= 1500);
	assembly_free(&a);
}

/* A short text may name an attachment often: what that makes is bounded by what came. */
static void naming_an_attachment_often_is_bounded(void **state)
{
	static const uint8_t big[1000];
	struct buf text = {0};
	struct packet p;

	(void)state;
	for (int times = 2; times <= 4; times++) {
		buf_reset(&text);
		buf_puts(&text, STR("51-[\"e\""));
		for (int i = 0; i < times; i++)
			buf_puts(&text, STR("," P(0)));
		buf_puts(&text, STR("]"));
		buf_putc(&text, '\0');
		struct assembly *a = begin(buf_str(&text).p, MAX_BYTES);

		assert_int_equal(assembly_add(a, bytes_of(big, sizeof(big))), ERR_OK);
		buf_reset(&scratch);
		assert_int_equal(
		    assembly_finish(a, &scratch, &p), times == 2 ? ERR_OK : ERR_TOO_BIG);
		assert_true(scratch.len <= 2 * (sizeof(big) + text.len));
		assembly_free(&a);
	}
	buf_free(&text);
}

static void nesting_goes_to_the_limit(void **state)
{
	struct buf text = {0};
	struct packet p;

	(void)state;
	buf_puts(&text, STR("51-[\"e\","));
	for (int i = 2; i < LIMIT_VALUE_DEPTH; i++)
		buf_putc(&text, '[');
	buf_puts(&text, STR(P(0)));
	for (int i = 2; i < LIMIT_VALUE_DEPTH; i++)
		buf_putc(&text, ']');
	buf_puts(&text, STR("]"));
	buf_putc(&text, '\0');
	struct assembly *a = begin(buf_str(&text).p, MAX_BYTES);

	complete(a);
	assert_int_equal(assembly_finish(a, &scratch, &p), ERR_OK);
	assert_int_equal(value_check(p.data, LIMIT_VALUE_DEPTH), ERR_OK);
	assert_int_equal(json_count_bins(p.data), 1);
	assembly_free(&a);
	buf_free(&text);
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(attachments_take_their_places),
	    TEST(what_is_no_placeholder_stays),
	    TEST(placeholders_of_nothing_are_refused),
	    TEST(the_packet_keeps_what_it_said),
	    TEST(a_packet_without_data_stays_so),
	    TEST(what_never_completes_is_freed),
	    TEST(the_bytes_are_bounded),
	    TEST(naming_an_attachment_often_is_bounded),
	    TEST(nesting_goes_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
