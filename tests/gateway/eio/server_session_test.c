/*
 * Sessions of a server, from their opening to their end.
 */
#include "tests/gateway/eio/server_stage.h"

#include <string.h>
#include <unistd.h>

static void test_session_opens_and_times_out(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_start(s), ERR_OK);
	stage_talk(s, STAGE_OPENING, "\"maxPayload\":1000}");
	stage_received(s, "HTTP/1.1 101 ");
	stage_received(s, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455 section 1.3 */
	assert_int_equal(s->opened, 1);
	assert_int_equal(eio_server_sessions(s->server), 1);
	s->awaited = "\x88\x0e\x03\xe9ping timeout";
	while (!memmem(buf_bytes(&s->received).p, s->received.len, s->awaited, 16))
		loop_run(s->loop);
	assert_int_equal(s->close_why, EIO_CLOSE_PING_TIMEOUT);
	stage_received(s, "\x81\x01"
			  "2");
	assert_int_equal(eio_server_sessions(s->server), 0);
}

static void test_client_goes_away(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_start(s), ERR_OK);
	stage_talk(s, STAGE_OPENING, "\"maxPayload\":1000}");
	loop_watch_free(&s->watch);
	close(s->client);
	s->client = -1;
	loop_run(s->loop);
	assert_int_equal(s->close_why, EIO_CLOSE_TRANSPORT_CLOSE);
}

static void test_closed_while_it_opens(void **state)
{
	struct stage *s = *state;

	s->closes_on_open = true;
	assert_int_equal(stage_start(s), ERR_OK);
	stage_talk(s, STAGE_OPENING, NULL);
	assert_int_equal(s->closed, 1);
	s->awaited = "forced close";
	loop_run(s->loop);
	stage_received(s, "\"sid\""); /* what was queued goes out first */
	stage_received(s, "\x88\x0e\x03\xe8"
			  "forced close");
}

static void test_freed_with_open_sessions(void **state)
{
	struct stage *s = *state;
	char more;

	assert_int_equal(stage_start(s), ERR_OK);
	stage_talk(s, STAGE_OPENING, "\"maxPayload\":1000}");
	eio_server_free(&s->server);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->close_why, EIO_CLOSE_SHUTDOWN);
	stage_received(s, "\x88\x16\x03\xe9server shutting down");
	assert_int_equal(read(s->client, &more, 1), 0);
}

static void stop(void *ctx)
{
	struct stage *s = ctx;

	loop_stop(s->loop);
}

static void test_freed_in_the_middle_of_a_handshake(void **state)
{
	struct stage *s = *state;
	struct loop_timer *timer;

	assert_int_equal(stage_start(s), ERR_OK);
	timer = loop_timer_new(s->loop, stop, s);
	loop_timer_arm(timer, 20);
	stage_talk(s, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost:", NULL);
	loop_timer_free(&timer);
}

static void count_session(void *ctx, struct eio_session *session)
{
	struct stage *s = ctx;

	assert_ptr_equal(session, s->session);
	eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void test_each(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_start(s), ERR_OK);
	stage_talk(s, STAGE_OPENING, "\"maxPayload\":1000}");
	eio_server_each(s->server, count_session, s);
	assert_int_equal(s->closed, 1);
	eio_server_each(s->server, count_session, s);
	assert_int_equal(s->closed, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_session_opens_and_times_out),
	    TEST(test_client_goes_away),
	    TEST(test_closed_while_it_opens),
	    TEST(test_freed_with_open_sessions),
	    TEST(test_freed_in_the_middle_of_a_handshake),
	    TEST(test_each),
	};

	if (!stage_begin())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || stage_has_leftovers();
}
