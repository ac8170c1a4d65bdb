/*
 * The heartbeat of a session: when it is due, and what becomes of who does not answer.
 */
#include "tests/gateway/eio/session_stage.h"

#include "common/crypto.h"

static void test_ping_comes_after_the_interval(void **state)
{
	struct stage *s = *state;

	stage_at(s, 1000 + STAGE_INTERVAL - 1);
	stage_nothing_sent(s);
	stage_at(s, 1000 + STAGE_INTERVAL);
	assert_int_equal(s->woken, 1);
	stage_sent(s, EIO_PACKET_PING, "");
	stage_nothing_sent(s);
}

static void test_pong_starts_the_next_interval(void **state)
{
	struct stage *s = *state;

	stage_at(s, 1300);
	stage_sent(s, EIO_PACKET_PING, "");
	stage_at(s, 1450);
	stage_receive(s, "3");
	stage_at(s, 1749);
	stage_nothing_sent(s);
	stage_is_open(s);
	stage_at(s, 1750);
	stage_sent(s, EIO_PACKET_PING, "");
}

static void test_no_pong_closes_after_the_timeout(void **state)
{
	struct stage *s = *state;

	stage_at(s, 1300);
	stage_at(s, 1499);
	stage_is_open(s);
	stage_at(s, 1500);
	stage_closed(s, EIO_CLOSE_PING_TIMEOUT);
	assert_int_equal(s->open_count_on_close, 0);
	stage_nothing_sent(s); /* nobody reads there */
}

/* The client times out on missing pings, whatever else it hears: so traffic must not delay them. */
static void test_traffic_does_not_replace_the_heartbeat(void **state)
{
	struct stage *s = *state;

	for (uint64_t ms = 1000; ms < 1300; ms += 50) {
		stage_at(s, ms);
		stage_receive(s, "4busy");
		stage_send_text(s, "busy", EIO_SEND_NORMAL);
	}
	eio_queue_clear(eio_session_queue(s->session));
	stage_at(s, 1300);
	stage_sent(s, EIO_PACKET_PING, "");
	for (uint64_t ms = 1300; ms < 1500; ms += 50) {
		stage_at(s, ms);
		stage_receive(s, "4busy");
	}
	stage_is_open(s);
	stage_at(s, 1500);
	stage_closed(s, EIO_CLOSE_PING_TIMEOUT);
}

static void test_unasked_pong_does_not_delay_the_ping(void **state)
{
	struct stage *s = *state;

	for (uint64_t ms = 1000; ms < 1300; ms += 50) {
		stage_at(s, ms);
		stage_receive(s, "3");
	}
	stage_at(s, 1300);
	stage_sent(s, EIO_PACKET_PING, "");
}

static void test_heartbeat_ends_with_the_session(void **state)
{
	struct stage *s = *state;
	struct mono due;

	assert_true(eio_family_next_due(s->family, &due));
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	assert_false(eio_family_next_due(s->family, &due));
	stage_at(s, 100000);
	stage_nothing_sent(s);
}

static void test_next_due_is_exact(void **state)
{
	struct stage *s = *state;
	struct stage other = {.family = s->family};
	struct mono due;

	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, 1300 * 1000);
	stage_at(s, 1300);
	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, 1500 * 1000);
	/* A younger session is to be pinged before the older one times out: the earlier counts. */
	other.session = eio_session_new(s->family, &stage_transport, &other);
	struct eio_session *mine = s->session;

	s->session = other.session;
	eio_session_open(other.session, &(struct eio_handshake){.ip = STR("192.0.2.1")},
	    (struct mono){1150 * 1000});
	s->session = mine;
	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, 1450 * 1000);
	eio_session_close(other.session, EIO_CLOSE_FORCED_CLOSE);
	eio_session_free(&other.session);
	s->closed = 0; /* both tell the same layer above */
	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, 1500 * 1000);
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, stage_setup_open, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPEN(test_ping_comes_after_the_interval),
	    OPEN(test_pong_starts_the_next_interval),
	    OPEN(test_no_pong_closes_after_the_timeout),
	    OPEN(test_traffic_does_not_replace_the_heartbeat),
	    OPEN(test_unasked_pong_does_not_delay_the_ping),
	    OPEN(test_heartbeat_ends_with_the_session),
	    OPEN(test_next_due_is_exact),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
