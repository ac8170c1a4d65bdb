/*
 * What a session missed is fetched page by page, and comes whole or not at all.
 */
#include "gateway/room/recovery.h"

#include "tests/gateway/room/desk_stage.h"

static const char back[] =
    "{'rooms':['user:alice','team'],'pid':'secret','sid':'old','recovered':true,'after':3,"
    "'until':9}";

static void test_what_was_missed_comes_whole_and_first(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret','offset':'B.D'");

	stage_reply_ok(s, request, back);
	struct wire_replay r = stage_next(s, WIRE_REPLAY).as.replay;

	assert_int_equal(r.after, 3);
	assert_int_equal(r.until, 9);
	stage_say(s, 10, "message");
	stage_heard(&s->east, "");
	stage_reply_ok(
	    s, r.request, "{'events':[[4,'message',[{}]],[6,'message',[{}]]],'more':true}");
	r = stage_next(s, WIRE_REPLAY).as.replay;
	assert_int_equal(r.after, 6);
	assert_int_equal(desk_connected(s->desk), 0);
	stage_reply_ok(s, r.request, "{'events':[[9,'message',[{}]]],'more':false}");
	stage_heard(&s->east,
	    "recall message [{},'B.E']\nrecall message [{},'B.G']\nrecall message [{},'B.J']\n"
	    "accept old secret\nmessage [7,'B.K']\n");
	assert_int_equal(desk_connected(s->desk), 1);
}

static void expect_step(
    const struct stage *s, uint64_t gseq, unsigned sockets, unsigned lagging, unsigned recovered)
{
	struct trail_step step;

	assert_int_equal(trail_find(s->trail, gseq, &step), ERR_OK);
	assert_int_equal(step.sockets, sockets);
	assert_int_equal(step.lagging, lagging);
	assert_int_equal(step.recovered, recovered);
	assert_true(step.at.ms > 0);
}

static void test_what_was_given_is_on_the_trail(void **state)
{
	struct stage *s = *state;
	struct trail_step step;
	uint64_t request = stage_come_back(s, ",'pid':'secret','offset':'B.D'");

	stage_reply_ok(s, request, back);
	struct wire_replay r = stage_next(s, WIRE_REPLAY).as.replay;

	stage_reply_ok(
	    s, r.request, "{'events':[[4,'message',[{}]],[9,'message',[{}]]],'more':false}");
	stage_say(s, 10, "message");
	s->east.is_lagging = true;
	stage_say(s, 11, "message");
	stage_say(s, 0, "user-typing");
	expect_step(s, 4, 0, 0, 1);
	expect_step(s, 9, 0, 0, 1);
	expect_step(s, 10, 1, 0, 0);
	expect_step(s, 11, 1, 1, 0);
	assert_int_equal(trail_find(s->trail, 12, &step), ERR_NOT_FOUND);
	/* Another database: its numbers stage_say nothing of these. */
	stage_link_breaks(s);
	s->link.epoch++;
	stage_link_returns(s);
	assert_int_equal(trail_find(s->trail, 10, &step), ERR_EXPIRED);
	assert_int_equal(trail_find(s->trail, 12, &step), ERR_NOT_FOUND);
}

static void test_nothing_missed_is_nothing_asked(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret','offset':'B.J'");

	stage_reply_ok(s, request,
	    "{'rooms':['team'],'pid':'secret','sid':'old','recovered':true,'after':9,'until':9}");
	stage_heard(&s->east, "accept old secret\n");
	stage_sent(s, "");
}

/* So many stage_come_back back at once, each with a page to fetch: how many have asked for it? The
 * last one to ask, and its request. */
static size_t asked(struct stage *s, uint64_t *ret_request)
{
	struct wire_message m;
	size_t count = 0;

	while (fake_uplink_next(&s->link, &m)) {
		if (m.type != WIRE_REPLAY)
			continue;
		*ret_request = m.as.replay.request;
		count++;
	}
	return count;
}

static void test_a_few_fetch_at_a_time(void **state)
{
	struct stage *s = *state;
	struct sio_socket crowd[12];
	uint64_t request = 0;

	(void)stage_come_back(s, "");
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
		fake_socket_begin(&crowd[i], "/chat");
		stage_knock(s, &crowd[i], "{'token':'bob','pid':'secret','offset':'B.D'}");
		stage_reply_ok(s, stage_next(s, WIRE_CONNECT).as.connect.request, back);
		if (i < 8)
			(void)stage_next(s, WIRE_REPLAY);
	}
	assert_int_equal(asked(s, &request), 0);
	/* One that waits goes, one that fetches goes, one has all of it, one has the next page. */
	stage_disconnect(s, &crowd[8], SIO_END_TRANSPORT);
	assert_int_equal(asked(s, &request), 0);
	stage_disconnect(s, &crowd[0], SIO_END_TRANSPORT);
	assert_int_equal(asked(s, &request), 1);
	stage_reply_ok(s, request, "{'events':[[4,'message',[{}]]],'more':true}");
	assert_int_equal(asked(s, &request), 1);
	stage_reply_ok(s, request, "{'events':[[9,'message',[{}]]],'more':false}");
	stage_heard(
	    &crowd[9], "recall message [{},'B.E']\nrecall message [{},'B.J']\naccept old secret\n");
	assert_int_equal(asked(s, &request), 1);
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
		stage_disconnect(s, &crowd[i], SIO_END_TRANSPORT);
		fake_socket_end(&crowd[i]);
	}
}

/* What cannot be had whole: it leaves the session for good and is another connection. */
static void expect_anew(struct stage *s)
{
	struct wire_message gone = stage_next(s, WIRE_DISCONNECT);

	assert_str_is(gone.as.disconnect.socket, "socket-1");
	assert_false(gone.as.disconnect.is_lost);
	struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;

	assert_str_is(c.socket, "socket-2");
	assert_str_is(c.user, "alice");
	assert_int_equal(c.pid.len, 0);
	assert_true(c.recovery);
	assert_int_equal(hub_room_count(s->hub), 0);
	buf_reset(&s->east.said);
	stage_reply_ok(s, c.request,
	    "{'rooms':[],'pid':'other','sid':'socket-2','recovered':false,'after':0,'until':9}");
	stage_heard(&s->east, "accept socket-2 other\n");
}

static void test_more_than_can_be_kept_is_a_new_session(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret'");

	s->east.recall_max = 1;
	stage_reply_ok(s, request, back);
	stage_reply_ok(s, stage_next(s, WIRE_REPLAY).as.replay.request,
	    "{'events':[[4,'message',[{}]],[6,'message',[{}]]],'more':false}");
	expect_anew(s);
}

static void test_what_is_not_stored_any_more_is_a_new_session(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_reply_ok(s, stage_next(s, WIRE_REPLAY).as.replay.request, "{'isLost':true}");
	expect_anew(s);
}

static void test_trouble_closes_so_that_it_comes_again(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_reply_error(
	    s, stage_next(s, WIRE_REPLAY).as.replay.request, CLIENT_ERROR_UNAVAILABLE);
	stage_heard(&s->east, "close\n");
}

/* What was fetched of the room is not for it any more: it comes again, and is told without it. */
static void test_who_is_put_out_meanwhile_begins_again(void **state)
{
	struct stage *s = *state;
	struct wire_message move = {.type = WIRE_MOVE};
	uint64_t request = stage_come_back(s, ",'pid':'secret','offset':'B.D'");

	stage_reply_ok(s, request, back);
	struct wire_replay r = stage_next(s, WIRE_REPLAY).as.replay;

	stage_reply_ok(s, r.request, "{'events':[[4,'message',[{}]]],'more':true}");
	(void)stage_next(s, WIRE_REPLAY);
	move.as.move = (struct wire_move){STR("socket-1"), STR("elsewhere"), true, 9};
	stage_hear(s, &move);
	stage_heard(&s->east, "recall message [{},'B.E']\n");
	move.as.move = (struct wire_move){STR("socket-1"), STR("team"), false, 0};
	stage_hear(s, &move);
	stage_heard(&s->east, "close\n");
}

static void test_a_page_that_makes_no_sense_closes(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_reply_ok(s, stage_next(s, WIRE_REPLAY).as.replay.request,
	    "{'events':[[10,'message',[{}]]],'more':false}");
	stage_heard(&s->east, "close\n");
}

static void test_an_answer_that_never_comes_closes(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(&s->east, "close\n");
}

static void test_a_link_that_breaks_closes(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_link_breaks(s);
	stage_heard(&s->east, "close\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_what_was_missed_comes_whole_and_first),
	    TEST(test_what_was_given_is_on_the_trail),
	    TEST(test_nothing_missed_is_nothing_asked),
	    TEST(test_a_few_fetch_at_a_time),
	    TEST(test_more_than_can_be_kept_is_a_new_session),
	    TEST(test_what_is_not_stored_any_more_is_a_new_session),
	    TEST(test_trouble_closes_so_that_it_comes_again),
	    TEST(test_who_is_put_out_meanwhile_begins_again),
	    TEST(test_a_page_that_makes_no_sense_closes),
	    TEST(test_an_answer_that_never_comes_closes),
	    TEST(test_a_link_that_breaks_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
