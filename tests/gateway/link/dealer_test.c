#include "tests/check.h"

#include "gateway/link/dealer.h"

#include "proto/limits.h"
#include "tests/common/tempdir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { PATIENCE_MS = 20000, LOOK_MS = 2 };

/* A dealer in a real loop and a ROUTER of the same process. */
struct scene {
	struct tempdir *dir;
	char endpoint[256];
	struct loop *loop;
	struct dealer *dealer;
	void *context, *router;
	char id[256], heard[256]; /* last message, and whom it is from */
	size_t id_len;
	unsigned count, readable; /* messages heard; calls of on_readable */
	/* a wait */
	bool (*is_so)(struct scene *s);
	struct loop_timer *look;
	struct mono deadline;
	bool is_over;
};

static void on_readable(void *ctx)
{
	struct scene *s = ctx;

	s->readable++;
}

static void bind_router(struct scene *s)
{
	int none = 0;

	s->router = zmq_socket(s->context, ZMQ_ROUTER);
	zmq_setsockopt(s->router, ZMQ_LINGER, &none, sizeof(none));
	assert_int_equal(zmq_bind(s->router, s->endpoint), 0);
}

static void make_dealer(struct scene *s, const char *endpoint)
{
	struct dealer_conf conf = {.endpoint = endpoint};

	s->dealer = dealer_new(s->loop, &conf, on_readable, s);
}

static int setup(void **state)
{
	struct scene *s = test_calloc(1, sizeof(*s));

	s->dir = tempdir_new();
	s->loop = loop_new();
	s->context = zmq_ctx_new();
	snprintf(s->endpoint, sizeof(s->endpoint), "ipc://%s", tempdir_path(s->dir, "link.sock"));
	bind_router(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	dealer_free(&s->dealer, 0);
	dealer_free(&s->dealer, 0);
	zmq_close(s->router);
	zmq_ctx_term(s->context);
	loop_free(&s->loop);
	tempdir_free(&s->dir);
	test_free(s);
	return 0;
}

/* ---- the other side, and waiting ---- */

static void listen_once(struct scene *s)
{
	int n = zmq_recv(s->router, s->id, sizeof(s->id), ZMQ_DONTWAIT);

	if (n < 0)
		return;
	s->id_len = (size_t)n;
	n = zmq_recv(s->router, s->heard, sizeof(s->heard) - 1, ZMQ_DONTWAIT);
	assert_true(n >= 0);
	s->heard[n] = '\0';
	s->count++;
}

static void say(struct scene *s, const void *text, size_t len)
{
	assert_true(zmq_send(s->router, s->id, s->id_len, ZMQ_SNDMORE) > 0);
	assert_int_equal(zmq_send(s->router, text, len, 0), len);
}

static void look(void *ctx)
{
	struct scene *s = ctx;

	listen_once(s);
	s->is_over = s->is_so(s);
	if (s->is_over || !mono_before(clock_mono(), s->deadline))
		loop_stop(s->loop);
	else
		loop_timer_arm(s->look, LOOK_MS);
}

static void wait_until(struct scene *s, bool (*is_so)(struct scene *s))
{
	s->is_so = is_so;
	s->deadline = mono_add_ms(clock_mono(), PATIENCE_MS);
	s->look = loop_timer_new(s->loop, look, s);
	loop_timer_arm(s->look, 1);
	loop_run(s->loop);
	loop_timer_free(&s->look);
	assert_true(s->is_over);
}

static bool is_connected(struct scene *s)
{
	return dealer_is_connected(s->dealer);
}

static bool is_not_connected(struct scene *s)
{
	return !dealer_is_connected(s->dealer);
}

static bool has_heard(struct scene *s)
{
	return s->count > 0;
}

static bool has_more(struct scene *s)
{
	return dealer_has_more(s->dealer);
}

static void connect_dealer(struct scene *s)
{
	make_dealer(s, s->endpoint);
	assert_int_equal(dealer_open(s->dealer), ERR_OK);
	wait_until(s, is_connected);
}

static void send_and_hear(struct scene *s, const char *text)
{
	s->count = 0;
	assert_int_equal(dealer_send(s->dealer, bytes_of(text, strlen(text))), ERR_OK);
	wait_until(s, has_heard);
	assert_string_equal(s->heard, text);
}

/* ---- tests ---- */

static void assert_is_closed(const struct scene *s)
{
	struct bytes b;

	assert_false(dealer_is_open(s->dealer));
	assert_false(dealer_is_connected(s->dealer));
	assert_false(dealer_has_more(s->dealer));
	assert_int_equal(dealer_receive(s->dealer, &b), ERR_NOT_FOUND);
	assert_int_equal(dealer_send(s->dealer, bytes_of("x", 1)), ERR_UNAVAILABLE);
}

static void test_it_is_closed_at_first(void **state)
{
	struct scene *s = *state;

	make_dealer(s, s->endpoint);
	assert_is_closed(s);
	dealer_close(s->dealer);
	assert_is_closed(s);
}

static void test_bytes_go_both_ways(void **state)
{
	struct scene *s = *state;
	struct bytes b;

	connect_dealer(s);
	assert_true(dealer_is_open(s->dealer));
	assert_int_equal(dealer_receive(s->dealer, &b), ERR_NOT_FOUND);
	send_and_hear(s, "question");
	s->readable = 0;
	say(s, "one", 3);
	say(s, "two", 3);
	wait_until(s, has_more);
	assert_true(s->readable > 0);
	assert_int_equal(dealer_receive(s->dealer, &b), ERR_OK);
	assert_str_is(bytes_str(b), "one");
	wait_until(s, has_more);
	assert_int_equal(dealer_receive(s->dealer, &b), ERR_OK);
	assert_str_is(bytes_str(b), "two");
	assert_false(dealer_has_more(s->dealer));
	assert_int_equal(dealer_receive(s->dealer, &b), ERR_NOT_FOUND);
}

static void test_what_it_lent_outlives_closing(void **state)
{
	struct scene *s = *state;
	struct bytes b;

	connect_dealer(s);
	send_and_hear(s, "question");
	say(s, "answer", 6);
	wait_until(s, has_more);
	assert_int_equal(dealer_receive(s->dealer, &b), ERR_OK);
	dealer_close(s->dealer);
	assert_str_is(bytes_str(b), "answer");
	assert_is_closed(s);
}

/* Nothing under way in the old one is ever seen again. */
static void test_made_anew_it_begins_anew(void **state)
{
	struct scene *s = *state;
	char old_id[sizeof(s->id)];
	size_t old_id_len;

	connect_dealer(s);
	send_and_hear(s, "old");
	memcpy(old_id, s->id, s->id_len);
	old_id_len = s->id_len;
	say(s, "to the old", 10);
	wait_until(s, has_more);
	dealer_close(s->dealer);
	assert_int_equal(dealer_open(s->dealer), ERR_OK);
	wait_until(s, is_connected);
	send_and_hear(s, "new");
	assert_false(old_id_len == s->id_len && memcmp(old_id, s->id, old_id_len) == 0);
	say(s, "to the new", 10);
	wait_until(s, has_more);
	struct bytes b;

	assert_int_equal(dealer_receive(s->dealer, &b), ERR_OK);
	assert_str_is(bytes_str(b), "to the new");
}

/* Nothing is queued for somebody who is not there. */
static void test_nobody_there(void **state)
{
	struct scene *s = *state;

	connect_dealer(s);
	zmq_close(s->router);
	wait_until(s, is_not_connected);
	assert_true(dealer_is_open(s->dealer));
	assert_int_equal(dealer_send(s->dealer, bytes_of("lost", 4)), ERR_UNAVAILABLE);
	bind_router(s);
	wait_until(s, is_connected);
	send_and_hear(s, "found");
}

/* A message that no broker sends: it is not taken in, the connection ends. */
static void test_a_message_over_the_limit(void **state)
{
	struct scene *s = *state;
	char *big = test_calloc(1, LIMIT_LINK_MESSAGE + 1);
	struct bytes b;

	connect_dealer(s);
	send_and_hear(s, "question");
	say(s, big, LIMIT_LINK_MESSAGE);
	wait_until(s, has_more);
	assert_int_equal(dealer_receive(s->dealer, &b), ERR_OK);
	assert_int_equal(b.len, LIMIT_LINK_MESSAGE);
	say(s, big, LIMIT_LINK_MESSAGE + 1);
	test_free(big);
	wait_until(s, is_not_connected);
	assert_int_equal(dealer_receive(s->dealer, &b), ERR_NOT_FOUND);
}

static void test_what_was_sent_may_leave_at_the_end(void **state)
{
	struct scene *s = *state;
	zmq_pollitem_t item = {.socket = s->router, .events = ZMQ_POLLIN};

	connect_dealer(s);
	assert_int_equal(dealer_send(s->dealer, bytes_of("last", 4)), ERR_OK);
	dealer_free(&s->dealer, PATIENCE_MS);
	assert_null(s->dealer);
	assert_int_equal(zmq_poll(&item, 1, PATIENCE_MS), 1);
	listen_once(s);
	assert_string_equal(s->heard, "last");
}

static void test_bad_endpoints(void **state)
{
	static const char *const endpoints[] = {"", "nonsense", "carrier-pigeon://coop"};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		make_dealer(s, endpoints[i]);
		assert_int_equal(dealer_open(s->dealer), ERR_INVALID);
		assert_true(strlen(dealer_strerror(errno)) > 0);
		assert_is_closed(s);
		dealer_free(&s->dealer, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_it_is_closed_at_first),
	    TEST(test_bytes_go_both_ways),
	    TEST(test_what_it_lent_outlives_closing),
	    TEST(test_made_anew_it_begins_anew),
	    TEST(test_nobody_there),
	    TEST(test_a_message_over_the_limit),
	    TEST(test_what_was_sent_may_leave_at_the_end),
	    TEST(test_bad_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
