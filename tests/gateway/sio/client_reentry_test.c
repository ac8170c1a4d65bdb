/*
 * Client and sockets when the layers act inside of the calls they get: nothing is freed under
 * anybody's feet (the sanitizer watches), and everybody is told once.
 */
#include "gateway/sio/socket.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/gateway/sio/stage.h"

static const struct bytes no_args = {(const uint8_t *)"\x90", 1};

static void refuse_it(struct sio_socket *s)
{
	sio_socket_refuse(s, STR("No"), (struct bytes){0});
}

static void disconnect_it(struct sio_socket *s)
{
	sio_socket_disconnect(s);
}

static void accept_and_disconnect_it(struct sio_socket *s)
{
	stage_accept(s);
	sio_socket_disconnect(s);
}

static void close_it(struct sio_socket *s)
{
	sio_socket_close_connection(s);
}

static void free_client(void)
{
	sio_client_free(&stage.client);
}

static void free_client_of(struct sio_socket *s)
{
	sio_client_free(&stage.client);
	/* Still readable inside of the call that it was handed to. */
	assert_true(str_has_prefix(sio_socket_nsp(s), STR("/")));
}

static void disconnect_all(struct sio_socket *s)
{
	(void)s;
	sio_socket_disconnect(stage.sockets[STAGE_ROOT]);
	sio_socket_disconnect(stage.sockets[STAGE_CHAT]);
}

static void a_connect_is_refused_at_once(void **state)
{
	(void)state;
	stage.in_connect = refuse_it;
	stage_receive("0");
	stage_receive("0");
	stage_said("connect / -\n< 4{\"message\":\"No\"}\n"
		   "connect / -\n< 4{\"message\":\"No\"}\n");
	sio_client_free(&stage.client);
	stage_said("");
}

static void a_connect_is_ended_at_once(void **state)
{
	(void)state;
	stage.in_connect = disconnect_it;
	stage_receive("0");
	stage.in_connect = accept_and_disconnect_it;
	stage_receive("0");
	stage_said("connect / -\n< 1\ndisconnect / server\n"
		   "connect / -\n< 0{\"sid\":\"s1\"}\n< 1\ndisconnect / server\n");
}

static void a_connect_closes_the_connection(void **state)
{
	(void)state;
	stage.in_connect = close_it;
	stage_receive("0");
	stage_said("connect / -\nclose\n");
	sio_client_free(&stage.client);
	stage_said("disconnect / transport\n");
}

static void a_connect_frees_the_client(void **state)
{
	(void)state;
	stage.in_connect = free_client_of;
	stage_receive("0");
	stage_said("connect / -\ndisconnect / transport\n");
	assert_null(stage.client);
}

static void an_event_ends_its_own_socket(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_event = disconnect_it;
	stage_receive("2[\"bye\"]");
	stage_said("event /  bye []\n< 1\ndisconnect / server\n");
}

static void an_event_ends_all_sockets(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_event = disconnect_all;
	stage_receive("2[\"bye\"]");
	stage_said(
	    "event /  bye []\n< 1\ndisconnect / server\n< 1/chat,\ndisconnect /chat server\n");
}

static void an_event_closes_the_connection(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_event = close_it;
	stage_receive("2[\"bye\"]");
	stage_said("event /  bye []\nclose\n");
}

/* The way a real connection goes: close -> "it is closed" -> free, all inside of one event. */
static void a_close_frees_the_client(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_event = close_it;
	stage.in_close = free_client;
	stage_receive("2[\"bye\"]");
	stage_said("event /  bye []\nclose\ndisconnect /chat transport\ndisconnect / transport\n");
	assert_null(stage.client);
}

static void a_parse_error_frees_the_client(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_close = free_client;
	stage_receive("nonsense");
	stage_said("close parse error\ndisconnect /chat transport\ndisconnect / transport\n");
	assert_null(stage.client);
}

static void a_timeout_frees_the_client(void **state)
{
	(void)state;
	stage.in_close = free_client;
	stage_receive("0");
	sio_client_on_connect_timeout(stage.client);
	stage_said("connect / -\nclose\ndisconnect / transport\n");
	assert_null(stage.client);
}

/* A slow consumer: the connection dies of what is sent to it. */
static void a_send_frees_the_client(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_send = free_client;
	sio_socket_emit(stage.sockets[STAGE_ROOT], STR("e"), no_args);
	stage_said("< 2[\"e\"]\ndisconnect /chat transport\ndisconnect / transport\n");
	assert_null(stage.client);
}

static void a_refused_send_frees_the_client(void **state)
{
	(void)state;
	stage.in_send = free_client;
	stage_receive("0/random");
	stage_said("< 4/random,{\"message\":\"Invalid namespace\"}\n");
	assert_null(stage.client);
}

static void accepting_frees_the_client(void **state)
{
	(void)state;
	stage.in_send = free_client;
	stage.in_connect = stage_accept;
	stage_receive("0");
	stage_said("connect / -\n< 0{\"sid\":\"s1\"}\ndisconnect / transport\n");
	assert_null(stage.client);
}

static void refusing_frees_the_client(void **state)
{
	(void)state;
	stage.in_send = free_client;
	stage.in_connect = refuse_it;
	stage_receive("0");
	stage_said("connect / -\n< 4{\"message\":\"No\"}\n"); /* refused: nobody is told */
	assert_null(stage.client);
}

/* The send of DISCONNECT kills the connection: the socket ends once, for the first reason. */
static void disconnecting_frees_the_client(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_send = free_client;
	sio_socket_disconnect(stage.sockets[STAGE_ROOT]);
	stage_said("< 1\ndisconnect /chat transport\ndisconnect / transport\n");
	assert_null(stage.client);
}

static void the_last_call_ends_it_again(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_disconnect = disconnect_it;
	sio_socket_disconnect(stage.sockets[STAGE_ROOT]);
	stage_receive("1/chat,");
	stage_said("< 1\ndisconnect / server\ndisconnect /chat client\n");
}

static void send_to_it(struct sio_socket *s)
{
	sio_socket_emit(s, STR("late"), no_args);
	sio_socket_ack(s, 1, no_args);
}

static void the_last_call_sends(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_disconnect = send_to_it;
	stage_receive("1");
	sio_client_free(&stage.client);
	stage_said("disconnect / client\ndisconnect /chat transport\n");
}

static void the_last_call_frees_the_client(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_disconnect = free_client_of;
	stage_receive("1");
	stage_said("disconnect / client\ndisconnect /chat transport\n");
	assert_null(stage.client);
}

static void freeing_ends_the_others(void **state)
{
	(void)state;
	stage_connect_two();
	stage.in_disconnect = disconnect_all;
	sio_client_free(&stage.client);
	stage_said("disconnect /chat transport\ndisconnect / server\n");
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
	    TEST(a_connect_is_refused_at_once),
	    TEST(a_connect_is_ended_at_once),
	    TEST(a_connect_closes_the_connection),
	    TEST(a_connect_frees_the_client),
	    TEST(an_event_ends_its_own_socket),
	    TEST(an_event_ends_all_sockets),
	    TEST(an_event_closes_the_connection),
	    TEST(a_close_frees_the_client),
	    TEST(a_parse_error_frees_the_client),
	    TEST(a_timeout_frees_the_client),
	    TEST(a_send_frees_the_client),
	    TEST(a_refused_send_frees_the_client),
	    TEST(accepting_frees_the_client),
	    TEST(refusing_frees_the_client),
	    TEST(disconnecting_frees_the_client),
	    TEST(the_last_call_ends_it_again),
	    TEST(the_last_call_sends),
	    TEST(the_last_call_frees_the_client),
	    TEST(freeing_ends_the_others),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
