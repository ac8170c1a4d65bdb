#include "tests/gateway/room/desk_stage.h"

#include <string.h>

static void let_in(struct stage *s)
{
	struct wire_message m;

	s->east.nsp = "/work";
	stage_knock(s, &s->east, "");
	assert_true(fake_uplink_next(&s->link, &m));
	assert_int_equal(m.as.connect.since_ms > 0, true);
	stage_reply_ok(s, 1, "{'rooms':['','user:guest:socket-1','team']}");
	stage_heard(&s->east, "accept socket-1 \n");
}

static void cast(struct stage *s, const char *room, struct bytes except)
{
	struct wire_message m = {.type = WIRE_CAST};

	m.as.cast = (struct wire_cast){.nsp = STR("/work"),
	    .room = str_of(room),
	    .except = except,
	    .event = STR("news"),
	    .args = bytes_of("\x91\xca\x3f\x80\x00\x00", 6)};
	stage_hear(s, &m);
}

static void test_a_guest_is_asked_for_nothing(void **state)
{
	struct stage *s = *state;
	struct wire_message m;

	s->east.nsp = "/work";
	stage_knock(s, &s->east, "{'a':1}");
	assert_int_equal(fake_token.checked, 0);
	assert_true(fake_uplink_next(&s->link, &m));
	assert_true(str_eqz(m.as.connect.user, "guest:socket-1"));
	assert_int_equal(m.as.connect.auth.len, 4);
	stage_heard(&s->east, "");
}

/* Whoever knows the id of an old client's socket can take its connection over. */
static void test_a_guests_name_is_not_an_old_clients_id(void **state)
{
	struct stage *s = *state;
	struct wire_message m;

	s->east.nsp = "/work";
	s->east.facts.sid = (char *)"sid";
	stage_knock(s, &s->east, "");
	assert_true(fake_uplink_next(&s->link, &m));
	assert_true(str_eqz(m.as.connect.socket, "/work#sid"));
	assert_true(str_eqz(m.as.connect.user, "guest:socket-1"));
	stage_heard(&s->east, "");
}

static void test_who_is_refused_hears_why(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_REPLY};

	s->east.nsp = "/work";
	stage_knock(s, &s->east, "");
	m.as.reply = (struct wire_reply){.request = 1,
	    .error = CLIENT_ERROR_ACCESS_DENIED,
	    .text = STR("not you"),
	    .value = bytes_of("\xa1x", 2)};
	stage_hear(s, &m);
	stage_heard(&s->east, "refuse not you 'x'\n");
	/* One that knocks for ever is no person. */
	s->west.nsp = "/work";
	s->west.refusals = 5;
	stage_knock(s, &s->west, "");
	m.as.reply.request = 2;
	stage_hear(s, &m);
	stage_heard(&s->west, "close\n");
}

static void test_no_worker_closes_the_connection(void **state)
{
	struct stage *s = *state;

	s->east.nsp = "/work";
	stage_knock(s, &s->east, "");
	stage_reply_error(s, 1, CLIENT_ERROR_UNAVAILABLE);
	stage_heard(&s->east, "close\n");
}

static void test_events_go_as_they_are_and_acks_come_back(void **state)
{
	struct stage *s = *state;

	let_in(s);
	stage_event(s, &s->east, "message", "[1,'two']", 7);
	stage_event(s, &s->east, "message", "[]", STAGE_NO_ACK);
	stage_sent(s,
	    "EVENT{request=2 socket=\"socket-1\" event=\"message\" args=<6:9201a374776f> "
	    "has_ack=true}\n"
	    "EVENT{request=3 socket=\"socket-1\" event=\"message\" args=<1:90> has_ack=false}\n");
	stage_reply_ok(s, 2, "[3]");
	stage_reply_ok(s, 3, "[]");
	stage_heard(&s->east, "ack 7 [3]\n");
	stage_event(s, &s->east, "x", "[]", 8);
	stage_reply_error(s, 4, CLIENT_ERROR_UNAVAILABLE);
	stage_heard(&s->east,
	    "ack 8 [{'ok':false,'error':{'code':'unavailable','message':'Failed to send "
	    "message'}}]\n");
}

static void test_a_name_may_be_too_long(void **state)
{
	struct stage *s = *state;
	char name[LIMIT_EVENT + 2];

	let_in(s);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	stage_event(s, &s->east, name, "[]", 7);
	stage_sent(s, "");
	assert_true(s->east.said.len > 0);
	buf_reset(&s->east.said);
}

static void test_what_workers_say(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_SEND};

	let_in(s);
	m.as.send = (struct wire_send){
	    .socket = STR("socket-1"), .event = STR("hi"), .args = bytes_of("\x91\xd4\x05\x00", 4)};
	stage_hear(s, &m);
	m.as.send.has_ack = true;
	m.as.send.ack = 12;
	stage_hear(s, &m);
	m.as.send.socket = STR("nobody");
	stage_hear(s, &m);
	stage_heard(&s->east, "hi [null]\nask 12 hi [null]\n");
	desk_sio_events.on_ack(s->desk, &s->east, 12, bytes_of("\x90", 1));
	stage_sent(s, "ACK{socket=\"socket-1\" ack=12 args=<1:90>}\n");
	cast(s, "", (struct bytes){0});
	cast(s, "team", bytes_of("\x91\xa1x", 3));
	cast(s, "other", (struct bytes){0});
	cast(s, "team", bytes_of("\x91\xa8socket-1", 10));
	stage_heard(&s->east, "news [1]\nnews [1]\n");
}

static void test_workers_move_and_end_sockets(void **state)
{
	struct stage *s = *state;
	struct wire_message move = {.type = WIRE_MOVE}, expel = {.type = WIRE_EXPEL};

	let_in(s);
	move.as.move = (struct wire_move){STR("socket-1"), STR("den"), true, 0};
	stage_hear(s, &move);
	cast(s, "den", (struct bytes){0});
	stage_heard(&s->east, "news [1]\n");
	move.as.move.is_in = false;
	stage_hear(s, &move);
	cast(s, "den", (struct bytes){0});
	stage_heard(&s->east, "");
	expel.as.expel.socket = STR("socket-1");
	stage_hear(s, &expel);
	stage_heard(&s->east, "disconnect\n");
}

static void test_who_is_ended_hears_why_first(void **state)
{
	struct stage *s = *state;
	struct wire_message expel = {.type = WIRE_EXPEL};

	stage_connect(s, &s->east, "alice");
	expel.as.expel = (struct wire_expel){.socket = STR("socket-1"),
	    .error = CLIENT_ERROR_USER_BANNED,
	    .text = STR("spam")};
	stage_hear(s, &expel);
	stage_heard(&s->east, STAGE_ERROR_EVENT
	    " [{'ok':false,'error':{'code':'user_banned','message':'spam'}}]\n"
	    "disconnect\n");
}

/* What was stored before it came to the room is not for it. */
static void test_who_is_moved_hears_what_is_new(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_MOVE};

	stage_connect(s, &s->east, "alice");
	m.as.move = (struct wire_move){STR("socket-1"), STR("den"), true, 5};
	stage_hear(s, &m);
	m = (struct wire_message){.type = WIRE_DELIVER};
	m.as.deliver = (struct wire_deliver){.nsp = STR("/chat"),
	    .room = STR("den"),
	    .event = STR("message"),
	    .args = bytes_of("\x91\x01", 2)};
	for (m.as.deliver.gseq = 5; m.as.deliver.gseq <= 6; m.as.deliver.gseq++)
		stage_hear(s, &m);
	stage_heard(&s->east, "message [1]\n");
}

static void test_who_is_banned_is_refused_in_any_namespace(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_REPLY};

	stage_knock(s, &s->east, "{'token':'alice'}");
	m.as.reply = (struct wire_reply){.request = 1,
	    .error = CLIENT_ERROR_USER_BANNED,
	    .text = STR("Invalid authentication"),
	    .value = bytes_of("\x81\xa4""code\xabuser_banned", 18)};
	stage_hear(s, &m);
	stage_heard(&s->east, "refuse Invalid authentication {'code':'user_banned'}\n");
}

#define ERRAND_TEST(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ERRAND_TEST(test_a_guest_is_asked_for_nothing),
	    ERRAND_TEST(test_a_guests_name_is_not_an_old_clients_id),
	    ERRAND_TEST(test_who_is_refused_hears_why),
	    ERRAND_TEST(test_no_worker_closes_the_connection),
	    ERRAND_TEST(test_events_go_as_they_are_and_acks_come_back),
	    ERRAND_TEST(test_a_name_may_be_too_long),
	    ERRAND_TEST(test_what_workers_say),
	    ERRAND_TEST(test_workers_move_and_end_sockets),
	    ERRAND_TEST(test_who_is_ended_hears_why_first),
	    ERRAND_TEST(test_who_is_moved_hears_what_is_new),
	    ERRAND_TEST(test_who_is_banned_is_refused_in_any_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
