#include "gateway/room/recovery.h"

#include "tests/gateway/room/desk_stage.h"

#include <string.h>

/* The next message for the broker; views are good until another is given. */
static struct wire_message taken(struct stage *s, enum wire_type type)
{
	struct wire_message m;

	assert_true(fake_uplink_next(&s->link, &m));
	assert_int_equal(m.type, type);
	return m;
}

/* The link is up, with database 1; alice comes with that claim. Returns her request. */
static uint64_t come(struct stage *s, const char *claim)
{
	char auth[256];

	stage_recovery(s, true);
	s->link.epoch = 1;
	stage_link_breaks(s);
	stage_link_returns(s);
	snprintf(auth, sizeof(auth), "{'token':'alice'%s}", claim);
	stage_knock(s, &s->east, auth);
	return taken(s, WIRE_CONNECT).as.connect.request;
}

static void say(struct stage *s, uint64_t gseq, const char *event)
{
	struct wire_message m = {.type = WIRE_DELIVER};

	m.as.deliver = (struct wire_deliver){.gseq = gseq,
	    .nsp = STR("/chat"),
	    .room = STR("team"),
	    .event = str_of(event),
	    .args = bytes_of("\x91\x07", 2)};
	stage_hear(s, &m);
}

static const char back[] =
    "{'rooms':['user:alice','team'],'pid':'secret','sid':'old','recovered':true,'after':3,"
    "'until':9}";

static void test_a_new_session_has_a_pid_and_offsets(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, "");

	stage_reply_ok(s, request,
	    "{'rooms':['user:alice','team'],'pid':'secret','sid':'socket-1','recovered':false,"
	    "'after':0,'until':2}");
	stage_heard(&s->east, "accept socket-1 secret\nroom-joined [{'roomId':'team'},'B.C']\n");
	say(s, 5, "message");
	say(s, 0, "user-typing");
	stage_heard(&s->east, "message [7,'B.F']\nuser-typing [7,'B.F']\n");
	/* None where there is an ack id; the failure without one has it. */
	stage_event(s, &s->east, "user-left", "[]", 4);
	stage_heard(&s->east,
	    "ack 4 [{'ok':false,'error':{'code':'unknown_event','message':'Unknown event'}}]\n");
	stage_event(s, &s->east, "user-left", "[]", STAGE_NO_ACK);
	stage_heard(&s->east,
	    "oops [{'ok':false,'error':{'code':'unknown_event','message':'Unknown event'}},"
	    "'B.F']\n");
}

static void test_a_claim_is_passed_on(void **state)
{
	struct stage *s = *state;
	static const struct {
		const char *claim, *pid, *offset;
	} rows[] = {
	    {",'pid':'p','offset':'B.C'", "p", "B.C"},
	    {",'pid':'p'", "p", ""},
	    {",'pid':'p','offset':null", "p", ""},
	    {",'offset':'B.C'", "", "B.C"},
	    {",'pid':7,'offset':'B.C'", "", ""},
	    {",'pid':'','offset':'B.C'", "", ""},
	    {",'pid':'p','offset':7", "", ""},
	    {",'pid':'p','offset':''", "", ""},
	    {",'pid':'p','offset':{}", "", ""},
	    {",'pid':'p','offset':'0123456789012345678901234567890123'", "", ""},
	    {",'pid':'0123456789012345678901234567890123'", "", ""},
	};

	stage_recovery(s, true);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char auth[256];

		snprintf(auth, sizeof(auth), "{'token':'alice'%s}", rows[i].claim);
		stage_knock(s, &s->east, auth);
		struct wire_connect c = taken(s, WIRE_CONNECT).as.connect;

		assert_true(c.recovery);
		assert_true(str_eqz(c.pid, rows[i].pid));
		assert_true(str_eqz(c.offset, rows[i].offset));
		stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
		(void)taken(s, WIRE_DISCONNECT);
		s->east.is_ended = false;
	}
}

static void test_what_was_missed_comes_whole_and_first(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret','offset':'B.D'");

	stage_reply_ok(s, request, back);
	struct wire_replay r = taken(s, WIRE_REPLAY).as.replay;

	assert_int_equal(r.after, 3);
	assert_int_equal(r.until, 9);
	say(s, 10, "message");
	stage_heard(&s->east, "");
	stage_reply_ok(
	    s, r.request, "{'events':[[4,'message',[{}]],[6,'message',[{}]]],'more':true}");
	r = taken(s, WIRE_REPLAY).as.replay;
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
	uint64_t request = come(s, ",'pid':'secret','offset':'B.D'");

	stage_reply_ok(s, request, back);
	struct wire_replay r = taken(s, WIRE_REPLAY).as.replay;

	stage_reply_ok(
	    s, r.request, "{'events':[[4,'message',[{}]],[9,'message',[{}]]],'more':false}");
	say(s, 10, "message");
	s->east.is_lagging = true;
	say(s, 11, "message");
	say(s, 0, "user-typing");
	expect_step(s, 4, 0, 0, 1);
	expect_step(s, 9, 0, 0, 1);
	expect_step(s, 10, 1, 0, 0);
	expect_step(s, 11, 1, 1, 0);
	assert_int_equal(trail_find(s->trail, 12, &step), ERR_NOT_FOUND);
	/* Another database: its numbers say nothing of these. */
	stage_link_breaks(s);
	s->link.epoch++;
	stage_link_returns(s);
	assert_int_equal(trail_find(s->trail, 10, &step), ERR_EXPIRED);
	assert_int_equal(trail_find(s->trail, 12, &step), ERR_NOT_FOUND);
}

/* The gateway is still being sent what it missed, and one of its clients is ahead of it. */
static void test_what_is_for_many_takes_nobody_back(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret','offset':'B.J'");

	s->link.place = 4;
	stage_reply_ok(s, request,
	    "{'rooms':['team'],'pid':'secret','sid':'old','recovered':true,'after':9,'until':9}");
	stage_heard(&s->east, "accept old secret\n");
	say(s, 0, "user-typing");
	stage_heard(&s->east, "user-typing [7]\n");
	say(s, 9, "message");
	buf_reset(&s->east.said);
	say(s, 0, "user-typing");
	stage_heard(&s->east, "user-typing [7,'B.J']\n");
}

static void test_nothing_missed_is_nothing_asked(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret','offset':'B.J'");

	stage_reply_ok(s, request,
	    "{'rooms':['team'],'pid':'secret','sid':'old','recovered':true,'after':9,'until':9}");
	stage_heard(&s->east, "accept old secret\n");
	stage_sent(s, "");
}

/* So many come back at once, each with a page to fetch: how many have asked for it? The last one
 * to ask, and its request. */
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
	uint64_t request;

	(void)come(s, "");
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
		fake_socket_begin(&crowd[i], "/chat");
		stage_knock(s, &crowd[i], "{'token':'bob','pid':'secret','offset':'B.D'}");
		stage_reply_ok(s, taken(s, WIRE_CONNECT).as.connect.request, back);
		if (i < 8)
			(void)taken(s, WIRE_REPLAY);
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
	struct wire_message gone = taken(s, WIRE_DISCONNECT);

	assert_str_is(gone.as.disconnect.socket, "socket-1");
	assert_false(gone.as.disconnect.is_lost);
	struct wire_connect c = taken(s, WIRE_CONNECT).as.connect;

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
	uint64_t request = come(s, ",'pid':'secret'");

	s->east.recall_max = 1;
	stage_reply_ok(s, request, back);
	stage_reply_ok(s, taken(s, WIRE_REPLAY).as.replay.request,
	    "{'events':[[4,'message',[{}]],[6,'message',[{}]]],'more':false}");
	expect_anew(s);
}

static void test_what_is_not_stored_any_more_is_a_new_session(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_reply_ok(s, taken(s, WIRE_REPLAY).as.replay.request, "{'isLost':true}");
	expect_anew(s);
}

static void test_trouble_closes_so_that_it_comes_again(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_reply_error(s, taken(s, WIRE_REPLAY).as.replay.request, CLIENT_ERROR_UNAVAILABLE);
	stage_heard(&s->east, "close\n");
}

static void test_a_page_that_makes_no_sense_closes(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_reply_ok(s, taken(s, WIRE_REPLAY).as.replay.request,
	    "{'events':[[10,'message',[{}]]],'more':false}");
	stage_heard(&s->east, "close\n");
}

static void test_an_answer_that_never_comes_closes(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(&s->east, "close\n");
}

static void test_a_link_that_breaks_closes(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret'");

	stage_reply_ok(s, request, back);
	stage_link_breaks(s);
	stage_heard(&s->east, "close\n");
}

static void test_an_announcement_names_the_session(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, ",'pid':'secret'");

	stage_reply_ok(s, request,
	    "{'rooms':['team'],'pid':'secret','sid':'old','recovered':true,'after':9,'until':9}");
	stage_heard(&s->east, "accept old secret\n");
	stage_link_breaks(s);
	stage_link_returns(s);
	struct wire_connect c = taken(s, WIRE_CONNECT).as.connect;

	assert_int_equal(c.request, 0);
	assert_str_is(c.socket, "socket-1");
	assert_str_is(c.sid, "old");
	assert_str_is(c.pid, "secret");
	/* Another database, other numbers. */
	s->link.epoch = 2;
	stage_link_breaks(s);
	stage_link_returns(s);
	say(s, 1, "message");
	stage_heard(&s->east, "message [7,'C.B']\n");
}

static void test_where_it_is_off_nothing_shows(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, "");

	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	(void)taken(s, WIRE_DISCONNECT);
	(void)request;
	stage_recovery(s, false);
	stage_knock(s, &s->west, "{'token':'bob','pid':'p','offset':'B.C'}");
	struct wire_connect c = taken(s, WIRE_CONNECT).as.connect;

	assert_false(c.recovery);
	assert_int_equal(c.pid.len, 0);
	stage_reply_ok(s, c.request, "{'rooms':['team']}");
	say(s, 3, "message");
	stage_heard(&s->west, "accept socket-2 \nroom-joined [{'roomId':'team'}]\nmessage [7]\n");
}

/* A string at the end would be taken for an offset. */
static void test_what_workers_say_in_rooms_has_an_offset(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, "");
	struct wire_message m = {.type = WIRE_SEND};

	stage_reply_ok(s, request,
	    "{'rooms':['team'],'pid':'secret','sid':'socket-1','recovered':false,'after':0,"
	    "'until':2}");
	buf_reset(&s->east.said);
	m.as.send = (struct wire_send){
	    .socket = STR("socket-1"), .event = STR("status"), .args = bytes_of("\x91\xa2ok", 4)};
	stage_hear(s, &m);
	stage_heard(&s->east, "status ['ok','B.C']\n");
	m.as.send.has_ack = true;
	m.as.send.ack = 5;
	stage_hear(s, &m);
	stage_heard(&s->east, "ask 5 status ['ok']\n");
	m = (struct wire_message){.type = WIRE_CAST};
	m.as.cast = (struct wire_cast){.nsp = STR("/chat"),
	    .room = STR("team"),
	    .except = bytes_of("\x90", 1),
	    .event = STR("status"),
	    .args = bytes_of("\x91\xa2ok", 4)};
	stage_hear(s, &m);
	stage_heard(&s->east, "status ['ok','B.A']\n");
}

/* It would not know what to do with a pid. */
static void test_a_client_of_revision_3_has_none(void **state)
{
	struct stage *s = *state;

	stage_recovery(s, true);
	s->east.facts.sid = (char *)"engine";
	stage_knock(s, &s->east, "{'token':'alice','pid':'secret','offset':'B.C'}");
	struct wire_connect c = taken(s, WIRE_CONNECT).as.connect;

	assert_false(c.recovery);
	assert_int_equal(c.pid.len, 0);
	stage_reply_ok(s, c.request, "{'rooms':['team']}");
	stage_heard(&s->east, "accept /chat#engine \nroom-joined [{'roomId':'team'}]\n");
	stage_knock(s, &s->west, "{'token':'bob'}");
	assert_true(taken(s, WIRE_CONNECT).as.connect.recovery);
}

static void test_a_lost_connection_is_told_from_one_that_was_ended(void **state)
{
	struct stage *s = *state;
	uint64_t request = come(s, "");

	stage_reply_ok(s, request, "{'rooms':[]}");
	s->east.facts.reason = "ping timeout";
	s->east.facts.is_lost = true;
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	assert_true(taken(s, WIRE_DISCONNECT).as.disconnect.is_lost);
	stage_connect(s, &s->west, "bob");
	s->west.facts.is_lost = true;
	stage_disconnect(s, &s->west, SIO_END_CLIENT);
	assert_false(taken(s, WIRE_DISCONNECT).as.disconnect.is_lost);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_new_session_has_a_pid_and_offsets),
	    TEST(test_a_claim_is_passed_on),
	    TEST(test_what_was_missed_comes_whole_and_first),
	    TEST(test_what_was_given_is_on_the_trail),
	    TEST(test_what_is_for_many_takes_nobody_back),
	    TEST(test_nothing_missed_is_nothing_asked),
	    TEST(test_a_few_fetch_at_a_time),
	    TEST(test_more_than_can_be_kept_is_a_new_session),
	    TEST(test_what_is_not_stored_any_more_is_a_new_session),
	    TEST(test_trouble_closes_so_that_it_comes_again),
	    TEST(test_a_page_that_makes_no_sense_closes),
	    TEST(test_an_answer_that_never_comes_closes),
	    TEST(test_a_link_that_breaks_closes),
	    TEST(test_an_announcement_names_the_session),
	    TEST(test_where_it_is_off_nothing_shows),
	    TEST(test_what_workers_say_in_rooms_has_an_offset),
	    TEST(test_a_client_of_revision_3_has_none),
	    TEST(test_a_lost_connection_is_told_from_one_that_was_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
