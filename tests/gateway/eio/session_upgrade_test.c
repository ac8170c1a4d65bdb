#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/session_priv.h"

#include "common/crypto.h"

#include <stdlib.h>

/* A session that moves from one connection to another. session_test.c has the rest of its life. */

struct line {
	int woken, released, discarded, closed;
	enum eio_close why;
};

struct scene {
	struct eio_family *family;
	struct eio_session *session;
	struct line poll, candidate;
	struct mono now;
	int closed;
};

static void on_wake(void *wire)
{
	((struct line *)wire)->woken++;
}

static void on_release(void *wire)
{
	((struct line *)wire)->released++;
}

static void on_discard(void *wire)
{
	((struct line *)wire)->discarded++;
}

static void on_hang_up(void *wire, enum eio_close why)
{
	struct line *line = wire;

	line->closed++;
	line->why = why;
}

static const struct eio_transport slow = {.name = "slow",
    .may_upgrade = true,
    .wake = on_wake,
    .release = on_release,
    .discard = on_discard,
    .close = on_hang_up};
static const struct eio_transport fast = {.name = "fast", .wake = on_wake, .close = on_hang_up};

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	(void)up;
	(void)session;
	(void)h;
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	(void)up;
	(void)session;
	(void)message;
	(void)is_binary;
}

static void on_close(void *up, struct eio_session *session, enum eio_close why)
{
	(void)session;
	(void)why;
	((struct scene *)up)->closed++;
}

static const struct eio_events events = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

static struct eio_session *open_session(struct scene *s, const struct eio_transport *transport)
{
	struct eio_session *session = eio_session_new(s->family, transport, &s->poll);

	eio_session_open(session, &(struct eio_handshake){0}, s->now);
	return session;
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {1000, 1000, 1000, 1000, 500, {0}};

	s->now = (struct mono){1000000};
	s->family = eio_family_new(&rules, &events, s);
	s->session = open_session(s, &slow);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	eio_session_close(s->session, EIO_CLOSE_TRANSPORT_CLOSE);
	assert_int_equal(s->closed, 1);
	eio_session_free(&s->session);
	eio_family_free(&s->family);
	free(s);
	return 0;
}

static bool admit(struct scene *s)
{
	return eio_session_admit(s->session, &fast, &s->candidate, s->now);
}

static enum eio_probe say(struct scene *s, const char *text)
{
	return eio_session_probe(s->session, str_bytes(str_of(text)), false, s->now);
}

static void wait_ms(struct scene *s, uint64_t ms)
{
	s->now = mono_add_ms(s->now, ms);
	eio_family_expire(s->family, s->now);
}

static void test_open_packet_offers_the_upgrade(void **state)
{
	struct scene *s = *state;
	struct bytes open = frame_bytes(eio_queue_at(eio_session_queue(s->session), 0)->frame);

	assert_memory_equal(open.p + 30, "\"upgrades\":[\"websocket\"]", 24);
}

static void test_moves(void **state)
{
	struct scene *s = *state;

	assert_string_equal(eio_session_transport(s->session), "slow");
	assert_ptr_equal(eio_session_wire(s->session, &slow), &s->poll);
	assert_null(eio_session_wire(s->session, &fast));
	assert_true(admit(s));
	assert_int_equal(say(s, "2probe"), EIO_PROBE_PONG);
	assert_string_equal(eio_session_transport(s->session), "slow");
	assert_int_equal(say(s, "5"), EIO_PROBE_TAKEN);
	assert_string_equal(eio_session_transport(s->session), "fast");
	assert_ptr_equal(eio_session_wire(s->session, &fast), &s->candidate);
	assert_int_equal(s->poll.discarded, 1);
	assert_int_equal(s->candidate.woken, 1); /* for what waits: the open packet */
	assert_int_equal(eio_session_queue(s->session)->count, 1);
	assert_int_equal(s->poll.closed + s->candidate.closed, 0);
	wait_ms(s, 600);
	assert_int_equal(s->candidate.closed, 0); /* its deadline is off */
	wait_ms(s, 400);
	assert_int_equal(s->candidate.woken, 2); /* the ping */
	assert_false(admit(s));
}

static void test_polls_are_let_go_after_the_probe(void **state)
{
	struct scene *s = *state;
	struct mono due;

	assert_true(admit(s));
	wait_ms(s, 200);
	assert_int_equal(s->poll.released, 0);
	(void)say(s, "2probe");
	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, s->now.us + 100000);
	wait_ms(s, 100);
	wait_ms(s, 100);
	assert_int_equal(s->poll.released, 2);
	eio_session_dismiss(s->session);
	wait_ms(s, 100);
	assert_int_equal(s->poll.released, 2);
	assert_true(admit(s));
}

static void test_one_candidate_at_a_time(void **state)
{
	struct scene *s = *state;

	assert_true(admit(s));
	assert_false(admit(s));
}

static void test_wrong_word(void **state)
{
	struct scene *s = *state;

	assert_true(admit(s));
	assert_int_equal(say(s, "4x"), EIO_PROBE_FAILED);
	assert_int_equal(s->candidate.closed, 0); /* who asked closes it */
	assert_true(admit(s));
}

static void test_candidate_that_takes_too_long(void **state)
{
	struct scene *s = *state;

	assert_true(admit(s));
	wait_ms(s, 500);
	assert_int_equal(s->candidate.closed, 1);
	assert_int_equal(s->candidate.why, EIO_CLOSE_UPGRADE_ERROR);
	assert_true(eio_session_is_open(s->session));
	assert_true(admit(s));
}

static void test_session_that_closes_takes_its_candidate_along(void **state)
{
	struct scene *s = *state;

	assert_true(admit(s));
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	assert_int_equal(s->candidate.closed, 1);
	assert_int_equal(s->candidate.why, EIO_CLOSE_FORCED_CLOSE);
	assert_int_equal(s->poll.closed, 1);
	assert_false(admit(s));
}

static void test_found_by_id(void **state)
{
	struct scene *s = *state;
	struct str id = str_of(eio_session_id(s->session));
	struct eio_session *other = open_session(s, &fast);

	assert_ptr_equal(eio_family_find(s->family, id), s->session);
	assert_ptr_equal(eio_family_find(s->family, str_of(eio_session_id(other))), other);
	assert_null(eio_family_find(s->family, STR("")));
	assert_null(eio_family_find(s->family, STR("__proto__")));
	assert_null(eio_family_find(s->family, STR("aaaaaaaaaaaaaaaaaaaa")));
	eio_session_close(other, EIO_CLOSE_FORCED_CLOSE);
	eio_session_free(&other);
	s->closed = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_open_packet_offers_the_upgrade),
	    TEST(test_moves),
	    TEST(test_polls_are_let_go_after_the_probe),
	    TEST(test_one_candidate_at_a_time),
	    TEST(test_wrong_word),
	    TEST(test_candidate_that_takes_too_long),
	    TEST(test_session_that_closes_takes_its_candidate_along),
	    TEST(test_found_by_id),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
