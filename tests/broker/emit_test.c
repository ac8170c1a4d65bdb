#include "broker/emit.h"

#include "broker/entry.h"
#include "broker/work.h"
#include "proto/value.h"
#include "tests/broker/admin_fixture.h"
#include "tests/fakes/link.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
	int result = desk_setup(state);
	struct desk *d = *state;

	desk_populate(d);
	d->w->b.admin = d->admin;
	world_forget_heard(d->w);
	return result;
}

static const char *emit(struct desk *d, const char *to, const char *target)
{
	return desk_ask_emit(d, &(struct desk_emit){.to = to, .target = target});
}

static void test_all_sockets_of_a_user_hear_it(void **state)
{
	struct desk *d = *state;

	assert_string_equal(emit(d, "user", "ann"), "ok {\"sockets\":2,\"gateways\":2}");
	assert_true(fake_peer_heard(&d->w->east,
	    "CAST{nsp=\"/chat\" room=\"user:ann\" except=<1:c0> event=\"hi\" "
	    "args=<3:91a178> is_volatile=false}"));
	assert_true(fake_peer_heard(&d->w->west, "CAST{nsp=\"/chat\" room=\"user:ann\""));
}

static void test_a_room_hears_it_where_it_has_members(void **state)
{
	struct desk *d = *state;

	world_join(d->w, &d->w->east, "e2", "lobby");
	world_forget_heard(d->w);
	assert_string_equal(emit(d, "room", "lobby"), "ok {\"sockets\":2,\"gateways\":1}");
	assert_true(fake_peer_heard(&d->w->east, "CAST{nsp=\"/chat\" room=\"lobby\""));
	assert_int_equal(d->w->west.heard.len, 0);
}

static void test_one_socket_hears_it(void **state)
{
	struct desk *d = *state;

	assert_string_equal(emit(d, "socket", "w1"), "ok {\"sockets\":1,\"gateways\":1}");
	assert_true(fake_peer_heard(&d->w->west,
	    "SEND{socket=\"w1\" event=\"hi\" args=<3:91a178> has_ack=false ack=0 "
	    "is_volatile=false}"));
	assert_int_equal(d->w->east.heard.len, 0);
}

static void test_a_socket_is_known_by_what_its_client_knows(void **state)
{
	struct desk *d = *state;
	struct session *s;

	d->w->b.config.recovery = true;
	world_connect(d->w, &d->w->east, "e9", "eve");
	world_commit(d->w);
	s = world_session(d->w, "e9");
	world_return(d->w, &d->w->west, "w9", "eve", s->pid, "");
	world_commit(d->w);
	world_forget_heard(d->w);
	assert_string_equal(emit(d, "socket", "e9"), "ok {\"sockets\":1,\"gateways\":1}");
	assert_true(fake_peer_heard(&d->w->west, "SEND{socket=\"w9\""));
	assert_int_equal(d->w->east.heard.len, 0);
	world_lose(d->w, &d->w->west, "w9");
	assert_string_equal(emit(d, "socket", "e9"),
	    "UNAVAILABLE: socket \"e9\" has no connection now; its client may come back to it");
	assert_string_equal(emit(d, "user", "eve"),
	    "UNAVAILABLE: user \"eve\" is not connected to namespace /chat");
}

static void test_who_is_not_there(void **state)
{
	struct desk *d = *state;

	assert_string_equal(emit(d, "user", "nobody"),
	    "UNAVAILABLE: user \"nobody\" is not connected to namespace /chat");
	assert_string_equal(
	    desk_ask_emit(d, &(struct desk_emit){.nsp = "/fixed", .to = "user", .target = "ann"}),
	    "UNAVAILABLE: user \"ann\" is not connected to namespace /fixed");
	assert_string_equal(emit(d, "room", "void"),
	    "NOT_FOUND: no room \"void\" in namespace /chat; `rooms` lists them, --nsp names "
	    "another namespace");
	assert_string_equal(emit(d, "socket", "e7"),
	    "NOT_FOUND: no socket \"e7\" in namespace /chat; `members` lists those of a room");
	assert_string_equal(
	    desk_ask_emit(d, &(struct desk_emit){.nsp = "/fixed", .to = "socket", .target = "e1"}),
	    "NOT_FOUND: no socket \"e1\" in namespace /fixed; `members` lists those of a room");
	world_leave(d->w, &d->w->east, "e1", "lobby");
	assert_string_equal(
	    emit(d, "room", "lobby"), "UNAVAILABLE: nobody is in room \"lobby\" of /chat");
}

static void test_what_makes_no_sense(void **state)
{
	struct desk *d = *state;
	char name[LIMIT_EVENT + 2] = "";

	assert_string_equal(
	    desk_ask_emit(d, &(struct desk_emit){.nsp = "/mars", .to = "user", .target = "ann"}),
	    "NOT_FOUND: no namespace /mars in the configuration");
	assert_string_equal(emit(d, "user", ""), "INVALID: for whom? A user, a room or a socket");
	assert_string_equal(
	    emit(d, "colour", "red"), "INVALID: for whom? A user, a room or a socket");
	memset(name, 'x', sizeof(name) - 1);
	assert_string_equal(
	    desk_ask_emit(d, &(struct desk_emit){.to = "user", .target = "ann", .event = name}),
	    "INVALID: the name of an event has 1 to 256 bytes");
	assert_string_equal(
	    desk_ask_emit(d, &(struct desk_emit){.to = "user", .target = "ann", .event = ""}),
	    "INVALID: the name of an event has 1 to 256 bytes");
	assert_string_equal(
	    desk_ask_emit(
		d, &(struct desk_emit){.to = "user", .target = "ann", .event = "disconnect"}),
	    "INVALID: \"disconnect\" is a name that clients keep for themselves: hearing it they "
	    "would close the connection");
	assert_string_equal(desk_ask_emit(d, &(struct desk_emit){.to = "user",
						 .target = "ann",
						 .timeout_ms = EMIT_TIMEOUT_MAX_MS + 1}),
	    "INVALID: timeout must be 1 to 600000 ms, retries at most 100");
	assert_int_equal(d->w->east.heard.len, 0);
}

static void test_arguments_are_an_array(void **state)
{
	static const char *const bad[] = {"\xc0", "\x80", "\xa1x"};
	struct desk *d = *state;
	struct emit_order order = {.nsp = STR("/chat"), .event = STR("hi"), .user = STR("ann")};
	char text[EMIT_TEXT_SIZE];
	struct buf deep = {0}, value = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		order.args = bytes_of(bad[i], strlen(bad[i]));
		assert_int_equal(emit_run(&d->w->b, &order, &value, text), ERR_INVALID);
		assert_string_equal(text, "the arguments are no array, or nested deeper than 32");
	}
	for (int i = 0; i < LIMIT_VALUE_DEPTH; i++)
		value_put_array(&deep, 1);
	value_put_nil(&deep);
	order.args = buf_bytes(&deep);
	assert_int_equal(emit_run(&d->w->b, &order, &value, text), ERR_OK);
	buf_reset(&deep);
	for (int i = 0; i <= LIMIT_VALUE_DEPTH; i++)
		value_put_array(&deep, 1);
	value_put_nil(&deep);
	order.args = buf_bytes(&deep);
	assert_int_equal(emit_run(&d->w->b, &order, &value, text), ERR_INVALID);
	buf_free(&deep);
	buf_free(&value);
}

static void test_whom_a_worker_has_yet_to_let_in_hears_nothing(void **state)
{
	struct desk *d = *state;
	struct peer north = {.name = "north", .boot = 33, .generation = 1};
	struct wire_message serve = {.type = WIRE_SERVE};
	const struct desk_emit order = {.nsp = "/work", .to = "user", .target = "guest:1"};

	serve.as.serve.namespaces = bytes_of("\x91\xa5/work", 7);
	work_on_serve(&d->w->b, &north, &serve);
	world_connect_to(d->w, &d->w->east, "/work", "k1", "guest:1");
	assert_non_null(strstr(desk_ask_emit(d, &order), "UNAVAILABLE: user \"guest:1\""));
	world_session(d->w, "k1")->ward->is_admitted = true;
	assert_string_equal(desk_ask_emit(d, &order), "ok {\"sockets\":1,\"gateways\":1}");
	assert_true(fake_peer_heard(&d->w->east, "CAST{nsp=\"/work\" room=\"user:guest:1\""));
	work_on_peer_gone(&d->w->b, &north);
	buf_free(&north.heard);
}

static void test_names_are_cut_between_characters(void **state)
{
	struct desk *d = *state;
	char name[100] = "";

	for (int i = 0; i < 30; i++)
		strcat(name, "\u20ac");
	assert_non_null(strstr(emit(d, "room", name), "\u20ac\" in namespace /chat"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_all_sockets_of_a_user_hear_it),
	    TEST(test_a_room_hears_it_where_it_has_members),
	    TEST(test_one_socket_hears_it),
	    TEST(test_a_socket_is_known_by_what_its_client_knows),
	    TEST(test_who_is_not_there),
	    TEST(test_what_makes_no_sense),
	    TEST(test_arguments_are_an_array),
	    TEST(test_whom_a_worker_has_yet_to_let_in_hears_nothing),
	    TEST(test_names_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
