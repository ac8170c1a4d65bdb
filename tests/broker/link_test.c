#include "tests/check.h"

#include "broker/link.h"
#include "common/clock.h"
#include "proto/limits.h"
#include "tests/broker/visitor.h"
#include "tests/common/tempdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct world {
	struct tempdir *dir;
	void *context;
	struct link *link;
	char why[LINK_WHY_SIZE];
	char endpoints[LINK_DOORS][256];
	char public_key[41], secret_key[41];
	struct visitor *one, *two;
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->dir = tempdir_new();
	w->context = zmq_ctx_new();
	zmq_curve_keypair(w->public_key, w->secret_key);
	snprintf(w->endpoints[LINK_IPC], 256, "ipc://%s", tempdir_path(w->dir, "link.sock"));
	snprintf(w->endpoints[LINK_CONTROL], 256, "ipc://%s", tempdir_path(w->dir, "control.sock"));
	snprintf(w->endpoints[LINK_TCP], 256, "tcp://127.0.0.1:*");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	visitor_free(&w->one);
	visitor_free(&w->two);
	link_free(&w->link);
	assert_null(w->link);
	link_free(&w->link);
	zmq_ctx_term(w->context);
	tempdir_free(&w->dir);
	test_free(w);
	return 0;
}

static enum err bind_doors(struct world *w, const char *ipc, const char *tcp, const char *control)
{
	struct link_conf conf = {
	    .endpoints = {[LINK_IPC] = ipc, [LINK_TCP] = tcp, [LINK_CONTROL] = control},
	    .curve_secret = w->secret_key,
	    .heartbeat_ms = 1000};

	return link_new(w->context, &conf, w->why, &w->link);
}

static int setup_ipc(void **state)
{
	setup(state);
	struct world *w = *state;

	return bind_doors(w, w->endpoints[LINK_IPC], "", "") == ERR_OK ? 0 : -1;
}

/* Waits until a ZeroMQ socket has news; false at the deadline. */
static bool wait_for(void *socket)
{
	zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

	return zmq_poll(&item, 1, VISITOR_DEADLINE_MS) == 1;
}

static struct link_letter next_letter(struct world *w, enum link_door door)
{
	struct link_letter letter;

	/* What woke us may have been thrown away. */
	while (wait_for(link_socket(w->link, door))) {
		if (link_receive(w->link, door, &letter) == ERR_OK)
			return letter;
	}
	fail_msg("no letter came");
	return (struct link_letter){0};
}

static void assert_letter(const struct link_letter *l, const char *id, const char *body)
{
	assert_int_equal(l->from.len, strlen(id));
	assert_memory_equal(l->from.id, id, strlen(id));
	assert_true(str_eqz(bytes_str(l->body), body));
}

static void test_there_and_back(void **state)
{
	struct world *w = *state;
	struct link_letter l;

	w->one = visitor_new("east", w->endpoints[LINK_IPC], NULL);
	visitor_send(w->one, str_bytes(STR("ping")));
	l = next_letter(w, LINK_IPC);
	assert_letter(&l, "east", "ping");
	assert_int_equal(l.from.door, LINK_IPC);
	assert_int_equal(l.user.len, 0);
	assert_int_equal(link_send(w->link, &l.from, str_bytes(STR("pong"))), ERR_OK);
	assert_string_equal(visitor_receive(w->one), "pong");
	assert_int_equal(link_receive(w->link, LINK_IPC, &l), ERR_NOT_FOUND);
}

static void test_letters_come_in_order(void **state)
{
	struct world *w = *state;

	w->one = visitor_new("east", w->endpoints[LINK_IPC], NULL);
	for (char c = 'a'; c <= 'z'; c++)
		visitor_send(w->one, bytes_of(&c, 1));
	visitor_send(w->one, (struct bytes){0});
	for (char c = 'a'; c <= 'z'; c++) {
		struct link_letter l = next_letter(w, LINK_IPC);

		assert_letter(&l, "east", (char[]){c, '\0'});
	}
	struct link_letter empty = next_letter(w, LINK_IPC);

	assert_letter(&empty, "east", "");
}

static void test_a_closed_door(void **state)
{
	struct world *w = *state;
	struct link_letter l;
	struct link_address nowhere = {.door = LINK_TCP, .len = 4, .id = "east"};

	assert_null(link_socket(w->link, LINK_TCP));
	assert_string_equal(link_endpoint(w->link, LINK_TCP), "");
	assert_int_equal(link_receive(w->link, LINK_TCP, &l), ERR_NOT_FOUND);
	assert_int_equal(link_send(w->link, &nowhere, str_bytes(STR("x"))), ERR_CLOSED);
}

static void test_nobody_is_there(void **state)
{
	struct world *w = *state;
	struct link_address unknown = {.door = LINK_IPC, .len = 4, .id = "west"};
	struct link_letter l;

	w->one = visitor_new("east", w->endpoints[LINK_IPC], NULL);
	visitor_send(w->one, str_bytes(STR("ping")));
	l = next_letter(w, LINK_IPC);
	/* The body must not be taken for the next address. */
	assert_int_equal(link_send(w->link, &unknown, str_bytes(STR("east"))), ERR_CLOSED);
	assert_int_equal(link_send(w->link, &l.from, str_bytes(STR("pong"))), ERR_OK);
	assert_string_equal(visitor_receive(w->one), "pong");
}

static void test_who_left_is_not_there(void **state)
{
	struct world *w = *state;
	struct mono end = mono_add_ms(clock_mono(), VISITOR_DEADLINE_MS);
	struct link_letter l;
	enum err e = ERR_OK;

	w->one = visitor_new("east", w->endpoints[LINK_IPC], NULL);
	visitor_send(w->one, str_bytes(STR("ping")));
	l = next_letter(w, LINK_IPC);
	visitor_free(&w->one);
	while (!e && mono_before(clock_mono(), end))
		e = link_send(w->link, &l.from, str_bytes(STR("pong")));
	assert_int_equal(e, ERR_CLOSED);
}

static void test_a_letter_has_one_part(void **state)
{
	static const char *const parts[] = {"", "two", "three"};
	struct world *w = *state;
	struct link_letter l;

	w->one = visitor_new("east", w->endpoints[LINK_IPC], NULL);
	visitor_send_parts(w->one, parts, 2);
	visitor_send_parts(w->one, parts, 3);
	visitor_send(w->one, str_bytes(STR("whole")));
	l = next_letter(w, LINK_IPC);
	assert_letter(&l, "east", "whole");
	assert_int_equal(link_receive(w->link, LINK_IPC, &l), ERR_NOT_FOUND);
}

static void test_too_big_a_letter_is_dropped(void **state)
{
	struct world *w = *state;
	uint8_t *zeros = xcalloc(LIMIT_LINK_MESSAGE + 1, 1);
	enum visitor_fate fate = VISITOR_WAITING;
	struct link_letter l;

	w->one = visitor_new(NULL, w->endpoints[LINK_IPC], NULL);
	visitor_send(w->one, bytes_of(zeros, LIMIT_LINK_MESSAGE));
	l = next_letter(w, LINK_IPC);
	assert_int_equal(l.body.len, LIMIT_LINK_MESSAGE);
	visitor_send(w->one, bytes_of(zeros, LIMIT_LINK_MESSAGE + 1));
	free(zeros);
	while (fate != VISITOR_DROPPED && wait_for(visitor_watch(w->one)))
		fate = visitor_fate(w->one);
	assert_int_equal(fate, VISITOR_DROPPED);
	/* It comes back by itself and is heard again. */
	visitor_send(w->one, str_bytes(STR("small")));
	l = next_letter(w, LINK_IPC);
	assert_str_is(bytes_str(l.body), "small");
}

/* A name is only what a socket calls itself: the second of that name is not heard. */
static void test_the_same_name_again_does_not_take_the_place(void **state)
{
	struct world *w = *state;
	struct link_letter l;

	w->one = visitor_new("east", w->endpoints[LINK_IPC], NULL);
	visitor_send(w->one, str_bytes(STR("first")));
	l = next_letter(w, LINK_IPC);
	w->two = visitor_new("east", w->endpoints[LINK_IPC], NULL);
	assert_true(wait_for(visitor_watch(w->two)));
	assert_int_equal(visitor_fate(w->two), VISITOR_IN);
	visitor_send(w->two, str_bytes(STR("second")));
	visitor_send(w->one, str_bytes(STR("first again")));
	l = next_letter(w, LINK_IPC);
	assert_letter(&l, "east", "first again");
	assert_int_equal(link_send(w->link, &l.from, str_bytes(STR("pong"))), ERR_OK);
	assert_string_equal(visitor_receive(w->one), "pong");
	assert_int_equal(link_receive(w->link, LINK_IPC, &l), ERR_NOT_FOUND);
}

static void test_doors_are_apart(void **state)
{
	struct world *w = *state;
	struct link_letter gateway, operator;

	assert_int_equal(
	    bind_doors(w, w->endpoints[LINK_IPC], "", w->endpoints[LINK_CONTROL]), ERR_OK);
	w->one = visitor_new("same", w->endpoints[LINK_IPC], NULL);
	w->two = visitor_new("same", w->endpoints[LINK_CONTROL], NULL);
	visitor_send(w->one, str_bytes(STR("gateway")));
	visitor_send(w->two, str_bytes(STR("operator")));
	gateway = next_letter(w, LINK_IPC);
	operator= next_letter(w, LINK_CONTROL);
	/* The first is still good: views live until the next call on their own door. */
	assert_letter(&gateway, "same", "gateway");
	assert_letter(&operator, "same", "operator");
	assert_false(link_address_eq(&gateway.from, &operator.from));
	assert_int_equal(link_send(w->link, &operator.from, str_bytes(STR("to two"))), ERR_OK);
	assert_int_equal(link_send(w->link, &gateway.from, str_bytes(STR("to one"))), ERR_OK);
	assert_string_equal(visitor_receive(w->one), "to one");
	assert_string_equal(visitor_receive(w->two), "to two");
}

static void test_which_addresses_are_the_same(void **state)
{
	struct link_address a = {.door = LINK_IPC, .len = 4, .id = "east"}, b = a;

	(void)state;
	b.id[4] = 'x'; /* beyond its end */
	assert_true(link_address_eq(&a, &b));
	b.len = 5;
	assert_false(link_address_eq(&a, &b));
	b = a;
	b.id[0] = 'E';
	assert_false(link_address_eq(&a, &b));
	b = a;
	b.door = LINK_CONTROL;
	assert_false(link_address_eq(&a, &b));
}

/* ---- what cannot be bound ---- */

static void test_an_address_in_use(void **state)
{
	struct world *w = *state, other = {.context = w->context};

	assert_int_equal(bind_doors(w, "", w->endpoints[LINK_TCP], ""), ERR_OK);
	assert_int_equal(bind_doors(&other, "", link_endpoint(w->link, LINK_TCP), ""), ERR_BUSY);
	assert_null(other.link);
	assert_non_null(strstr(other.why, link_endpoint(w->link, LINK_TCP)));
	assert_non_null(
	    strstr(other.why, "another process listens there: stop it or choose another endpoint"));
}

static void test_what_is_no_place_to_listen(void **state)
{
	static const struct {
		const char *endpoint, *hint;
	} bad[] = {
	    {"ipc:///no/such/directory/link.sock", "its directory exists and is writable"},
	    {"pigeon://127.0.0.1:7400", "check that the endpoint is well-formed"},
	    {"127.0.0.1:7400", "check that the endpoint is well-formed"},
	    {"tcp://127.0.0.1:seven", "check that the endpoint is well-formed"},
	    {"tcp://192.0.2.1:7400", "this machine has no such address"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
		    bind_doors(w, w->endpoints[LINK_IPC], bad[i].endpoint, ""), ERR_SYSTEM);
		assert_null(w->link);
		assert_non_null(strstr(w->why, bad[i].endpoint));
		assert_non_null(strstr(w->why, bad[i].hint));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define IPC_TEST(name) cmocka_unit_test_setup_teardown(name, setup_ipc, teardown)
	const struct CMUnitTest tests[] = {
	    IPC_TEST(test_there_and_back),
	    IPC_TEST(test_letters_come_in_order),
	    IPC_TEST(test_a_closed_door),
	    IPC_TEST(test_nobody_is_there),
	    IPC_TEST(test_who_left_is_not_there),
	    IPC_TEST(test_a_letter_has_one_part),
	    IPC_TEST(test_too_big_a_letter_is_dropped),
	    IPC_TEST(test_the_same_name_again_does_not_take_the_place),
	    TEST(test_doors_are_apart),
	    cmocka_unit_test(test_which_addresses_are_the_same),
	    TEST(test_an_address_in_use),
	    TEST(test_what_is_no_place_to_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
