/*
 * Sessions that can be recovered: claims, pids, offsets, and who has none.
 */
#include "gateway/room/recovery.h"

#include "tests/gateway/room/desk_stage.h"

#include <stdio.h>

static void test_a_new_session_has_a_pid_and_offsets(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, "");

	stage_reply_ok(s, request,
	    "{'rooms':['user:alice','team'],'pid':'secret','sid':'socket-1','recovered':false,"
	    "'after':0,'until':2}");
	stage_heard(&s->east, "accept socket-1 secret\nroom-joined [{'roomId':'team'},'B.C']\n");
	stage_say(s, 5, "message");
	stage_say(s, 0, "user-typing");
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
		struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;

		assert_true(c.recovery);
		assert_true(str_eqz(c.pid, rows[i].pid));
		assert_true(str_eqz(c.offset, rows[i].offset));
		stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
		(void)stage_next(s, WIRE_DISCONNECT);
		s->east.is_ended = false;
	}
}

/* The gateway is still being sent what it missed, and one of its clients is ahead of it. */
static void test_what_is_for_many_takes_nobody_back(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret','offset':'B.J'");

	s->link.place = 4;
	stage_reply_ok(s, request,
	    "{'rooms':['team'],'pid':'secret','sid':'old','recovered':true,'after':9,'until':9}");
	stage_heard(&s->east, "accept old secret\n");
	stage_say(s, 0, "user-typing");
	stage_heard(&s->east, "user-typing [7]\n");
	stage_say(s, 9, "message");
	buf_reset(&s->east.said);
	stage_say(s, 0, "user-typing");
	stage_heard(&s->east, "user-typing [7,'B.J']\n");
}

static void test_an_announcement_names_the_session(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, ",'pid':'secret'");

	stage_reply_ok(s, request,
	    "{'rooms':['team'],'pid':'secret','sid':'old','recovered':true,'after':9,'until':9}");
	stage_heard(&s->east, "accept old secret\n");
	stage_link_breaks(s);
	stage_link_returns(s);
	struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;

	assert_int_equal(c.request, 0);
	assert_str_is(c.socket, "socket-1");
	assert_str_is(c.sid, "old");
	assert_str_is(c.pid, "secret");
	/* Another database, other numbers. */
	s->link.epoch = 2;
	stage_link_breaks(s);
	stage_link_returns(s);
	stage_say(s, 1, "message");
	stage_heard(&s->east, "message [7,'C.B']\n");
}

static void test_where_it_is_off_nothing_shows(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, "");

	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	(void)stage_next(s, WIRE_DISCONNECT);
	(void)request;
	stage_recovery(s, false);
	stage_knock(s, &s->west, "{'token':'bob','pid':'p','offset':'B.C'}");
	struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;

	assert_false(c.recovery);
	assert_int_equal(c.pid.len, 0);
	stage_reply_ok(s, c.request, "{'rooms':['team']}");
	stage_say(s, 3, "message");
	stage_heard(&s->west, "accept socket-2 \nroom-joined [{'roomId':'team'}]\nmessage [7]\n");
}

/* A string at the end would be stage_next for an offset. */
static void test_what_workers_say_in_rooms_has_an_offset(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, "");
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
	struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;

	assert_false(c.recovery);
	assert_int_equal(c.pid.len, 0);
	stage_reply_ok(s, c.request, "{'rooms':['team']}");
	stage_heard(&s->east, "accept /chat#engine \nroom-joined [{'roomId':'team'}]\n");
	stage_knock(s, &s->west, "{'token':'bob'}");
	assert_true(stage_next(s, WIRE_CONNECT).as.connect.recovery);
}

static void test_a_lost_connection_is_told_from_one_that_was_ended(void **state)
{
	struct stage *s = *state;
	uint64_t request = stage_come_back(s, "");

	stage_reply_ok(s, request, "{'rooms':[]}");
	s->east.facts.reason = "ping timeout";
	s->east.facts.is_lost = true;
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	assert_true(stage_next(s, WIRE_DISCONNECT).as.disconnect.is_lost);
	stage_connect(s, &s->west, "bob");
	s->west.facts.is_lost = true;
	stage_disconnect(s, &s->west, SIO_END_CLIENT);
	assert_false(stage_next(s, WIRE_DISCONNECT).as.disconnect.is_lost);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_new_session_has_a_pid_and_offsets),
	    TEST(test_a_claim_is_passed_on),
	    TEST(test_what_is_for_many_takes_nobody_back),
	    TEST(test_an_announcement_names_the_session),
	    TEST(test_where_it_is_off_nothing_shows),
	    TEST(test_what_workers_say_in_rooms_has_an_offset),
	    TEST(test_a_client_of_revision_3_has_none),
	    TEST(test_a_lost_connection_is_told_from_one_that_was_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
