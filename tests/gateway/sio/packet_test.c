#include "tests/gateway/sio/packet_stage.h"

#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static enum err decode(struct str text, struct packet *ret)
{
	buf_reset(&stage_scratch);
	/* Something before it, so that offsets and pointers cannot be mixed up. */
	buf_puts(&stage_scratch, STR("before"));
	return packet_decode(text, &stage_limits, &stage_scratch, ret);
}

struct row {
	const char *text;
	const char *expected; /* NULL: refused */
};

static void assert_decodes(const struct row *row)
{
	struct packet p = {.attachments = 77};

	if (decode(str_of(row->text), &p)) {
		assert_int_equal(p.attachments, 77); /* untouched */
		if (row->expected)
			fail_msg("%s is refused", row->text);
		return;
	}
	if (!row->expected)
		fail_msg("%s is accepted", row->text);
	if (!str_eqz(stage_describe(&p), row->expected))
		fail_msg("%s: %.*s", row->text, STR_ARG(buf_str(&stage_out)));
}

static void connects_are_decoded(void **state)
{
	static const struct row rows[] = {
	    {"", "0 / -  -"},
	    {"0", "0 / -  -"},
	    {"0/", "0 / -  -"},
	    {"0/,", "0 / -  -"},
	    {"0/admin", "0 /admin -  -"},
	    {"0/admin,", "0 /admin -  -"},
	    {"0/a/b?c=d,", "0 /a/b?c=d -  -"},
	    {"0{}", "0 / -  {}"},
	    {"0{\"token\":\"abc\"}", "0 / -  {\"token\":\"abc\"}"},
	    {"0/admin,{\"a\":[1]}", "0 /admin -  {\"a\":[1]}"},
	    {"0[]", NULL},
	    {"0null", NULL},
	    {"0\"x\"", NULL},
	    {"0{", NULL},
	    {"0{} ", "0 / -  {}"},
	    {"0 {}", NULL},
	    {"0{}{}", NULL},
	    {"0admin", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_decodes(&rows[i]);
}

static void disconnects_are_decoded(void **state)
{
	static const struct row rows[] = {
	    {"1", "1 / -  -"},
	    {"1/admin", "1 /admin -  -"},
	    {"1/admin,", "1 /admin -  -"},
	    {"1{}", NULL},
	    {"1null", NULL},
	    {"1/admin,[]", NULL},
	    {"1x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_decodes(&rows[i]);
}

static void events_are_decoded(void **state)
{
	static const struct row rows[] = {
	    {"2", "2 / -  -"}, {"212", "2 / 12  -"}, {"2[\"a\"]", "2 / - a []"},
	    {"2[\"\"]", "2 / -  []"}, {"2[\"a\",1]", "2 / - a [1]"},
	    {"2[\"a\",{\"b\":[null,\"c\"]},\"d\"]", "2 / - a [{\"b\":[null,\"c\"]},\"d\"]"},
	    {"2/admin,[\"a\",1]", "2 /admin - a [1]"},
	    {"2/admin,456[\"a\",1]", "2 /admin 456 a [1]"}, {"20[\"a\"]", "2 / 0 a []"},
	    {"2007[\"a\"]", "2 / 7 a []"},
	    {"29007199254740991[\"a\"]", "2 / 9007199254740991 a []"},
	    {"29007199254740992[\"a\"]", NULL}, {"29007199254740993[\"a\"]", NULL},
	    {"299999999999999999999999999[\"a\"]", NULL}, {"2[\"\\u0061\\n\"]", "2 / - a\n []"},
	    {"2[\"a\",1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]",
		"2 / - a [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]"},
	    {"2[\"a\",1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
		"2 / - a [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]"},
	    {"2[\"\",1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]",
		"2 / -  [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]"},
	    {"2[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]",
		"2 / - 0 [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]"},
	    {"2[]", NULL}, {"2{}", NULL}, {"2null", NULL}, {"2\"a\"", NULL}, {"2[\"a\"", NULL},
	    {"2[\"a\"]]", NULL}, {"2 [\"a\"]", NULL}, {"2[null]", NULL}, {"2[true]", NULL},
	    {"2[[\"a\"]]", NULL}, {"2[{\"toString\":\"foo\"}]", NULL}, {"2-1[\"a\"]", NULL},
	    {"21.5[\"a\"]", NULL},
	    {"2/a[\"x\"]", "2 /a[\"x\"] -  -"}, /* no comma: all of it is the namespace */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_decodes(&rows[i]);
}

static void the_head_of_an_event_tells_who_waits_for_it(void **state)
{
	static const struct row rows[] = {
	    {"2[", "2 / -  -"},
	    {"217[\"mess", "2 / 17  -"},
	    {"2/chat,17[\"m", "2 /chat 17  -"},
	    {"52-/chat,9[{", "2 /chat 9  -"},
	    {"2/chat,[", "2 /chat -  -"},
	    /* what could still become something else */
	    {"", NULL},
	    {"2", NULL},
	    {"217", NULL},
	    {"2/chat", NULL},
	    {"2/chat,", NULL},
	    {"2/chat,17", NULL},
	    {"52", NULL},
	    {"52-", NULL},
	    /* what is none */
	    {"0{", NULL},
	    {"1[", NULL},
	    {"3/chat,17[", NULL},
	    {"61-17[", NULL},
	    {"4[", NULL},
	    {"2{", NULL},
	    {"217{", NULL},
	    {"511-[", NULL},
	    {"29007199254740992[", NULL},
	    {"x[", NULL},
	    {"2/\xff,1[", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct packet p = {.attachments = 77};
		enum err e = packet_peek_event(str_of(rows[i].text), &stage_limits, &p);

		if (!e != (rows[i].expected != NULL))
			fail_msg("%s is %s", rows[i].text, e ? "refused" : "accepted");
		if (!e)
			assert_true(str_eqz(stage_describe(&p), rows[i].expected));
		else
			assert_int_equal(p.attachments, 77);
	}
}

static void event_names_are_judged_like_stock_does(void **state)
{
	static const struct row rows[] = {
	    {"2[\"connect\"]", NULL},
	    {"2[\"connect_error\",1]", NULL},
	    {"2[\"disconnect\"]", NULL},
	    {"2[\"disconnecting\"]", NULL},
	    {"2[\"newListener\"]", NULL},
	    {"2[\"removeListener\"]", NULL},
	    {"2[\"\\u0063onnect\"]", NULL},
	    {"2[\"Connect\"]", "2 / - Connect []"},
	    {"2[\"connected\"]", "2 / - connected []"},
	    {"2[\"error\",{}]", "2 / - error [{}]"},
	    {"2[\"__proto__\"]", "2 / - __proto__ []"},
	    {"2[\"constructor\"]", "2 / - constructor []"},
	    {"2[1,2]", "2 / - 1 [2]"},
	    {"2[-1]", "2 / - -1 []"},
	    {"2[1.0]", "2 / - 1 []"},
	    {"2[18446744073709551615,true]", "2 / - 18446744073709551615 [true]"},
	    {"2[1e300]", "2 / - 1e+300 []"},
	    {"2[-2.2250738585072014e-308,null]", "2 / - -2.2250738585072014e-308 [null]"},
	    {"2[1e400]", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_decodes(&rows[i]);
}

static void acks_are_decoded(void **state)
{
	static const struct row rows[] = {
	    {"3", "3 / -  -"},
	    {"35", "3 / 5  -"},
	    {"35[]", "3 / 5  []"},
	    {"3[1]", "3 / -  [1]"},
	    {"3/admin,456[\"connect\",null]", "3 /admin 456  [\"connect\",null]"},
	    {"35{}", NULL},
	    {"35null", NULL},
	    {"39007199254740992[]", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_decodes(&rows[i]);
}

static void other_types_are_refused(void **state)
{
	static const struct row rows[] = {{"4", NULL}, {"4{\"message\":\"x\"}", NULL},
	    {"4\"text\"", NULL}, {"7", NULL}, {"9[\"a\"]", NULL}, {"a", NULL}, {" ", NULL},
	    {"/", NULL}, {"-1", NULL}, {"\x80", NULL}, {"{}", NULL}, {"[\"a\"]", NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_decodes(&rows[i]);
}

static void attachments_are_announced(void **state)
{
	static const struct {
		const char *text;
		unsigned attachments;
		const char *expected;
	} rows[] = {
	    {"51-[\"a\",{\"_placeholder\":true,\"num\":0}]", 1,
		"2 / - a [{\"_placeholder\":true,\"num\":0}]"},
	    {"510-/admin,5[\"a\"]", 10, "2 /admin 5 a []"},
	    {"61-/admin,5[1]", 1, "3 /admin 5  [1]"},
	    {"50-[\"a\"]", 0, "2 / - a []"},
	    {"5-[\"a\"]", 0, "2 / - a []"},
	};
	static const struct row refused[] = {{"5", NULL}, {"5[\"a\"]", NULL}, {"51[\"a\"]", NULL},
	    {"5x-[\"a\"]", NULL}, {"5 1-[\"a\"]", NULL}, {"5-1-[\"a\"]", NULL},
	    {"50x1-[\"a\"]", NULL}, {"51.0-[\"a\"]", NULL}, {"511-[\"a\"]", NULL},
	    {"51000000000-[\"a\"]", NULL}, {"599999999999999999999-[\"a\"]", NULL},
	    {"51-[\"connect\"]", NULL}, {"51-{}", NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct packet p;

		assert_int_equal(decode(str_of(rows[i].text), &p), ERR_OK);
		assert_int_equal(p.attachments, rows[i].attachments);
		assert_true(str_eqz(stage_describe(&p), rows[i].expected));
	}
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_decodes(&refused[i]);
}

static void everything_is_bounded(void **state)
{
	const struct packet_limits tight = {0, 8, false};
	struct buf text = {0};
	struct packet p;

	(void)state;
	assert_int_equal(packet_decode(STR("2[\"abcd\",1]"), &tight, &stage_scratch, &p), ERR_OK);
	assert_int_equal(packet_decode(STR("2[\"abcde\",11]"), &tight, &stage_scratch, &p), ERR_OK);
	assert_int_equal(
	    packet_decode(STR("2[\"abcdef\",1]"), &tight, &stage_scratch, &p), ERR_TOO_BIG);
	assert_int_equal(packet_decode(STR("51-[\"a\"]"), &tight, &stage_scratch, &p), ERR_TOO_BIG);
	buf_puts(&text, STR("0/"));
	while (text.len < 1 + LIMIT_NSP)
		buf_putc(&text, 'n');
	assert_int_equal(decode(buf_str(&text), &p), ERR_OK);
	assert_int_equal(p.nsp.len, LIMIT_NSP);
	buf_putc(&text, 'n');
	assert_int_equal(decode(buf_str(&text), &p), ERR_TOO_BIG);
	assert_int_equal(decode(STR("0/\xff,"), &p), ERR_MALFORMED);
	assert_int_equal(decode(STR("0/\xc3\xa9,"), &p), ERR_OK);
	buf_reset(&text);
	buf_puts(&text, STR("2[\"a\","));
	for (int i = 0; i < LIMIT_VALUE_DEPTH; i++)
		buf_putc(&text, '[');
	assert_int_equal(decode(buf_str(&text), &p), ERR_TOO_BIG);
	buf_free(&text);
}

/* What a fuzzer does, in small: damaged packets are refused or whole, and encode again. */
static void damaged_packets_do_no_harm(void **state)
{
	static const char *const seeds[] = {"0/admin,{\"token\":\"abc\"}", "1/admin,",
	    "2/"
	    "chat,456[\"message\",{\"roomId\":\"a\",\"content\":\"\\ud83d\\ude00\"},[1,2.5,null]]",
	    "2[12345678901234567890,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7]", "3/chat,7[{\"ok\":true}]",
	    "52-/a,1[\"b\",{\"_placeholder\":true,\"num\":0}]"};
	const char *given = getenv("TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	(void)state;
	printf("TEST_SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < 100000; round++) {
		const char *from = seeds[(size_t)rand() % ARRAY_LEN(seeds)];
		size_t len = strlen(from) - (rand() % 4 ? 0 : (size_t)rand() % strlen(from));
		char *text = xcalloc(len, 1);
		struct packet p;

		memcpy(text, from, len);
		for (int n = rand() % 4; n > 0; n--)
			text[(size_t)rand() % len] =
			    rand() % 3 ? "0123456789[]{},\"/-\\"[rand() % 19] : (char)rand();
		if (decode((struct str){text, len}, &p) == ERR_OK) {
			assert_true(
			    p.type <= PACKET_ACK && p.attachments <= stage_limits.max_attachments);
			assert_true(str_is_utf8(p.nsp) && str_is_utf8(p.name));
			assert_true(
			    p.data.len == 0 || value_check(p.data, LIMIT_VALUE_DEPTH) == ERR_OK);
			buf_reset(&stage_out);
			packet_put_event(&stage_out, p.nsp, p.name, p.data);
			assert_true(str_is_utf8(buf_str(&stage_out)));
		}
		free(text);
	}
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(connects_are_decoded, stage_clean),
	    cmocka_unit_test_teardown(disconnects_are_decoded, stage_clean),
	    cmocka_unit_test_teardown(events_are_decoded, stage_clean),
	    cmocka_unit_test_teardown(the_head_of_an_event_tells_who_waits_for_it, stage_clean),
	    cmocka_unit_test_teardown(event_names_are_judged_like_stock_does, stage_clean),
	    cmocka_unit_test_teardown(acks_are_decoded, stage_clean),
	    cmocka_unit_test_teardown(other_types_are_refused, stage_clean),
	    cmocka_unit_test_teardown(attachments_are_announced, stage_clean),
	    cmocka_unit_test_teardown(everything_is_bounded, stage_clean),
	    cmocka_unit_test_teardown(damaged_packets_do_no_harm, stage_clean),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
