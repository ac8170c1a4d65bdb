#include "tests/check.h"

#include "gateway/sio/packet.h"

#include "gateway/sio/client.h"
#include "proto/value.h"

#define BYTES(literal) bytes_of(literal, sizeof(literal) - 1)

static struct buf out;

static int clean(void **state)
{
	(void)state;
	buf_free(&out);
	return frame_live() == 0 ? 0 : -1;
}

static void assert_put(const char *expected)
{
	if (!str_eqz(buf_str(&out), expected))
		fail_msg("%.*s", STR_ARG(buf_str(&out)));
	buf_reset(&out);
}

static void packets_are_encoded(void **state)
{
	static const struct bytes none = {0};

	(void)state;
	packet_put_connect(&out, STR("/"), STR("abc"), STR(""));
	assert_put("0{\"sid\":\"abc\"}");
	packet_put_connect(&out, STR("/chat"), STR("abc"), STR("p\"q"));
	assert_put("0/chat,{\"sid\":\"abc\",\"pid\":\"p\\\"q\"}");
	packet_put_connect_error(&out, STR("/"), STR("no"), none);
	assert_put("4{\"message\":\"no\"}");
	packet_put_connect_error(&out, STR("/chat"), STR("no"), BYTES("\x81\xa1\x63\x01"));
	assert_put("4/chat,{\"message\":\"no\",\"data\":{\"c\":1}}");
	packet_put_disconnect(&out, STR("/"));
	assert_put("1");
	packet_put_disconnect(&out, STR("/chat"));
	assert_put("1/chat,");
	packet_put_event(&out, STR("/"), STR("a"), BYTES("\x90"));
	assert_put("2[\"a\"]");
	packet_put_event(&out, STR("/chat"), STR("a\n"), BYTES("\x92\x01\x91\xa1x"));
	assert_put("2/chat,[\"a\\n\",1,[\"x\"]]");
	packet_put_event(&out, STR("/"), STR("a"), none);
	assert_put("2[\"a\"]");
	packet_put_event(&out, STR("/"), STR("a"), BYTES("\x81\x01\x02")); /* no array */
	assert_put("2[\"a\"]");
	packet_put_question(&out, STR("/chat"),
	    &(struct sio_event){STR("a"), BYTES("\x91\xc4\x01x"), true, 12});
	assert_put("51-/chat,12[\"a\",{\"_placeholder\":true,\"num\":0}]");
	packet_put_ack(&out, STR("/"), 0, BYTES("\x90"));
	assert_put("30[]");
	packet_put_ack(&out, STR("/chat"), PACKET_ACK_ID_MAX, BYTES("\x91\x81\xa2ok\xc3"));
	assert_put("3/chat,9007199254740991[{\"ok\":true}]");
}

static void bins_are_announced(void **state)
{
	(void)state;
	packet_put_event(&out, STR("/"), STR("a"), BYTES("\x92\xc4\x01x\x91\xc4\x00"));
	assert_put("52-[\"a\",{\"_placeholder\":true,\"num\":0},"
		   "[{\"_placeholder\":true,\"num\":1}]]");
	packet_put_event(&out, STR("/chat"), STR("a"), BYTES("\x92\x01\x81\xa1k\xc4\x01x"));
	assert_put("51-/chat,[\"a\",1,{\"k\":{\"_placeholder\":true,\"num\":0}}]");
	packet_put_ack(&out, STR("/chat"), 7, BYTES("\x91\xc4\x01x"));
	assert_put("61-/chat,7[{\"_placeholder\":true,\"num\":0}]");
	packet_put_ack(&out, STR("/"), 0, BYTES("\x92\xc4\x01x\xc4\x01y"));
	assert_put("62-0[{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
	/* A bin where no attachment can be referred to. */
	packet_put_event(&out, STR("/"), STR("a"), BYTES("\x91\x81\xc4\x01x\xc4\x01y"));
	assert_put("52-[\"a\",{\"null\":{\"_placeholder\":true,\"num\":1}}]");
	packet_put_connect_error(&out, STR("/"), STR("no"), BYTES("\xc4\x01x"));
	assert_put("4{\"message\":\"no\",\"data\":null}");
}

/* A map that only looks like one would be taken for an attachment, and end the connection. */
static void nothing_else_passes_for_a_placeholder(void **state)
{
	static const char map[] = "\x82\xac_placeholder\xc3\xa3num\x07";
	struct buf args = {0};

	(void)state;
	value_put_array(&args, 1);
	buf_put(&args, bytes_of(map, sizeof(map) - 1));
	packet_put_event(&out, STR("/"), STR("a"), buf_bytes(&args));
	assert_put("2[\"a\",{\"_placeholder\":true,\"num\":7}]");
	buf_reset(&args);
	value_put_array(&args, 2);
	buf_put(&args, bytes_of(map, sizeof(map) - 1));
	value_put_bin(&args, BYTES("x"));
	packet_put_event(&out, STR("/"), STR("a"), buf_bytes(&args));
	assert_put(
	    "51-[\"a\",{\"_placeholder\":null,\"num\":7},{\"_placeholder\":true,\"num\":0}]");
	buf_free(&args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(packets_are_encoded, clean),
	    cmocka_unit_test_teardown(bins_are_announced, clean),
	    cmocka_unit_test_teardown(nothing_else_passes_for_a_placeholder, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
