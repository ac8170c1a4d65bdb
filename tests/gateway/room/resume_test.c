/*
 * The link broke and is back: who is announced, and what is asked again.
 */
#include "gateway/room/desk.h"

#include "tests/gateway/room/desk_stage.h"

static void knock(struct stage *s, struct sio_socket *who, const char *auth)
{
	stage_knock(s, who, auth);
	(void)stage_next(s, WIRE_CONNECT);
}

static void test_who_is_in_is_announced_with_the_rooms(void **state)
{
	struct stage *s = *state;

	fake_token.room = "vault";
	fake_token.username = "Alice A.";
	stage_knock(s, &s->east, "{'token':'alice'}");
	struct wire_connect first = stage_next(s, WIRE_CONNECT).as.connect;
	uint64_t since_ms = first.since_ms;

	stage_reply_ok(s, 1, "{'rooms':['user:alice','lobby']}");
	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 1);
	struct wire_connect again = stage_next(s, WIRE_CONNECT).as.connect;

	assert_int_equal(again.request, 0);
	assert_str_is(again.socket, "socket-1");
	assert_str_is(again.nsp, "/chat");
	assert_str_is(again.user, "alice");
	assert_str_is(again.username, "Alice A.");
	assert_str_is(bytes_str(again.grants), "\x91\xa5vault");
	assert_str_is(again.ip, "10.0.0.1");
	assert_str_is(again.user_agent, "agent");
	assert_str_is(again.transport, "websocket");
	assert_int_equal(again.since_ms, since_ms);
	assert_str_is(bytes_str(again.rooms), "\x92\xaauser:alice\xa5lobby");
	stage_sent(s, "");
	/* The client notices nothing. */
	stage_heard(&s->east, "accept socket-1 \nroom-joined [{'roomId':'lobby'}]\n");
}

static void test_who_is_in_no_room_is_announced_too(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->east, "alice");
	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 1);
	struct wire_connect again = stage_next(s, WIRE_CONNECT).as.connect;

	assert_str_is(bytes_str(again.rooms), "\x90");
	assert_str_is(bytes_str(again.grants), "\x90");
}

static void test_all_are_announced_in_the_order_of_their_coming(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->west, "bob");
	stage_connect(s, &s->east, "alice");
	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 2);
	assert_str_is(stage_next(s, WIRE_CONNECT).as.connect.user, "bob");
	assert_str_is(stage_next(s, WIRE_CONNECT).as.connect.user, "alice");
	stage_sent(s, "");
}

static void test_rooms_left_meanwhile_are_not_announced(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_reply_ok(s, 1, "{'rooms':['lobby','team']}");
	stage_event(s, &s->east, "leave-room", "[{'roomId':'lobby'}]", 7);
	stage_reply_ok(s, 2, "{'roomId':'lobby'}");
	stage_link_breaks(s);
	buf_reset(&s->link.given);
	s->link.looked_at = 0;
	(void)stage_link_returns(s);
	assert_str_is(bytes_str(stage_next(s, WIRE_CONNECT).as.connect.rooms), "\x91\xa4team");
}

/* The broker may have seen it leave already: the gateway says what will be so. */
static void test_a_room_that_is_being_left_is_not_announced(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->east, "{'token':'alice'}");
	(void)stage_next(s, WIRE_CONNECT);
	stage_reply_ok(s, 1, "{'rooms':['lobby','team']}");
	stage_event(s, &s->east, "leave-room", "[{'roomId':'lobby'}]", 7);
	stage_sent(s, "LEAVE{request=2 socket=\"socket-1\" room=\"lobby\"}\n");
	stage_link_breaks(s);
	(void)stage_link_returns(s);
	assert_str_is(bytes_str(stage_next(s, WIRE_CONNECT).as.connect.rooms), "\x91\xa4team");
	stage_sent(s, "LEAVE{request=2 socket=\"socket-1\" room=\"lobby\"}\n");
	stage_reply_ok(s, 2, "{'roomId':'lobby'}");
	assert_int_equal(hub_room_count(s->hub), 1);
}

/* Whom the broker has not answered is asked for again, and nobody who is gone is named. */
static void test_only_who_is_in_is_announced(void **state)
{
	struct stage *s = *state;
	struct sio_socket gone;

	fake_socket_begin(&gone, "/chat");
	stage_connect(s, &gone, "carol");
	stage_connect(s, &s->east, "alice");
	knock(s, &s->west, "{'token':'bob'}");
	stage_link_breaks(s);
	stage_disconnect(s, &gone, SIO_END_TRANSPORT);
	fake_socket_end(&gone);
	assert_int_equal(stage_link_returns(s), 1);
	struct wire_connect announced = stage_next(s, WIRE_CONNECT).as.connect;

	assert_int_equal(announced.request, 0);
	assert_str_is(announced.user, "alice");
	struct wire_connect asked = stage_next(s, WIRE_CONNECT).as.connect;

	assert_int_equal(asked.request, 3);
	assert_str_is(asked.user, "bob");
	assert_str_is(bytes_str(asked.rooms), "\xc0");
	stage_sent(s, "");
	stage_reply_ok(s, 3, "{'rooms':[]}");
	stage_heard(&s->west, "accept socket-3 \n");
}

static void test_nobody_is_in(void **state)
{
	struct stage *s = *state;

	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 0);
	stage_sent(s, "");
}

/* ---- asking again ---- */

static const char hi[] = "[{'roomId':'lobby','content':'hi'}]";

/* The east client is in, which was request 1; forgets the announcement. */
static void link_returns(struct stage *s)
{
	assert_int_equal(stage_link_returns(s), 1);
	(void)stage_next(s, WIRE_CONNECT);
}

static void test_what_waits_is_asked_again_in_order(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->east, "alice");
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 1);
	stage_event(s, &s->east, "history", "[{'roomId':'lobby','after':4}]", 2);
	stage_sent(s, "JOIN{request=2 socket=\"socket-1\" room=\"lobby\"}\n"
		      "HISTORY{request=3 socket=\"socket-1\" room=\"lobby\" before=0 "
		      "has_after=true after=4 limit=50}\n");
	stage_link_breaks(s);
	stage_event(s, &s->east, "room-users", "[{'roomId':'lobby'}]", 3);
	stage_event(s, &s->east, "leave-room", "[{'roomId':'lobby'}]", 4);
	link_returns(s);
	stage_sent(s, "JOIN{request=2 socket=\"socket-1\" room=\"lobby\"}\n"
		      "HISTORY{request=3 socket=\"socket-1\" room=\"lobby\" before=0 "
		      "has_after=true after=4 limit=50}\n"
		      "USERS{request=4 socket=\"socket-1\" room=\"lobby\"}\n"
		      "LEAVE{request=5 socket=\"socket-1\" room=\"lobby\"}\n");
	stage_reply_ok(s, 3, "{}");
	stage_heard(&s->east, "ack 2 [{'ok':true}]\n");
}

#define PUBLISH(request, resent)                                                        \
	"PUBLISH{request=" request " socket=\"socket-1\" room=\"lobby\" type=\"text\" " \
	"content=<3:a26869> message_id=\"\" resent=" resent "}\n"

/* The broker looks into the database only for what may be there. */
static void test_a_message_that_left_is_marked_resent(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->east, "alice");
	stage_event(s, &s->east, "message", hi, 1);
	stage_sent(s, PUBLISH("2", "false"));
	stage_link_breaks(s);
	stage_event(s, &s->east, "message", hi, 2);
	stage_sent(s, "");
	link_returns(s);
	stage_sent(s, PUBLISH("2", "true") PUBLISH("3", "false"));
	/* It left by now. */
	stage_link_breaks(s);
	link_returns(s);
	stage_sent(s, PUBLISH("2", "true") PUBLISH("3", "true"));
	stage_reply_ok(s, 2, "{'id':'01'}");
	stage_link_breaks(s);
	link_returns(s);
	stage_sent(s, PUBLISH("3", "true"));
}

static void test_a_message_that_left_on_return_times_out_as_sent(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->east, "alice");
	stage_link_breaks(s);
	stage_event(s, &s->east, "message", hi, 1);
	(void)stage_link_returns(s);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(
	    &s->east, "ack 1 [{'ok':false,'error':{'code':'timeout','message':'Timed out'}}]\n");
}

/* The link broke again before it was the turn of what waits. */
static void test_what_the_link_does_not_take_has_not_left(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->east, "alice");
	stage_link_breaks(s);
	stage_event(s, &s->east, "message", hi, 1);
	desk_uplink_events.on_up(s->desk);
	stage_sent(s, "");
	assert_false(pending_find(s->pending, 2)->was_sent);
	link_returns(s);
	stage_sent(s, PUBLISH("2", "false"));
}

static void test_messages_of_the_gone_are_asked_again(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->east, "alice");
	stage_event(s, &s->east, "message", hi, 1);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 2);
	stage_sent(s, PUBLISH("2", "false") "JOIN{request=3 socket=\"socket-1\" room=\"lobby\"}\n");
	stage_link_breaks(s);
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	assert_int_equal(stage_link_returns(s), 0);
	stage_sent(s, PUBLISH("2", "true"));
}

/* Something was missed that cannot be sent again: whoever may have been in a room comes back. */
static void test_a_gap_sends_everybody_away(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->east, "alice");
	stage_knock(s, &s->west, "{'token':'bob'}");
	s->link.state = FAKE_UPLINK_GREETED;
	desk_uplink_events.on_gap(s->desk);
	stage_heard(&s->east, "close\n");
	/* Not in yet, so it missed nothing. */
	stage_heard(&s->west, "");
	assert_int_equal(fake_log_count("warn link.gap"), 1);
}

static void test_what_is_not_stored_is_not_missed(void **state)
{
	struct stage *s = *state;

	s->east.nsp = "/work";
	stage_knock(s, &s->east, "");
	stage_reply_ok(s, 1, "{'rooms':[]}");
	stage_heard(&s->east, "accept socket-1 \n");
	desk_uplink_events.on_gap(s->desk);
	stage_heard(&s->east, "");
}

/* Messages come late when the gateway catches up: to those who were in when they were sent. */
static void test_a_join_is_the_beginning(void **state)
{
	struct stage *s = *state;
	struct wire_message reply = {.type = WIRE_REPLY}, deliver = {.type = WIRE_DELIVER};

	stage_connect(s, &s->east, "alice");
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", STAGE_NO_ACK);
	reply.as.reply.request = 2;
	reply.as.reply.gseq = 50;
	stage_hear(s, &reply);
	stage_heard(&s->east, "room-joined [{'roomId':'lobby'}]\n");
	deliver.as.deliver = (struct wire_deliver){.gseq = 50,
	    .nsp = STR("/chat"),
	    .room = STR("lobby"),
	    .event = STR("message"),
	    .args = bytes_of("\x91\x07", 2)};
	stage_hear(s, &deliver);
	stage_heard(&s->east, "");
	deliver.as.deliver.gseq = 51;
	stage_hear(s, &deliver);
	stage_heard(&s->east, "message [7]\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_who_is_in_is_announced_with_the_rooms),
	    TEST(test_who_is_in_no_room_is_announced_too),
	    TEST(test_all_are_announced_in_the_order_of_their_coming),
	    TEST(test_rooms_left_meanwhile_are_not_announced),
	    TEST(test_a_room_that_is_being_left_is_not_announced),
	    TEST(test_only_who_is_in_is_announced),
	    TEST(test_nobody_is_in),
	    TEST(test_what_waits_is_asked_again_in_order),
	    TEST(test_a_message_that_left_is_marked_resent),
	    TEST(test_a_message_that_left_on_return_times_out_as_sent),
	    TEST(test_what_the_link_does_not_take_has_not_left),
	    TEST(test_messages_of_the_gone_are_asked_again),
	    TEST(test_a_gap_sends_everybody_away),
	    TEST(test_what_is_not_stored_is_not_missed),
	    TEST(test_a_join_is_the_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
