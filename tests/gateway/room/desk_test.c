/*
 * What clients say: each event becomes its message to the broker, or an error at once.
 */
#include "gateway/room/desk.h"

#include "gateway/metrics.h"
#include "tests/gateway/room/desk_stage.h"

#include <stdio.h>
#include <string.h>

/* The east client is connected (request 1), so events are request 2 and so on. */
static int setup(void **state)
{
	int failed = stage_setup(state);

	if (!failed)
		stage_connect(*state, &((struct stage *)*state)->east, "alice");
	return failed;
}

static int64_t count_in(const struct stage *s, size_t event_value)
{
	return metrics_value(s->metrics, METRIC_MESSAGES, 0, event_value);
}

static void test_each_event_is_its_message(void **state)
{
	static const struct {
		const char *event, *args, *message;
	} rows[] = {
	    {"join-room", "[{'roomId':'lobby'}]",
		"JOIN{request=2 socket=\"socket-1\" room=\"lobby\"}\n"},
	    {"leave-room", "[{'roomId':'lobby'}]",
		"LEAVE{request=3 socket=\"socket-1\" room=\"lobby\"}\n"},
	    {"message", "[{'roomId':'lobby','content':'hi'}]",
		"PUBLISH{request=4 socket=\"socket-1\" room=\"lobby\" type=\"text\" "
		"content=<3:a26869> message_id=\"\" resent=false}\n"},
	    {"message", "[{'roomId':'b','content':'hi','type':'image','messageId':'m1'}]",
		"PUBLISH{request=5 socket=\"socket-1\" room=\"b\" type=\"image\" "
		"content=<3:a26869> message_id=\"m1\" resent=false}\n"},
	    {"typing", "[{'roomId':'lobby'}]",
		"TYPING{request=6 socket=\"socket-1\" room=\"lobby\"}\n"},
	    {"history", "[{'roomId':'lobby','before':9,'limit':3}]",
		"HISTORY{request=7 socket=\"socket-1\" room=\"lobby\" before=9 has_after=false "
		"after=0 limit=3}\n"},
	    {"history", "[{'roomId':'lobby','after':0}]",
		"HISTORY{request=8 socket=\"socket-1\" room=\"lobby\" before=0 has_after=true "
		"after=0 limit=50}\n"},
	    {"room-users", "[{'roomId':'lobby'}]",
		"USERS{request=9 socket=\"socket-1\" room=\"lobby\"}\n"},
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		stage_event(s, &s->east, rows[i].event, rows[i].args, 70);
		stage_sent(s, rows[i].message);
	}
	assert_int_equal(pending_count(s->pending), ARRAY_LEN(rows));
	stage_heard(&s->east, "");
}

/* What waits for the answer names its asker, so that the answer finds the way back. */
static void test_a_request_knows_what_its_answer_needs(void **state)
{
	struct stage *s = *state;

	s->loop.now = (struct mono){5000000};
	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'\u00e4\u00f6'}]", 7);
	const struct pending_request *r = pending_find(s->pending, 2);

	assert_non_null(r);
	assert_non_null(r->owner);
	assert_int_equal(r->type, WIRE_PUBLISH);
	assert_int_equal(r->event, EVENT_MESSAGE);
	assert_true(r->has_ack);
	assert_int_equal(r->ack_id, 7);
	assert_string_equal(r->room, "lobby");
	assert_int_equal(r->length, 2);
	assert_int_equal(r->started.us, 5000000);
	assert_true(r->was_sent);
}

static void test_a_room_name_of_the_greatest_length(void **state)
{
	struct stage *s = *state;
	char room[LIMIT_ROOM_NAME + 1], args[LIMIT_ROOM_NAME + 32];

	memset(room, 'r', LIMIT_ROOM_NAME);
	room[LIMIT_ROOM_NAME] = '\0';
	snprintf(args, sizeof(args), "[{'roomId':'%s'}]", room);
	stage_event(s, &s->east, "join-room", args, 7);
	stage_heard(&s->east, "");
	assert_string_equal(pending_find(s->pending, 2)->room, room);
}

static void test_what_is_too_big_is_answered(void **state)
{
	struct stage *s = *state;

	desk_sio_events.on_oversize(s->desk, &s->east, true, 17);
	stage_heard(&s->east, "ack 17 [{'ok':false,'error':{'code':'payload_too_large','message':"
			      "'Payload too large'}}]\n");
	desk_sio_events.on_oversize(s->desk, &s->east, false, 0);
	stage_heard(&s->east,
	    STAGE_ERROR_EVENT " [{'ok':false,'error':{'code':'payload_too_large','message':"
			      "'Payload too large'}}]\n");
	stage_sent(s, "");
}

/* There may be a worker that knows them; the broker says whether. */
static void test_unknown_events_are_asked_about(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "dance", "[1]", 7);
	stage_event(s, &s->east, "dance", "[]", STAGE_NO_ACK);
	stage_heard(&s->east, "");
	stage_sent(s,
	    "EVENT{request=2 socket=\"socket-1\" event=\"dance\" args=<2:9101> has_ack=true}\n"
	    "EVENT{request=3 socket=\"socket-1\" event=\"dance\" args=<1:90> has_ack=false}\n");
	stage_reply_error(s, 2, CLIENT_ERROR_UNKNOWN_EVENT);
	stage_heard(&s->east,
	    "ack 7 [{'ok':false,'error':{'code':'unknown_event','message':'Unknown event'}}]\n");
	stage_reply_error(s, 3, CLIENT_ERROR_UNKNOWN_EVENT);
	stage_heard(&s->east, STAGE_ERROR_EVENT
	    " [{'ok':false,'error':{'code':'unknown_event','message':'Unknown event'}}]\n");
	stage_event(s, &s->east, "dance", "[]", 8);
	stage_reply_ok(s, 4, "['well']");
	stage_heard(&s->east, "ack 8 ['well']\n");
}

static void test_acks_go_to_a_worker_that_has_asked(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_SEND};

	desk_sio_events.on_ack(s->desk, &s->east, 3, bytes_of("\x90", 1));
	stage_sent(s, "");
	m.as.send = (struct wire_send){
	    .socket = STR("socket-1"), .event = STR("a"), .args = bytes_of("\x90", 1)};
	stage_hear(s, &m);
	desk_sio_events.on_ack(s->desk, &s->east, 3, bytes_of("\x90", 1));
	stage_sent(s, "");
	m.as.send.has_ack = true;
	m.as.send.ack = 3;
	stage_hear(s, &m);
	desk_sio_events.on_ack(s->desk, &s->east, 3, bytes_of("\x90", 1));
	stage_sent(s, "ACK{socket=\"socket-1\" ack=3 args=<1:90>}\n");
}

/* The names of the other direction are in the table, but nobody may say them to us. */
static void test_events_of_ours_are_unknown_from_clients(void **state)
{
	struct stage *s = *state;

	for (enum event e = 0; e < EVENTS; e++) {
		if (event_row(e)->direction & EVENT_IN)
			continue;
		stage_event(s, &s->east, event_row(e)->name, "[{'roomId':'lobby'}]", 7);
		stage_heard(&s->east, "ack 7 [{'ok':false,'error':{'code':'unknown_event',"
				      "'message':'Unknown event'}}]\n");
	}
	stage_sent(s, "");
}

static void test_a_wrong_shape_names_every_field(void **state)
{
	static const char fault[] =
	    "[{'ok':false,'error':{'code':'invalid_message','message':'Invalid message format',"
	    "'details':[{'path':'roomId','message':'\\'roomId\\' is required'},"
	    "{'path':'content','message':'\\'content\\' is not allowed to be empty'}]}}]\n";
	struct stage *s = *state;
	char expected[512];

	stage_event(s, &s->east, "message", "[{'content':''}]", 7);
	snprintf(expected, sizeof(expected), "ack 7 %s", fault);
	stage_heard(&s->east, expected);
	stage_event(s, &s->east, "message", "[{'content':''}]", STAGE_NO_ACK);
	snprintf(expected, sizeof(expected), STAGE_ERROR_EVENT " %s", fault);
	stage_heard(&s->east, expected);
	stage_sent(s, "");
	assert_int_equal(pending_count(s->pending), 0);
}

static void test_no_argument_is_a_wrong_shape(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "typing", "[]", 0);
	stage_heard(&s->east,
	    "ack 0 [{'ok':false,'error':{'code':'invalid_message','message':'Invalid message "
	    "format','details':[{'path':'','message':'\\'value\\' must be of type object'}]}}]\n");
}

static void test_events_are_counted_by_name(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "typing", "[{'roomId':'a'}]", STAGE_NO_ACK);
	stage_event(s, &s->east, "typing", "[]", STAGE_NO_ACK);
	stage_event(s, &s->east, "dance", "[]", STAGE_NO_ACK);
	stage_event(s, &s->east, "other", "[]", STAGE_NO_ACK);
	stage_event(s, &s->east, "connection", "[]", STAGE_NO_ACK);
	assert_int_equal(count_in(s, EVENT_TYPING), 2);
	assert_int_equal(count_in(s, METRIC_EVENT_OTHER), 3);
	/* That of the connection in setup, and not the client that calls itself so. */
	assert_int_equal(count_in(s, METRIC_EVENT_CONNECTION), 1);
}

static void test_nobody_speaks_before_the_broker_let_him_in(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->west, "join-room", "[{'roomId':'lobby'}]", 7);
	stage_knock(s, &s->west, "{'token':'bob'}");
	stage_event(s, &s->west, "join-room", "[{'roomId':'lobby'}]", 7);
	assert_int_equal(pending_count(s->pending), 1);
	assert_null(pending_find(s->pending, 3));
	assert_int_equal(desk_connected(s->desk), 1);
}

static const char unavailable[] =
    "[{'ok':false,'error':{'code':'unavailable','message':'Failed to send message'}}]\n";

static void assert_unavailable(struct sio_socket *who, const char *how)
{
	char expected[256];

	snprintf(expected, sizeof(expected), "%s %s", how, unavailable);
	stage_heard(who, expected);
}

static void test_a_full_link_is_unavailable(void **state)
{
	struct stage *s = *state;

	s->link.is_full = true;
	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 7);
	assert_unavailable(&s->east, "ack 7");
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", STAGE_NO_ACK);
	assert_unavailable(&s->east, STAGE_ERROR_EVENT);
	stage_sent(s, "");
	assert_int_equal(pending_count(s->pending), 0);
}

/* One client cannot take the room of all. */
static void test_too_many_waiting_of_one_client_are_unavailable(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->west, "bob");
	for (int64_t ack = 0; ack < STAGE_PENDING_MAX_PER_CLIENT; ack++)
		stage_event(s, &s->east, "room-users", "[{'roomId':'lobby'}]", ack);
	stage_heard(&s->east, "");
	stage_event(s, &s->east, "room-users", "[{'roomId':'lobby'}]", 99);
	assert_unavailable(&s->east, "ack 99");
	stage_event(s, &s->west, "room-users", "[{'roomId':'lobby'}]", 1);
	stage_heard(&s->west, "");
	assert_int_equal(pending_count(s->pending), STAGE_PENDING_MAX_PER_CLIENT + 1);
	/* An answer makes room for another question. */
	stage_reply_ok(s, 3, "{}");
	stage_heard(&s->east, "ack 0 [{'ok':true}]\n");
	stage_event(s, &s->east, "room-users", "[{'roomId':'lobby'}]", 100);
	stage_heard(&s->east, "");
}

static void test_too_many_waiting_in_all_are_unavailable(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->west, "bob");
	for (int64_t ack = 0; ack < STAGE_PENDING_MAX; ack++)
		stage_event(
		    s, ack % 2 ? &s->west : &s->east, "room-users", "[{'roomId':'lobby'}]", ack);
	stage_heard(&s->east, "");
	stage_heard(&s->west, "");
	stage_event(s, &s->west, "room-users", "[{'roomId':'lobby'}]", 99);
	assert_unavailable(&s->west, "ack 99");
	assert_int_equal(pending_count(s->pending), STAGE_PENDING_MAX);
}

static void test_requests_wait_for_a_link_that_is_away(void **state)
{
	struct stage *s = *state;

	stage_link_breaks(s);
	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 7);
	stage_sent(s, "");
	stage_heard(&s->east, "");
	assert_int_equal(pending_count(s->pending), 1);
	assert_false(pending_find(s->pending, 2)->was_sent);
}

static void test_typing_does_not_wait_for_a_link(void **state)
{
	struct stage *s = *state;

	stage_link_breaks(s);
	stage_event(s, &s->east, "typing", "[{'roomId':'lobby'}]", 7);
	assert_unavailable(&s->east, "ack 7");
	/* Who did not ask does not care. */
	stage_event(s, &s->east, "typing", "[{'roomId':'lobby'}]", STAGE_NO_ACK);
	stage_heard(&s->east, "");
	assert_int_equal(pending_count(s->pending), 0);
}

static void test_acks_of_clients_change_nothing(void **state)
{
	struct stage *s = *state;

	desk_sio_events.on_ack(s->desk, &s->east, 1, bytes_of("\x90", 1));
	stage_heard(&s->east, "");
	stage_sent(s, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_each_event_is_its_message),
	    TEST(test_a_request_knows_what_its_answer_needs),
	    TEST(test_a_room_name_of_the_greatest_length),
	    TEST(test_unknown_events_are_asked_about),
	    TEST(test_acks_go_to_a_worker_that_has_asked),
	    TEST(test_what_is_too_big_is_answered),
	    TEST(test_events_of_ours_are_unknown_from_clients),
	    TEST(test_a_wrong_shape_names_every_field),
	    TEST(test_no_argument_is_a_wrong_shape),
	    TEST(test_events_are_counted_by_name),
	    TEST(test_nobody_speaks_before_the_broker_let_him_in),
	    TEST(test_a_full_link_is_unavailable),
	    TEST(test_too_many_waiting_of_one_client_are_unavailable),
	    TEST(test_too_many_waiting_in_all_are_unavailable),
	    TEST(test_requests_wait_for_a_link_that_is_away),
	    TEST(test_typing_does_not_wait_for_a_link),
	    TEST(test_acks_of_clients_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
