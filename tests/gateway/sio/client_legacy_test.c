/* A client of Socket.IO v2, and rooms where such clients meet those of today. */
#include "tests/check.h"

#include "gateway/sio/socket.h"
#include "proto/value.h"
#include "tests/gateway/sio/stage.h"

#include <string.h>

static void connect_root(void)
{
	sio_client_begin_legacy(stage.client);
	stage_said("connect / -\n");
	stage_accept(stage.sockets[STAGE_ROOT]);
	stage_said("< 0\n");
}

static void it_is_connected_unasked(void **state)
{
	(void)state;
	connect_root();
	assert_true(str_eqz(sio_socket_id(stage.sockets[STAGE_ROOT]), "s1"));
	stage_receive("2[\"hello\",1]");
	stage_said("event /  hello [1]\n");
	stage_receive("27[\"hello\"]");
	stage_said("event / 7 hello []\n");
	sio_socket_ack(stage.sockets[STAGE_ROOT], 7, bytes_of("\x91\x01", 2));
	stage_said("< 37[1]\n");
	stage_receive("1");
	stage_said("disconnect / client\n");
}

static void it_does_not_ask_for_the_root_again(void **state)
{
	(void)state;
	connect_root();
	stage_receive("0");
	stage_said("close\n");
}

static void a_namespace_is_answered_without_data(void **state)
{
	(void)state;
	connect_root();
	stage_receive("0/chat,");
	stage_said("connect /chat -\n");
	stage_accept(stage.sockets[STAGE_CHAT]);
	stage_said("< 0/chat,\n");
	sio_socket_disconnect(stage.sockets[STAGE_CHAT]);
	stage_said("< 1/chat,\ndisconnect /chat server\n");
}

static void a_query_is_the_auth(void **state)
{
	(void)state;
	connect_root();
	stage_receive("0/admin?token=1&name=J%20D,");
	stage_said("connect /admin {\"token\":\"1\",\"name\":\"J D\"}\n");
	stage_accept(stage.sockets[STAGE_ADMIN]);
	stage_said("< 0/admin,\n");
	stage_receive("0/chat?");
	stage_said("connect /chat -\n");
	/* Of any other packet it means nothing. */
	stage_receive("2/admin?x=1,[\"a\"]");
	stage_said("event /admin  a []\n");
}

/* A token is longer than any name. */
static void a_query_may_be_long(void **state)
{
	char packet[700] = "0/chat?a=";

	(void)state;
	connect_root();
	memset(packet + strlen(packet), 'x', 600);
	stage_receive(packet);
	assert_true(str_has_prefix(buf_str(&stage.said), STR("connect /chat {\"a\":\"xxx")));
	buf_reset(&stage.said);
}

static void a_query_that_is_none_closes(void **state)
{
	(void)state;
	connect_root();
	stage_receive("0/chat?a=%ff,");
	stage_said("close parse error\n");
}

/* Today's namespaces may have a question mark in their name. */
static void only_old_clients_have_queries(void **state)
{
	(void)state;
	stage_receive("0/chat?token=1,");
	stage_said("< 4/chat?token=1,{\"message\":\"Invalid namespace\"}\n");
}

static void a_refusal_is_its_data_or_its_text(void **state)
{
	struct buf data = {0};

	(void)state;
	sio_client_begin_legacy(stage.client);
	stage_said("connect / -\n");
	sio_socket_refuse(stage.sockets[STAGE_ROOT], STR("No \"entry\""), (struct bytes){0});
	stage_said("< 4\"No \\\"entry\\\"\"\n");
	stage_receive("0/chat,");
	stage_said("connect /chat -\n");
	value_put_map(&data, 1);
	value_put_str_pair(&data, STR("code"), STR("c"));
	sio_socket_refuse(stage.sockets[STAGE_CHAT], STR("No"), buf_bytes(&data));
	stage_said("< 4/chat,{\"code\":\"c\"}\n");
	buf_free(&data);
}

static void an_unknown_namespace_is_refused_as_today(void **state)
{
	(void)state;
	connect_root();
	stage_receive("0/random?a=1,");
	stage_said("< 4/random,{\"message\":\"Invalid namespace\"}\n");
}

/* It was spoken to before its first message. */
static void its_parser_is_the_default_one(void **state)
{
	(void)state;
	connect_root();
	stage_receive_binary(bytes_of("\x82\xa4type\0\xa3nsp\xa1/", 12));
	stage_said("close parse error\n");
}

static void attachments_are_as_today(void **state)
{
	(void)state;
	connect_root();
	stage_receive("51-[\"e\",{\"_placeholder\":true,\"num\":0}]");
	stage_receive_binary(bytes_of("x", 1));
	stage_said("event /  e [{\"_placeholder\":true,\"num\":0}] <x>\n");
}

static void the_connect_timer_runs_until_it_is_let_in(void **state)
{
	(void)state;
	sio_client_begin_legacy(stage.client);
	sio_socket_refuse(stage.sockets[STAGE_ROOT], STR("No"), (struct bytes){0});
	assert_non_null(stage.timeouts.head);
	stage_receive("0/chat,");
	stage_accept(stage.sockets[STAGE_CHAT]);
	assert_null(stage.timeouts.head);
	buf_reset(&stage.said);
}

static void refuse_at_once(struct sio_socket *s)
{
	sio_socket_close_connection(s);
}

static void it_may_be_closed_at_once(void **state)
{
	(void)state;
	stage.in_connect = refuse_at_once;
	sio_client_begin_legacy(stage.client);
	stage_said("connect / -\nclose\n");
}

/* Both read the same bytes: one encoding for all. */
static struct frame *sent[2];
static unsigned sent_count;

static void keep_frame(void *down, struct frame *text, bool is_volatile)
{
	(void)down;
	(void)is_volatile;
	if (sent_count < ARRAY_LEN(sent))
		sent[sent_count++] = frame_ref(text);
}

static void up_connect(void *up, struct sio_socket *s, struct bytes auth)
{
	struct sio_socket **sockets = up;

	(void)auth;
	sockets[sockets[0] != NULL] = s;
}

static void up_disconnect(void *up, struct sio_socket *s, enum sio_end why)
{
	(void)up;
	(void)s;
	(void)why;
}

static void old_and_new_share_a_cast(void **state)
{
	static const char *const namespaces[] = {"/", NULL};
	static const struct sio_events events = {
	    .on_connect = up_connect, .on_disconnect = up_disconnect};
	static const struct sio_transport transport = {.send = keep_frame};
	const struct sio_conf conf = {namespaces, &stage.timeouts, 10, STAGE_MAX_ARGS};
	struct sio_socket *sockets[2] = {0};
	struct sio_client *old =
	    sio_client_new(&conf, &events, sockets, &transport, NULL, stage_start);
	struct sio_client *new =
	    sio_client_new(&conf, &events, sockets, &transport, NULL, stage_start);
	struct sio_cast *cast = sio_cast_new(STR("/"), STR("e"), bytes_of("\x90", 1));

	(void)state;
	sio_client_begin_legacy(old);
	sio_client_receive(new, bytes_of("0", 1), false);
	for (size_t i = 0; i < ARRAY_LEN(sockets); i++)
		sio_socket_send(sockets[i], cast, false);
	assert_int_equal(sent_count, 2);
	assert_ptr_equal(sent[0], sent[1]);
	sio_cast_free(&cast);
	for (size_t i = 0; i < ARRAY_LEN(sent); i++)
		frame_unref(&sent[i]);
	sio_client_free(&old);
	sio_client_free(&new);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(it_is_connected_unasked),
	    STAGED(it_does_not_ask_for_the_root_again),
	    STAGED(a_namespace_is_answered_without_data),
	    STAGED(a_query_is_the_auth),
	    STAGED(a_query_may_be_long),
	    STAGED(a_query_that_is_none_closes),
	    STAGED(only_old_clients_have_queries),
	    STAGED(a_refusal_is_its_data_or_its_text),
	    STAGED(an_unknown_namespace_is_refused_as_today),
	    STAGED(its_parser_is_the_default_one),
	    STAGED(attachments_are_as_today),
	    STAGED(the_connect_timer_runs_until_it_is_let_in),
	    STAGED(it_may_be_closed_at_once),
	    STAGED(old_and_new_share_a_cast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
