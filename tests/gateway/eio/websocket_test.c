#include "tests/gateway/eio/websocket_stage.h"

#include "common/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 70000 };

static void test_one_message_is_one_write_at_the_end_of_the_turn(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "hi");
	assert_int_equal(s->lws.writes, 0);
	stage_end_turn(s);
	WRITTEN(s, "\x81\x03\x34hi");
	stage_end_turn(s);
	assert_int_equal(s->lws.writes, 1);
	assert_int_equal(s->lws.asked, 0); /* no poll was touched */
}

static void test_several_leave_in_one_write(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "a");
	stage_send_text(s, "b");
	eio_family_expire(s->family, (struct mono){2000000});
	stage_end_turn(s);
	assert_int_equal(s->lws.writes, 1);
	WRITTEN(s, "\x81\x02\x34"
		   "a\x81\x02\x34"
		   "b\x81\x01\x32");
}

static void test_ping_alone(void **state)
{
	struct stage *s = *state;

	eio_family_expire(s->family, (struct mono){2000000});
	stage_end_turn(s);
	WRITTEN(s, "\x81\x01\x32");
}

/* What one frame holds is the same bytes for everyone, wherever it is in their queues. */
static void test_shared_frame(void **state)
{
	struct stage *s = *state;
	struct stage other = {.family = s->family};
	struct frame *f = frame_new(bytes_of("hello", 5));
	struct eio_session *mine = s->session;

	other.ws = websocket_new(s->set, stage_wire(&other), &(struct eio_handshake){0}, stage_now);
	other.session = s->session;
	s->session = mine;
	stage_end_turn(s);
	buf_reset(&other.lws.written);
	stage_send_text(s, "x");
	eio_session_send_binary(mine, f, EIO_SEND_NORMAL);
	eio_session_send(other.session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
	stage_end_turn(s);
	WRITTEN(s, "\x81\x02\x34x\x82\x05hello");
	WRITTEN(&other, "\x81\x06\x34hello");
	assert_int_equal(frame_live(), 0);
	websocket_closed(other.ws);
	stage_end_turn(s);
	buf_free(&other.lws.written);
	s->closed = 0;
}

static void test_waits_while_lws_has_something_buffered(void **state)
{
	struct stage *s = *state;

	s->lws.is_partial = true;
	stage_send_text(s, "a");
	assert_false(eio_session_is_lagging(s->session));
	stage_end_turn(s);
	assert_true(eio_session_is_lagging(s->session));
	stage_send_text(s, "b");
	stage_end_turn(s);
	assert_int_equal(s->lws.writes, 0);
	assert_int_equal(s->lws.asked, 1);
	s->lws.is_partial = false;
	websocket_writeable(s->ws);
	WRITTEN(s, "\x81\x02\x34"
		   "a\x81\x02\x34"
		   "b");
	assert_false(eio_session_is_lagging(s->session));
	websocket_writeable(s->ws);
	assert_int_equal(s->lws.writes, 1);
	assert_int_equal(s->lws.asked, 1);
}

static void test_more_than_a_write_takes(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 10; i++)
		stage_send_long(s, 10000);
	stage_end_turn(s);
	assert_int_equal(s->lws.writes, 1);
	assert_in_range(s->lws.written.len, 50000, 65536);
	assert_int_equal(s->lws.asked, 1);
	websocket_writeable(s->ws);
	assert_int_equal(s->lws.writes, 2);
	assert_int_equal(s->lws.written.len, 10 * 10005);
	assert_int_equal(s->lws.asked, 1);
	assert_int_equal(eio_session_queued_bytes(s->session), 0);
}

/* Longer than the scratch: straight from its frame, even with others behind it. */
static void test_long_one_with_others_behind(void **state)
{
	struct stage *s = *state;

	stage_send_long(s, CHUNK);
	stage_send_text(s, "a");
	stage_send_text(s, "b");
	stage_end_turn(s);
	assert_int_equal(s->lws.written.len, 11 + CHUNK);
	buf_reset(&s->lws.written);
	websocket_writeable(s->ws);
	WRITTEN(s, "\x81\x02\x34"
		   "a\x81\x02\x34"
		   "b");
}

static void test_write_that_fails(void **state)
{
	struct stage *s = *state;

	s->lws.is_broken = true;
	stage_send_text(s, "a");
	assert_true(stage_end_turn(s));
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
	assert_int_equal(s->lws.timeout, LWS_TO_KILL_ASYNC);
	stage_send_text(s, "b");
	stage_end_turn(s);
	websocket_writeable(s->ws);
	assert_int_equal(s->lws.writes, 1);
}

static void test_close_sends_what_waits_and_a_close_frame(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "44");
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	assert_int_equal(s->lws.writes, 0);
	assert_true(stage_end_turn(s)); /* libwebsockets must notice the deadline */
	WRITTEN(s, "\x81\x03\x34"
		   "44\x88\x0e\x03\xe8"
		   "forced close");
	assert_true(s->lws.timeout > 0);
	stage_end_turn(s);
	websocket_writeable(s->ws);
	assert_int_equal(s->lws.written.len, 0);
}

static void test_close_waits_for_the_socket(void **state)
{
	struct stage *s = *state;

	s->lws.is_partial = true;
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	stage_end_turn(s);
	assert_int_equal(s->lws.writes, 0);
	assert_int_equal(s->lws.asked, 1);
	s->lws.is_partial = false;
	websocket_writeable(s->ws);
	WRITTEN(s, "\x88\x16\x03\xe9server shutting down");
}

static void test_last_turn_does_not_wait_for_callbacks(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 20; i++)
		stage_send_long(s, 10000);
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	websockets_end_last_turn(s->set);
	assert_int_equal(s->lws.written.len, 20 * 10005 + 24);
}

static void test_last_turn_leaves_a_full_socket_alone(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 20; i++)
		stage_send_long(s, 10000);
	s->lws.becomes_partial = true;
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	websockets_end_last_turn(s->set);
	assert_int_equal(s->lws.writes, 1);
}

static void test_answer_to_our_close_ends_it(void **state)
{
	struct stage *s = *state;

	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	stage_end_turn(s);
	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8", 2)), -1);
	assert_int_equal(s->lws.writes, 1);
}

static void test_peer_closes(void **state)
{
	struct stage *s = *state;

	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8"
								"bye",
							   5)),
	    0);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
	stage_send_text(s, "a");
	stage_end_turn(s);
	assert_int_equal(s->lws.writes, 0); /* nothing after a close frame */
}

/* Question and farewell in one segment: the answer leaves before the close is answered. */
static void test_peer_closes_behind_a_question(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "a");
	stage_send_long(s, CHUNK);
	stage_send_text(s, "b");
	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8", 2)), 0);
	assert_int_equal(s->lws.written.len, 4 + 11 + CHUNK + 4);
	assert_int_equal(eio_session_queued_bytes(s->session), 0);
	buf_reset(&s->lws.written);
	stage_end_turn(s);
	assert_int_equal(s->lws.written.len, 0);
}

static void test_peer_closes_and_does_not_read(void **state)
{
	struct stage *s = *state;

	s->lws.becomes_partial = true;
	for (int i = 0; i < 20; i++)
		stage_send_long(s, 10000);
	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8", 2)), 0);
	assert_int_equal(s->lws.writes, 1);
	assert_int_equal(s->closed, 1);
	stage_end_turn(s);
	assert_int_equal(s->lws.writes, 1);
}

static void test_peer_closes_and_is_gone(void **state)
{
	struct stage *s = *state;

	s->lws.is_broken = true;
	stage_send_text(s, "a");
	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8", 2)), -1);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
}

/* What libwebsockets would echo, though RFC 6455 knows no such code. */
static void test_peer_closes_with_a_code_that_is_none(void **state)
{
	struct stage *s = *state;

	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x13\x88", 2)), -1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_ERROR);
	WRITTEN(s, "\x88\x02\x03\xea");
}

static void test_peer_closes_without_a_word(void **state)
{
	struct stage *s = *state;

	assert_int_equal(websocket_peer_closing(s->ws, bytes_of(NULL, 0)), 0);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
}

static void test_peer_closes_badly(void **state)
{
	struct stage *s = *state;

	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03", 1)), -1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_ERROR);
	WRITTEN(s, "\x88\x02\x03\xea");
}

static void test_peer_closes_with_bad_text(void **state)
{
	struct stage *s = *state;

	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8\xff", 3)), -1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_ERROR);
	WRITTEN(s, "\x88\x02\x03\xef");
}

static void test_gone(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "a");
	websocket_dropped(s->ws);
	websocket_closed(s->ws);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
	stage_end_turn(s);
	s->ws = NULL;
	assert_int_equal(s->lws.writes, 0);
	assert_int_equal(eio_family_open_count(s->family), 0);
}

/* libwebsockets closes by itself and still has the connection: the peer broke the protocol. */
static void test_dropped(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "a");
	websocket_dropped(s->ws);
	stage_end_turn(s);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_ERROR);
	assert_int_equal(s->lws.writes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_one_message_is_one_write_at_the_end_of_the_turn),
	    TEST(test_several_leave_in_one_write),
	    TEST(test_ping_alone),
	    TEST(test_shared_frame),
	    TEST(test_waits_while_lws_has_something_buffered),
	    TEST(test_more_than_a_write_takes),
	    TEST(test_long_one_with_others_behind),
	    TEST(test_write_that_fails),
	    TEST(test_close_sends_what_waits_and_a_close_frame),
	    TEST(test_close_waits_for_the_socket),
	    TEST(test_last_turn_does_not_wait_for_callbacks),
	    TEST(test_last_turn_leaves_a_full_socket_alone),
	    TEST(test_answer_to_our_close_ends_it),
	    TEST(test_peer_closes),
	    TEST(test_peer_closes_behind_a_question),
	    TEST(test_peer_closes_and_does_not_read),
	    TEST(test_peer_closes_and_is_gone),
	    TEST(test_peer_closes_with_a_code_that_is_none),
	    TEST(test_peer_closes_without_a_word),
	    TEST(test_peer_closes_badly),
	    TEST(test_peer_closes_with_bad_text),
	    TEST(test_gone),
	    TEST(test_dropped),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
