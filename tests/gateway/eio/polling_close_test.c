/*
 * How a session that is polled ends, by itself or by an upgrade, and its last words.
 */
#include "tests/gateway/eio/polling_stage.h"

#include "common/crypto.h"

#include <string.h>

static void test_second_poll(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_ask(s, &s->post, "GET", s->sid, 0);
	stage_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	stage_polled(s, "1");
	assert_int_equal(s->post.status, 400);
	assert_string_equal(s->post.body, "");
}

static void test_broken_off(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_end_turn(s);
	assert_true(exchange_drop(s->get.exchange));
	stage_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	stage_unknown(s);
	stage_end_turn(s);
	assert_int_equal(s->get.status, 0);
}

static void test_client_closes(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_send_text(s, "a");
	assert_int_equal(stage_post(s, "1\x1e"
				       "4b"),
	    200);
	stage_closed(s, EIO_CLOSE_TRANSPORT_CLOSE);
	assert_int_equal(s->heard.len, 0);
	stage_polled(s, "6");
	stage_unknown(s);
}

static void test_we_close(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_send_text(s, "a");
	assert_int_equal(stage_post(s, "4close\x1e"
				       "4b"),
	    200);
	assert_true(str_eqz(buf_str(&s->heard), "close;"));
	/* A stock client would hear "a" after it has come back, and again from its session. */
	stage_polled(s, "4a");
	stage_poll(s);
	stage_polled(s, "1");
	stage_unknown(s);
}

static void test_last_words_wait(void **state)
{
	struct stage *s = *state;
	struct mono due;

	stage_send_text(s, "a");
	assert_false(polls_next_due(s->set, &due));
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	stage_end_turn(s);
	assert_true(polls_next_due(s->set, &due));
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_POLLING);
	assert_int_equal(stage_post(s, "4b"), 400);
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_POLLING);
	stage_poll(s);
	stage_polled(s, "4a");
	assert_true(polls_next_due(s->set, &due));
	stage_poll(s);
	stage_polled(s, "1");
	stage_unknown(s);
	assert_false(polls_next_due(s->set, &due));
}

static void test_last_words_are_forgotten(void **state)
{
	struct stage *s = *state;
	struct mono due;

	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	stage_end_turn(s);
	assert_true(polls_next_due(s->set, &due));
	polls_expire(s->set, (struct mono){due.us - 1});
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_POLLING);
	polls_expire(s->set, due);
	stage_unknown(s);
	stage_end_turn(s);
	assert_false(polls_next_due(s->set, &due));
}

static void test_slow_consumer(void **state)
{
	struct stage *s = *state;
	char text[STAGE_QUEUE_MAX];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	stage_send_text(s, text);
	stage_send_text(s, text);
	stage_end_turn(s);
	stage_closed(s, EIO_CLOSE_SLOW_CONSUMER);
	stage_unknown(s);
}

static void do_nothing(void *wire)
{
	(void)wire;
}

static void close_nothing(void *wire, enum eio_close why)
{
	(void)wire;
	(void)why;
}

static const struct eio_transport fast = {
    .name = "fast", .wake = do_nothing, .close = close_nothing};

static enum eio_probe probe(struct stage *s, const char *text)
{
	return eio_session_probe(s->session, str_bytes(str_of(text)), false, s->now);
}

static void test_released_while_it_is_upgraded(void **state)
{
	struct stage *s = *state;

	assert_true(eio_session_admit(s->session, &fast, s, s->now));
	assert_int_equal(probe(s, "2probe"), EIO_PROBE_PONG);
	s->now = mono_add_ms(s->now, 100);
	eio_family_expire(s->family, s->now); /* nobody polls: nothing happens */
	stage_end_turn(s);
	stage_poll(s);
	stage_waits(s);
	s->now = mono_add_ms(s->now, 100);
	eio_family_expire(s->family, s->now);
	stage_polled(s, "6");
	stage_poll(s);
	stage_send_text(s, "a");
	s->now = mono_add_ms(s->now, 100);
	eio_family_expire(s->family, s->now);
	stage_polled(s, "4a"); /* what there is, and no noop beside it */
}

static void test_upgraded(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_ask(s, &s->post, "POST", s->sid, 2);
	stage_send_text(s, "a");
	assert_true(eio_session_admit(s->session, &fast, s, s->now));
	assert_int_equal(probe(s, "5"), EIO_PROBE_TAKEN);
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_WEBSOCKET);
	stage_polled(s, "6");
	assert_int_equal(eio_session_queue(s->session)->count, 1);
	stage_bring(s, bytes_of("4b", 2));
	stage_end_turn(s);
	assert_int_equal(s->post.status, 400);
	assert_int_equal(s->heard.len, 0);
	eio_session_close(s->session, EIO_CLOSE_TRANSPORT_CLOSE);
	eio_session_free(&s->session);
}

static void test_last_turn(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_send_text(s, "a");
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	polls_end_last_turn(s->set);
	assert_string_equal(s->get.body, "4a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_second_poll),
	    TEST(test_broken_off),
	    TEST(test_client_closes),
	    TEST(test_we_close),
	    TEST(test_last_words_wait),
	    TEST(test_last_words_are_forgotten),
	    TEST(test_slow_consumer),
	    TEST(test_released_while_it_is_upgraded),
	    TEST(test_upgraded),
	    TEST(test_last_turn),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
