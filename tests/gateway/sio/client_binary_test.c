/*
 * A client whose packets have attachments, in and out.
 */
#include "tests/check.h"

#include "gateway/sio/socket.h"
#include "tests/gateway/sio/stage.h"

#include <string.h>

#define P(n) "{\"_placeholder\":true,\"num\":" #n "}"
#define BIN(literal) bytes_of(literal, sizeof(literal) - 1)

/* An array with the bin "xy" and an array that has the bin "z". */
#define TWO_BINS "\x92\xc4\x02xy\x91\xc4\x01z"
#define TWO_PLACES P(0) ",[" P(1) "]"

static void an_event_waits_for_its_attachments(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("52-/chat,5[\"e\",{\"a\":" P(0) "}," P(1) "]");
	stage_said("");
	stage_receive_binary(BIN("one"));
	stage_said("");
	stage_receive_binary(BIN("two"));
	stage_said("event /chat 5 e [{\"a\":" P(0) "}," P(1) "] <one> <two>\n");
	stage_receive("2[\"next\"]");
	stage_said("event /  next []\n");
}

static void an_ack_waits_for_its_attachments(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("61-/chat,7[" P(0) "]");
	stage_receive_binary(BIN(""));
	stage_said("ack /chat 7 [" P(0) "] <>\n");
}

static void a_broken_rule_closes(void **state)
{
	static const struct {
		const char *text;
		unsigned attachments;
		const char *after;
	} rows[] = {
	    {NULL, 1, NULL},                  /* nobody announced it */
	    {"2[\"e\"]", 1, NULL},            /* nor did this */
	    {"50-[\"e\"]", 1, NULL},          /* nor this */
	    {"51-[\"e\"," P(0) "]", 2, NULL}, /* one too many */
	    {"52-[\"e\"," P(0) "]", 1, "2[\"e\"]"}, {"51-[\"e\"]", 0, "1"}, {"51-[\"e\"]", 0, ""},
	    {"51-[\"e\"," P(1) "]", 1, NULL}, {"51-[\"e\"," P(0.5) "]", 1, NULL},
	    {"511-[\"e\"]", 0, NULL},
	    {"51-[\"connect\"]", 0, NULL}, /* at once, not when it is complete */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		stage_connect_two();
		if (rows[i].text)
			stage_receive(rows[i].text);
		for (unsigned n = 0; n < rows[i].attachments; n++)
			stage_receive_binary(BIN("x"));
		if (rows[i].after)
			stage_receive(rows[i].after);
		const char *end = "close parse error\n";
		struct str said = buf_str(&stage.said);

		if (said.len < strlen(end) ||
		    !str_eqz((struct str){said.p + said.len - strlen(end), strlen(end)}, end))
			fail_msg("row %zu: %.*s", i, STR_ARG(said));
		stage_receive_binary(BIN("x")); /* ignored from now on */
		assert_int_equal(said.len, stage.said.len);
		sio_client_free(&stage.client);
		assert_int_equal(stage_end(state), 0);
		stage_begin(state);
	}
}

/* Stock servers choke on the packet after it. */
static void no_attachments_at_all_are_none(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("50-[\"a\"]");
	stage_receive("5-[\"b\"]");
	stage_receive("60-3[1]");
	stage_receive("2[\"c\"]");
	stage_said("event /  a []\nevent /  b []\nack / 3 [1]\nevent /  c []\n");
}

static void fewer_placeholders_than_attachments_will_do(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("52-[\"e\"," P(1) "]");
	stage_receive_binary(BIN("a"));
	stage_receive_binary(BIN("b"));
	stage_said("event /  e [" P(0) "] <b>\n");
}

static void attachments_are_bounded(void **state)
{
	static const uint8_t big[STAGE_MAX_ARGS];

	(void)state;
	stage_connect_two();
	stage_receive("52-[\"e\"]");
	stage_receive_binary(bytes_of(big, sizeof(big)));
	stage_said("");
	stage_receive_binary(BIN("x"));
	stage_said("close parse error\n");
}

static void the_namespace_counts_when_it_is_whole(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("51-/admin,[\"e\"]");
	stage_said("");
	stage_receive_binary(BIN("x"));
	stage_said("close\n");
}

static void a_client_dies_in_between(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("52-[\"e\"]");
	stage_receive_binary(BIN("x"));
	sio_client_free(&stage.client);
	stage_said("disconnect /chat transport\ndisconnect / transport\n");
}

static void free_it(struct sio_socket *s)
{
	(void)s;
	sio_client_free(&stage.client);
}

static void an_event_frees_the_client(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_event = free_it;
	stage_receive("51-[\"e\"," P(0) "]");
	stage_receive_binary(BIN("x"));
	stage_said(
	    "event /  e [" P(0) "] <x>\ndisconnect /chat transport\ndisconnect / transport\n");
	assert_null(stage.client);
}

static void bins_leave_as_attachments(void **state)
{
	(void)state;
	stage_connect_two();
	sio_socket_emit(stage.sockets[STAGE_CHAT], STR("e"), BIN(TWO_BINS));
	stage_said("< 52-/chat,[\"e\"," TWO_PLACES "]\n<< xy\n<< z\n");
	sio_socket_ack(stage.sockets[STAGE_ROOT], 7, BIN(TWO_BINS));
	stage_said("< 62-7[" TWO_PLACES "]\n<< xy\n<< z\n");
}

/* Half of a packet is worse than none: with attachments nothing is volatile. */
static void a_packet_with_attachments_is_never_dropped(void **state)
{
	struct sio_cast *cast = sio_cast_new(STR("/"), STR("e"), BIN(TWO_BINS));

	(void)state;
	stage_connect_two();
	sio_socket_send(stage.sockets[STAGE_ROOT], cast, true);
	stage_said("< 52-[\"e\"," TWO_PLACES "]\n<< xy\n<< z\n");
	sio_cast_free(&cast);
}

/* Each send takes the same frames. */
static void a_cast_is_encoded_once(void **state)
{
	struct sio_cast *cast = sio_cast_new(STR("/"), STR("e"), BIN(TWO_BINS));
	size_t before = frame_live();

	(void)state;
	stage_connect_two();
	assert_int_equal(frame_live(), before); /* not before it is needed */
	for (int i = 0; i < 3; i++) {
		sio_socket_send(stage.sockets[STAGE_ROOT], cast, false);
		assert_int_equal(frame_live(), before + 3);
	}
	sio_cast_free(&cast);
	sio_cast_free(&cast);
	assert_int_equal(frame_live(), before);
}

static void free_client(void)
{
	sio_client_free(&stage.client);
}

static void a_send_frees_the_client(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_send = free_client;
	sio_socket_emit(stage.sockets[STAGE_ROOT], STR("e"), BIN(TWO_BINS));
	/* What is gone gets no attachments. */
	stage_said("< 52-[\"e\"," TWO_PLACES "]\ndisconnect /chat transport\n"
		   "disconnect / transport\n");
	assert_null(stage.client);
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_event_waits_for_its_attachments),
	    TEST(an_ack_waits_for_its_attachments),
	    TEST(a_broken_rule_closes),
	    TEST(no_attachments_at_all_are_none),
	    TEST(fewer_placeholders_than_attachments_will_do),
	    TEST(attachments_are_bounded),
	    TEST(the_namespace_counts_when_it_is_whole),
	    TEST(a_client_dies_in_between),
	    TEST(an_event_frees_the_client),
	    TEST(bins_leave_as_attachments),
	    TEST(a_packet_with_attachments_is_never_dropped),
	    TEST(a_cast_is_encoded_once),
	    TEST(a_send_frees_the_client),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
