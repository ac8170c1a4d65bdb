#include "tests/gateway/eio/websocket_stage.h"

#include "common/crypto.h"

#include <stdlib.h>
#include <string.h>

/* ---- candidates: they would carry a session that something else carries so far ---- */

static int released, discarded;

static void ignore(void *wire)
{
	(void)wire;
}

static void ignore_close(void *wire, enum eio_close why)
{
	(void)wire;
	(void)why;
}

static void count_release(void *wire)
{
	(void)wire;
	released++;
}

static void count_discard(void *wire)
{
	(void)wire;
	discarded++;
}

static const struct eio_transport slow = {.name = "slow",
    .may_upgrade = true,
    .wake = ignore,
    .release = count_release,
    .discard = count_discard,
    .close = ignore_close};

/* A stage whose session is carried by something slow, and whose connection is a candidate. */
static int setup_candidate(void **state)
{
	struct stage *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {300, 200, STAGE_MAX_MESSAGE, STAGE_QUEUE_MAX, 500, {0}};
	struct eio_session *session;

	s->family = eio_family_new(&rules, &stage_events, s);
	s->set = websockets_new(s->family, STAGE_MAX_MESSAGE);
	session = eio_session_new(s->family, &slow, s);
	eio_session_open(session, &(struct eio_handshake){0}, stage_now);
	eio_queue_clear(eio_session_queue(session));
	s->ws = websocket_new_candidate(s->set, stage_wire(s), session, stage_now);
	assert_false(stage_end_turn(s));
	assert_int_equal(s->lws.writes, 0);
	discarded = 0;
	*state = s;
	return 0;
}

static int teardown_candidate(void **state)
{
	struct stage *s = *state;
	bool is_ours = discarded > 0;

	if (!s->closed)
		eio_session_close(s->session, EIO_CLOSE_TRANSPORT_CLOSE);
	if (!is_ours)
		eio_session_free(&s->session);
	return stage_teardown(state);
}

static void test_candidate_takes_the_session(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "a");
	stage_end_turn(s);
	stage_receive(s, "2probe", true, 0);
	WRITTEN(s, "\x81\x06"
		   "3probe"); /* at once */
	stage_receive(s, "5", true, 0);
	assert_int_equal(discarded, 1);
	assert_string_equal(eio_session_transport(s->session), "websocket");
	stage_receive(s, "4hi", true, 0);
	stage_heard(s, "t:hi;");
	stage_send_text(s, "b");
	stage_end_turn(s);
	WRITTEN(s, "\x81\x02\x34"
		   "a\x81\x02\x34"
		   "b");
	websocket_closed(s->ws);
	s->ws = NULL;
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
}

/* It is closed, and the session lives. */
static void assert_turned_away(struct stage *s, const char *frame)
{
	stage_end_turn(s);
	assert_int_equal(s->closed, 0);
	assert_true(s->lws.written.len >= 4);
	assert_memory_equal(buf_bytes(&s->lws.written).p + 2, frame, 2);
	stage_receive(s, "5", true, 0);
	assert_int_equal(discarded, 0);
	assert_true(eio_session_is_open(s->session));
	assert_true(eio_session_admit(s->session, &slow, s, stage_now));
	eio_session_dismiss(s->session);
}

static void test_candidate_with_the_wrong_word(void **state)
{
	stage_receive(*state, "4x", true, 0);
	assert_turned_away(*state, "\x03\xea");
}

static void test_candidate_with_bad_text(void **state)
{
	stage_receive(*state, "\xff", true, 0);
	assert_turned_away(*state, BAD_TEXT);
}

static void test_candidate_that_says_too_much(void **state)
{
	stage_receive(*state, "2", true, STAGE_MAX_MESSAGE);
	assert_turned_away(*state, TOO_BIG);
}

static void test_candidate_that_takes_too_long(void **state)
{
	struct stage *s = *state;

	eio_family_expire(s->family, mono_add_ms(stage_now, 500));
	assert_true(eio_session_is_open(s->session));
	assert_turned_away(s, "\x03\xea");
}

static void test_candidate_that_does_not_read(void **state)
{
	struct stage *s = *state;

	s->lws.is_partial = true;
	stage_receive(s, "2probe", true, 0);
	assert_int_equal(s->lws.timeout, LWS_TO_KILL_ASYNC);
	assert_int_equal(s->lws.writes, 0);
	assert_int_equal(s->closed, 0);
	assert_true(eio_session_admit(s->session, &slow, s, stage_now));
	eio_session_dismiss(s->session);
}

static void test_candidate_that_goes(void **state)
{
	struct stage *s = *state;

	websocket_dropped(s->ws);
	stage_end_turn(s);
	assert_true(eio_session_admit(s->session, &slow, s, stage_now));
	eio_session_dismiss(s->session);
	websocket_closed(s->ws);
	s->ws = NULL;
	stage_end_turn(s);
	assert_int_equal(s->closed, 0);
}

static void test_candidate_whose_session_ends(void **state)
{
	struct stage *s = *state;

	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	stage_end_turn(s);
	WRITTEN(s, "\x88\x0e\x03\xe8"
		   "forced close");
	stage_receive(s, "5", true, 0);
	assert_int_equal(discarded, 0);
}

static void test_candidate_for_nothing(void **state)
{
	struct stage *s = *state;
	struct stage other = {.family = s->family};

	other.ws = websocket_new_candidate(s->set, stage_wire(&other), NULL, stage_now);
	stage_receive(&other, "2probe", true, 0);
	stage_end_turn(s);
	WRITTEN(&other, "\x88\x0f\x03\xea"
			"upgrade error");
	websocket_closed(other.ws);
	stage_end_turn(s);
	buf_free(&other.lws.written);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_candidate, teardown_candidate)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_candidate_takes_the_session),
	    TEST(test_candidate_with_the_wrong_word),
	    TEST(test_candidate_with_bad_text),
	    TEST(test_candidate_that_says_too_much),
	    TEST(test_candidate_that_takes_too_long),
	    TEST(test_candidate_that_does_not_read),
	    TEST(test_candidate_that_goes),
	    TEST(test_candidate_whose_session_ends),
	    TEST(test_candidate_for_nothing),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
