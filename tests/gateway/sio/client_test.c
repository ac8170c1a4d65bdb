#include "gateway/sio/socket.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/gateway/sio/stage.h"

#include <string.h>

static void a_connect_is_accepted_at_once(void **state)
{
	(void)state;
	stage.in_connect = stage_accept;
	stage_receive("0{\"token\":\"t\"}");
	stage_said("connect / {\"token\":\"t\"}\n< 0{\"sid\":\"s1\"}\n");
	assert_true(sio_socket_is_connected(stage.sockets[STAGE_ROOT]));
	assert_true(str_eqz(sio_socket_id(stage.sockets[STAGE_ROOT]), "s1"));
	assert_true(str_eqz(sio_socket_nsp(stage.sockets[STAGE_ROOT]), "/"));
	assert_ptr_equal(sio_socket_client(stage.sockets[STAGE_ROOT]), stage.client);
}

static void a_connect_is_accepted_later(void **state)
{
	(void)state;
	stage_receive("0/chat,");
	stage_said("connect /chat -\n");
	assert_false(sio_socket_is_connected(stage.sockets[STAGE_CHAT]));
	assert_true(str_eqz(sio_socket_id(stage.sockets[STAGE_CHAT]), ""));
	sio_socket_accept(stage.sockets[STAGE_CHAT], STR("id"), STR("pid"));
	stage_said("< 0/chat,{\"sid\":\"id\",\"pid\":\"pid\"}\n");
}

static void the_empty_text_is_a_connect(void **state)
{
	(void)state;
	stage_receive("");
	stage_said("connect / -\n");
}

static void a_connect_is_refused(void **state)
{
	(void)state;
	stage_receive("0");
	sio_socket_refuse(stage.sockets[STAGE_ROOT], STR("No"), (struct bytes){0});
	stage_said("connect / -\n< 4{\"message\":\"No\"}\n");
	stage_receive("0"); /* may try again */
	sio_socket_refuse(stage.sockets[STAGE_ROOT], STR("No"), bytes_of("\x81\xa1\x61\x01", 4));
	stage_said("connect / -\n< 4{\"message\":\"No\",\"data\":{\"a\":1}}\n");
}

static void an_unknown_namespace_is_refused(void **state)
{
	(void)state;
	stage_receive("0/random");
	stage_receive("0/Chat,{}");
	stage_receive("0/chat/,");
	stage_said("< 4/random,{\"message\":\"Invalid namespace\"}\n"
		   "< 4/Chat,{\"message\":\"Invalid namespace\"}\n"
		   "< 4/chat/,{\"message\":\"Invalid namespace\"}\n");
	stage_receive("0"); /* alive */
	stage_said("connect / -\n");
}

/* What a client must not say, after connecting to / and while /admin waits. */
static void a_broken_rule_closes(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
	    {"0", "close\n"},                /* joined already */
	    {"0/admin,", "close\n"},         /* joining already */
	    {"2/chat,[\"a\"]", "close\n"},   /* not joined */
	    {"2/random,[\"a\"]", "close\n"}, /* no such namespace */
	    {"2/admin,[\"a\"]", "close\n"},  /* not accepted yet */
	    {"2/chat,", "close\n"},
	    {"3/chat,1[]", "close\n"},
	    {"3/admin,1[]", "close\n"},
	    {"1/chat,", "close\n"},
	    {"1/admin,", "close\n"},
	    {"2/a[\"x\"]", "close\n"},
	    {"4{\"message\":\"x\"}", "close parse error\n"},
	    {"2[\"connect\"]", "close parse error\n"},
	    {"2[]", "close parse error\n"},
	    {"0[]", "close parse error\n"},
	    {"1{}", "close parse error\n"},
	    {"7", "close parse error\n"},
	    {"29007199254740992[\"a\"]", "close parse error\n"},
	    {"2[\"a\",\"\xff\"]", "close parse error\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		stage.in_connect = stage_accept;
		stage_receive("0");
		stage.in_connect = NULL;
		stage_receive("0/admin,");
		buf_reset(&stage.said);
		stage_receive(rows[i].text);
		stage_said(rows[i].said);
		stage_receive("2[\"a\"]"); /* ignored from now on, as is all that we would send */
		sio_socket_emit(stage.sockets[STAGE_ROOT], STR("a"), bytes_of("\x90", 1));
		sio_socket_accept(stage.sockets[STAGE_ADMIN], STR("s2"), STR(""));
		stage_said("");
		assert_false(sio_socket_is_connected(stage.sockets[STAGE_ROOT]));
		sio_client_free(&stage.client);
		stage_said("disconnect /admin transport\ndisconnect / transport\n");
		assert_int_equal(stage_end(state), 0);
		stage_begin(state);
	}
}

static void a_stray_binary_message_closes(void **state)
{
	(void)state;
	stage_connect_two();
	sio_client_receive(stage.client, bytes_of("2[\"a\"]", 6), true);
	stage_said("close parse error\n");
}

static void arguments_are_bounded(void **state)
{
	char text[1200];

	(void)state;
	stage_connect_two();
	memset(text, 'x', sizeof(text));
	memcpy(text, "2[\"a\",\"", 7);
	memcpy(text + 900, "\"]", 3);
	stage_receive(text);
	assert_true(str_has_prefix(buf_str(&stage.said), STR("event")));
	buf_reset(&stage.said);
	memset(text + 900, 'x', 200);
	memcpy(text + 1100, "\"]", 3);
	stage_receive(text);
	stage_said("close parse error\n");
}

static void events_reach_the_layer_above(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("2[\"a\"]");
	stage_receive("2/chat,17[\"b\",{\"c\":[1]},null]");
	stage_receive("2[5,6]");
	stage_receive("2");
	stage_receive("23");
	stage_said("event /  a []\nevent /chat 17 b [{\"c\":[1]},null]\nevent /  5 [6]\n");
}

static void acks_reach_the_layer_above(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("3/chat,7[1,2]");
	stage_receive("38");
	stage_receive("3[1]"); /* answers nothing */
	stage_said("ack /chat 7 [1,2]\nack / 8 []\n");
}

static void the_layer_above_sends(void **state)
{
	struct sio_cast *cast = sio_cast_new(STR("/chat"), STR("e"), bytes_of("\x91\x05", 2));

	(void)state;
	stage_connect_two();
	sio_socket_emit(stage.sockets[STAGE_ROOT], STR("a\"b"), bytes_of("\x92\x01\xc0", 3));
	sio_socket_ack(stage.sockets[STAGE_CHAT], 12, bytes_of("\x91\xc3", 2));
	sio_socket_send(stage.sockets[STAGE_CHAT], cast, false);
	sio_socket_send(stage.sockets[STAGE_CHAT], cast, true);
	sio_socket_ask(stage.sockets[STAGE_CHAT], STR("q"), bytes_of("\x91\x05", 2), 7);
	stage_said("< 2[\"a\\\"b\",1,null]\n< 3/chat,12[true]\n< 2/chat,[\"e\",5]\n"
		   "< volatile 2/chat,[\"e\",5]\n< 2/chat,7[\"q\",5]\n");
	sio_cast_free(&cast);
}

static void events_may_precede_the_accept(void **state)
{
	(void)state;
	stage_receive("0");
	sio_socket_emit(stage.sockets[STAGE_ROOT], STR("missed"), bytes_of("\x90", 1));
	sio_socket_ack(
	    stage.sockets[STAGE_ROOT], 1, bytes_of("\x90", 1)); /* there is nothing to answer yet */
	sio_socket_accept(stage.sockets[STAGE_ROOT], STR("s"), STR("p"));
	stage_said("connect / -\n< 2[\"missed\"]\n< 0{\"sid\":\"s\",\"pid\":\"p\"}\n");
}

static void the_client_disconnects(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("1/chat,");
	stage_said("disconnect /chat client\n");
	stage_receive("2[\"a\"]"); /* the other goes on */
	stage_receive("0/chat,");
	stage_said("event /  a []\nconnect /chat -\n< 0/chat,{\"sid\":\"s1\"}\n");
	stage_receive("1/chat,");
	buf_reset(&stage.said);
	stage_receive("2/chat,[\"a\"]"); /* it knew */
	stage_said("close\n");
}

static void the_server_disconnects(void **state)
{
	(void)state;
	stage_connect_two();
	sio_socket_disconnect(stage.sockets[STAGE_CHAT]);
	stage_said("< 1/chat,\ndisconnect /chat server\n");
	stage_receive("2/chat,1[\"a\"]"); /* sent before the client heard of it */
	stage_receive("3/chat,1[]");
	stage_receive("1/chat,");
	stage_said("");
	stage_receive("0/chat,");
	stage_receive("2/chat,[\"a\"]");
	stage_said("connect /chat -\n< 0/chat,{\"sid\":\"s1\"}\nevent /chat  a []\n");
	stage_receive("1/chat,");
	stage_receive("2/chat,[\"a\"]");
	stage_said("disconnect /chat client\nclose\n");
}

static void a_waiting_socket_is_disconnected(void **state)
{
	(void)state;
	stage_receive("0");
	sio_socket_disconnect(stage.sockets[STAGE_ROOT]);
	stage_said("connect / -\n< 1\ndisconnect / server\n");
}

static void the_layer_above_closes(void **state)
{
	(void)state;
	stage_connect_two();
	sio_socket_close_connection(stage.sockets[STAGE_ROOT]);
	stage_said("close\n");
	sio_socket_close_connection(stage.sockets[STAGE_CHAT]);
	sio_socket_ack(stage.sockets[STAGE_CHAT], 1, bytes_of("\x90", 1));
	sio_socket_disconnect(stage.sockets[STAGE_CHAT]);
	stage_said("disconnect /chat server\n"); /* once, and nothing is sent */
	sio_client_free(&stage.client);
	stage_said("disconnect / transport\n");
	sio_client_free(&stage.client);
}

static void expire(uint64_t after_ms)
{
	struct timer *t = timer_queue_expire(&stage.timeouts, mono_add_ms(stage_start, after_ms));

	if (t) {
		assert_ptr_equal(sio_client_of_timer(t), stage.client);
		sio_client_on_connect_timeout(sio_client_of_timer(t));
	}
}

static void who_joins_nothing_is_closed(void **state)
{
	(void)state;
	stage_receive("0/random"); /* an unknown one does not count, */
	stage_receive("0");        /* nor does one that nobody has accepted */
	buf_reset(&stage.said);
	expire(STAGE_TIMEOUT_MS - 1);
	stage_said("");
	expire(STAGE_TIMEOUT_MS);
	stage_said("close\n");
}

static void who_has_joined_may_stay(void **state)
{
	(void)state;
	stage_receive("0");
	stage_accept(stage.sockets[STAGE_ROOT]);
	stage_receive("1");
	buf_reset(&stage.said);
	expire(10 * STAGE_TIMEOUT_MS);
	stage_said("");
	stage_receive("0");
	stage_said("connect / -\n");
}

static void owners_are_kept(void **state)
{
	int a, b;

	(void)state;
	stage_connect_two();
	assert_null(sio_client_owner(stage.client));
	assert_null(sio_socket_owner(stage.sockets[STAGE_ROOT]));
	sio_client_set_owner(stage.client, &a);
	sio_socket_set_owner(stage.sockets[STAGE_ROOT], &b);
	assert_ptr_equal(sio_client_owner(stage.client), &a);
	assert_ptr_equal(sio_socket_owner(stage.sockets[STAGE_ROOT]), &b);
	assert_null(sio_socket_owner(stage.sockets[STAGE_CHAT]));
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
	    TEST(a_connect_is_accepted_at_once),
	    TEST(a_connect_is_accepted_later),
	    TEST(the_empty_text_is_a_connect),
	    TEST(a_connect_is_refused),
	    TEST(an_unknown_namespace_is_refused),
	    TEST(a_broken_rule_closes),
	    TEST(a_stray_binary_message_closes),
	    TEST(arguments_are_bounded),
	    TEST(events_reach_the_layer_above),
	    TEST(acks_reach_the_layer_above),
	    TEST(the_layer_above_sends),
	    TEST(events_may_precede_the_accept),
	    TEST(the_client_disconnects),
	    TEST(the_server_disconnects),
	    TEST(a_waiting_socket_is_disconnected),
	    TEST(the_layer_above_closes),
	    TEST(who_joins_nothing_is_closed),
	    TEST(who_has_joined_may_stay),
	    TEST(owners_are_kept),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
