/*
 * What the broker says: each answer becomes an ack, an event, a membership, and what it tells the
 * rooms goes to their members.
 */
#include "gateway/room/desk.h"

#include "gateway/metrics.h"
#include "tests/gateway/room/desk_stage.h"

#include <stdio.h>
#include <string.h>

static void join(struct stage *s, struct sio_socket *who, uint64_t request)
{
	stage_event(s, who, "join-room", "[{'roomId':'lobby'}]", STAGE_NO_ACK);
	stage_reply_ok(s, request, "{'roomId':'lobby'}");
	stage_heard(who, "room-joined [{'roomId':'lobby'}]\n");
	stage_sent(s, who == &s->east ? "JOIN{request=3 socket=\"socket-1\" room=\"lobby\"}\n"
				      : "JOIN{request=4 socket=\"socket-2\" room=\"lobby\"}\n");
}

/* An event for the room, as the broker tells it. */
static void deliver(struct stage *s, const char *event, const char *except, bool is_volatile)
{
	struct wire_message m = {.type = WIRE_DELIVER};

	m.as.deliver = (struct wire_deliver){.gseq = 1,
	    .nsp = STR("/chat"),
	    .room = STR("lobby"),
	    .event = str_of(event),
	    .args = bytes_of("\x91\x01", 2),
	    .except = str_of(except),
	    .is_volatile = is_volatile};
	stage_hear(s, &m);
}

static void test_a_join_is_acked_and_makes_a_member(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 7);
	deliver(s, "message", "", false);
	stage_heard(&s->east, "");
	stage_reply_ok(s, 3, "{'roomId':'lobby','seq':4,'usersCount':2}");
	stage_heard(&s->east, "ack 7 [{'ok':true,'roomId':'lobby','seq':4,'usersCount':2}]\n"
			      "room-joined [{'roomId':'lobby'}]\n");
	deliver(s, "message", "", false);
	stage_heard(&s->east, "message [1]\n");
	stage_heard(&s->west, "");
}

static void test_a_leave_is_acked_and_ends_the_membership(void **state)
{
	struct stage *s = *state;

	join(s, &s->east, 3);
	stage_event(s, &s->east, "leave-room", "[{'roomId':'lobby'}]", 8);
	deliver(s, "message", "", false);
	stage_heard(&s->east, "message [1]\n");
	stage_reply_ok(s, 4, "{'roomId':'lobby'}");
	stage_heard(
	    &s->east, "ack 8 [{'ok':true,'roomId':'lobby'}]\nroom-left [{'roomId':'lobby'}]\n");
	deliver(s, "message", "", false);
	stage_heard(&s->east, "");
	assert_int_equal(hub_room_count(s->hub), 0);
}

static void test_answers_that_are_only_acks(void **state)
{
	static const struct {
		const char *event, *args, *value, *ack;
	} rows[] = {
	    {"message", "[{'roomId':'lobby','content':'hi'}]",
		"{'id':'01','roomId':'lobby','seq':1,'timestamp':5,'duplicate':false}",
		"ack 7 [{'ok':true,'id':'01','roomId':'lobby','seq':1,'timestamp':5,"
		"'duplicate':false}]\n"},
	    {"typing", "[{'roomId':'lobby'}]", "", "ack 7 [{'ok':true}]\n"},
	    {"history", "[{'roomId':'lobby'}]", "{'roomId':'lobby','messages':[],'more':false}",
		"ack 7 [{'ok':true,'roomId':'lobby','messages':[],'more':false}]\n"},
	    {"room-users", "[{'roomId':'lobby'}]", "{'users':[],'usersCount':0}",
		"ack 7 [{'ok':true,'users':[],'usersCount':0}]\n"},
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		stage_event(s, &s->east, rows[i].event, rows[i].args, 7);
		stage_reply_ok(s, 3 + i, rows[i].value);
		stage_heard(&s->east, rows[i].ack);
	}
	assert_int_equal(pending_count(s->pending), 0);
	assert_int_equal(hub_room_count(s->hub), 0);
}

static void test_a_stored_message_is_logged(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'h\u00ef!'}]", 7);
	stage_reply_ok(s, 3, "{'id':'000000000000c','roomId':'lobby'}");
	assert_int_equal(fake_log_count("info message.stored userId=alice roomId=lobby length=3 "
					"id=000000000000c"),
	    1);
}

/* A message that is sent again is answered again, and was stored before. */
static void test_a_duplicate_is_not_logged(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 7);
	stage_reply_ok(s, 3, "{'id':'01','duplicate':true}");
	stage_heard(&s->east, "ack 7 [{'ok':true,'id':'01','duplicate':true}]\n");
	assert_int_equal(fake_log_count("message.stored"), 0);
	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 8);
	stage_reply_ok(s, 4, "{'id':'02','duplicate':false}");
	assert_int_equal(fake_log_count("message.stored"), 1);
}

static void test_an_error_is_an_ack(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 7);
	stage_reply_error(s, 3, CLIENT_ERROR_ACCESS_DENIED);
	stage_heard(&s->east,
	    "ack 7 [{'ok':false,'error':{'code':'access_denied','message':'Access denied'}}]\n");
	assert_int_equal(hub_room_count(s->hub), 0);
	assert_int_equal(pending_count(s->pending), 0);
}

static void test_an_error_without_ack_is_an_event(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_REPLY};

	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", STAGE_NO_ACK);
	m.as.reply = (struct wire_reply){.request = 3,
	    .error = CLIENT_ERROR_RATE_LIMITED,
	    .text = STR("slow down"),
	    .retry_after_ms = 1500};
	stage_hear(s, &m);
	stage_heard(&s->east, STAGE_ERROR_EVENT " [{'ok':false,'error':{'code':'rate_limited',"
						"'message':'slow down','retryAfter':1500}}]\n");
	assert_int_equal(fake_log_count("message.stored"), 0);
}

static void test_a_leave_that_failed_leaves_the_membership(void **state)
{
	struct stage *s = *state;

	join(s, &s->east, 3);
	stage_event(s, &s->east, "leave-room", "[{'roomId':'lobby'}]", 8);
	stage_reply_error(s, 4, CLIENT_ERROR_INTERNAL);
	stage_heard(&s->east,
	    "ack 8 [{'ok':false,'error':{'code':'internal','message':'Internal error'}}]\n");
	assert_int_equal(hub_room_count(s->hub), 1);
}

static void test_only_the_first_answer_counts(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 7);
	stage_reply_error(s, 3, CLIENT_ERROR_ROOM_NOT_FOUND);
	stage_heard(&s->east,
	    "ack 7 [{'ok':false,'error':{'code':'room_not_found','message':'Room not found'}}]\n");
	stage_reply_ok(s, 3, "{'roomId':'lobby'}");
	stage_reply_ok(s, 999, "{'roomId':'lobby'}");
	stage_reply_ok(s, 0, "{'roomId':'lobby'}");
	stage_heard(&s->east, "");
	assert_int_equal(hub_room_count(s->hub), 0);
}

static void test_answers_find_their_asker(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "room-users", "[{'roomId':'lobby'}]", 7);
	stage_event(s, &s->west, "room-users", "[{'roomId':'lobby'}]", 7);
	stage_reply_ok(s, 4, "{'n':4}");
	stage_heard(&s->east, "");
	stage_heard(&s->west, "ack 7 [{'ok':true,'n':4}]\n");
	stage_reply_ok(s, 3, "{'n':3}");
	stage_heard(&s->east, "ack 7 [{'ok':true,'n':3}]\n");
}

static void test_room_events_go_to_the_members_and_are_counted(void **state)
{
	struct stage *s = *state;

	join(s, &s->east, 3);
	join(s, &s->west, 4);
	deliver(s, "message", "", false);
	deliver(s, "user-typing", "socket-1", true);
	deliver(s, "of a worker", "", false);
	stage_heard(&s->east, "message [1]\nof a worker [1]\n");
	stage_heard(&s->west, "message [1]\nvolatile user-typing [1]\nof a worker [1]\n");
	assert_int_equal(metrics_value(s->metrics, METRIC_MESSAGES, 1, EVENT_MESSAGE), 2);
	assert_int_equal(metrics_value(s->metrics, METRIC_MESSAGES, 1, EVENT_USER_TYPING), 1);
	assert_int_equal(metrics_value(s->metrics, METRIC_MESSAGES, 1, METRIC_EVENT_OTHER), 2);
}

static void test_what_brokers_do_not_say_is_logged(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_GOODBYE_OK};

	stage_hear(s, &m);
	assert_int_equal(fake_log_count("warn link.unexpected message=GOODBYE_OK"), 1);
	stage_heard(&s->east, "");
}

/* The text of the metrics, in static memory. */
static const char *metrics_text(struct stage *s)
{
	static char text[65536];
	struct buf b = {0};

	metrics_render(s->metrics, &b);
	snprintf(text, sizeof(text), "%.*s", STR_ARG(buf_str(&b)));
	buf_free(&b);
	return text;
}

static void test_the_time_to_the_answer_is_measured_by_event(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "room-users", "[{'roomId':'lobby'}]", 7);
	s->loop.now = mono_add_ms(s->loop.now, 20);
	stage_reply_ok(s, 3, "{}");
	const char *text = metrics_text(s);

	assert_non_null(
	    strstr(text, "websocket_message_duration_seconds_sum{event=\"room-users\"} 0.02"));
	assert_non_null(
	    strstr(text, "websocket_message_duration_seconds_count{event=\"room-users\"} 1\n"));
	/* The two connections of the setup are not events of clients. */
	assert_non_null(
	    strstr(text, "websocket_message_duration_seconds_count{event=\"connection\"} 2\n"));
	assert_null(strstr(text, "duration_seconds_count{event=\"join-room\"}"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup_connected, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_join_is_acked_and_makes_a_member),
	    TEST(test_a_leave_is_acked_and_ends_the_membership),
	    TEST(test_answers_that_are_only_acks),
	    TEST(test_a_stored_message_is_logged),
	    TEST(test_a_duplicate_is_not_logged),
	    TEST(test_an_error_is_an_ack),
	    TEST(test_an_error_without_ack_is_an_event),
	    TEST(test_a_leave_that_failed_leaves_the_membership),
	    TEST(test_only_the_first_answer_counts),
	    TEST(test_answers_find_their_asker),
	    TEST(test_room_events_go_to_the_members_and_are_counted),
	    TEST(test_what_brokers_do_not_say_is_logged),
	    TEST(test_the_time_to_the_answer_is_measured_by_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
