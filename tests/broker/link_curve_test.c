#include "tests/check.h"

#include "broker/link.h"
#include "tests/broker/visitor.h"

#include <string.h>
#include <zmq.h>

/* The door for gateways elsewhere: keys, and whose they are. */

enum { KEY_SIZE = 41, PART_SIZE = 256 };

struct world {
	void *context;
	void *zap; /* lets everybody in, as "east" */
	struct link *link;
	char broker_public[KEY_SIZE], broker_secret[KEY_SIZE];
	char public_key[KEY_SIZE], secret_key[KEY_SIZE];
	struct visitor *visitor;
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));
	struct link_conf conf = {.endpoints = {[LINK_TCP] = "tcp://127.0.0.1:*"},
	    .curve_secret = w->broker_secret,
	    .heartbeat_ms = 1000};
	char why[LINK_WHY_SIZE];

	w->context = zmq_ctx_new();
	w->zap = zmq_socket(w->context, ZMQ_REP);
	zmq_bind(w->zap, "inproc://zeromq.zap.01");
	zmq_curve_keypair(w->broker_public, w->broker_secret);
	zmq_curve_keypair(w->public_key, w->secret_key);
	*state = w;
	return link_new(w->context, &conf, why, &w->link) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	visitor_free(&w->visitor);
	link_free(&w->link);
	zmq_close(w->zap);
	zmq_ctx_term(w->context);
	test_free(w);
	return 0;
}

/* The neighbour that is asked about every key: yes, and it is east's. The second part of the
 * question is its number. */
static void let_in(struct world *w)
{
	static const char *const rest[] = {"200", "OK", "east", ""};
	char part[PART_SIZE], id[PART_SIZE];
	int n, id_len = 0, more = 1;
	size_t size = sizeof(more);

	for (int i = 0; more; i++) {
		n = zmq_recv(w->zap, part, sizeof(part), 0);
		if (i == 1)
			memcpy(id, part, (size_t)(id_len = n));
		zmq_getsockopt(w->zap, ZMQ_RCVMORE, &more, &size);
	}
	zmq_send(w->zap, "1.0", 3, ZMQ_SNDMORE);
	zmq_send(w->zap, id, (size_t)id_len, ZMQ_SNDMORE);
	for (size_t i = 0; i < ARRAY_LEN(rest); i++)
		zmq_send(
		    w->zap, rest[i], strlen(rest[i]), i + 1 < ARRAY_LEN(rest) ? ZMQ_SNDMORE : 0);
}

/* Waits until a ZeroMQ socket has news, answering the key check; false at the deadline. */
static bool wait_for(struct world *w, void *socket)
{
	for (;;) {
		zmq_pollitem_t items[] = {{.socket = w->zap, .events = ZMQ_POLLIN},
		    {.socket = socket, .events = ZMQ_POLLIN}};

		if (zmq_poll(items, ARRAY_LEN(items), VISITOR_DEADLINE_MS) <= 0)
			return false;
		if (items[0].revents)
			let_in(w);
		if (items[1].revents)
			return true;
	}
}

static enum visitor_fate wait_for_fate(struct world *w)
{
	enum visitor_fate fate = VISITOR_WAITING;

	while (fate == VISITOR_WAITING && wait_for(w, visitor_watch(w->visitor)))
		fate = visitor_fate(w->visitor);
	return fate;
}

static void test_a_letter_says_whose_key_it_came_under(void **state)
{
	struct world *w = *state;
	struct visitor_keys keys = {.broker_public = w->broker_public, .secret = w->secret_key};
	struct link_letter l;

	/* Where it listens is known, though the system chose the port. */
	w->visitor = visitor_new("any", link_endpoint(w->link, LINK_TCP), &keys);
	visitor_send(w->visitor, str_bytes(STR("ping")));
	assert_true(wait_for(w, link_socket(w->link, LINK_TCP)));
	assert_int_equal(link_receive(w->link, LINK_TCP, &l), ERR_OK);
	assert_str_is(l.user, "east");
	assert_str_is(bytes_str(l.body), "ping");
	assert_int_equal(l.from.door, LINK_TCP);
	assert_memory_equal(l.from.id, "any", 3);
	assert_int_equal(link_send(w->link, &l.from, str_bytes(STR("pong"))), ERR_OK);
	assert_string_equal(visitor_receive(w->visitor), "pong");
}

static void test_without_a_key_nobody_comes_in(void **state)
{
	struct world *w = *state;
	struct link_letter l;

	w->visitor = visitor_new("east", link_endpoint(w->link, LINK_TCP), NULL);
	visitor_send(w->visitor, str_bytes(STR("ping")));
	assert_int_equal(wait_for_fate(w), VISITOR_DROPPED);
	assert_int_equal(link_receive(w->link, LINK_TCP, &l), ERR_NOT_FOUND);
}

static void test_who_takes_us_for_another_broker_does_not_come_in(void **state)
{
	struct world *w = *state;
	struct visitor_keys keys = {.broker_public = w->public_key, .secret = w->secret_key};
	struct link_letter l;

	w->visitor = visitor_new("east", link_endpoint(w->link, LINK_TCP), &keys);
	visitor_send(w->visitor, str_bytes(STR("ping")));
	assert_int_equal(wait_for_fate(w), VISITOR_DROPPED);
	assert_int_equal(link_receive(w->link, LINK_TCP, &l), ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_letter_says_whose_key_it_came_under),
	    TEST(test_without_a_key_nobody_comes_in),
	    TEST(test_who_takes_us_for_another_broker_does_not_come_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
