/*
 * What the broker does not say in time, or to whom it comes too late.
 */
#include "gateway/room/desk.h"

#include "tests/gateway/room/desk_stage.h"

/* The east client is in the lobby, which was request 3. */
static void join(struct stage *s)
{
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", STAGE_NO_ACK);
	stage_reply_ok(s, 3, "{'roomId':'lobby'}");
	stage_heard(&s->east, "room-joined [{'roomId':'lobby'}]\n");
	stage_sent(s, "JOIN{request=3 socket=\"socket-1\" room=\"lobby\"}\n");
}

static void test_what_was_sent_and_not_answered_timed_out(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 7);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", STAGE_NO_ACK);
	stage_pass_ms(s, STAGE_TIMEOUT_MS - 1);
	stage_heard(&s->east, "");
	stage_pass_ms(s, 1);
	stage_heard(&s->east, "ack 7 [{'ok':false,'error':{'code':'timeout','message':'Timed "
			      "out'}}]\n" STAGE_ERROR_EVENT
			      " [{'ok':false,'error':{'code':'timeout','message':'Timed out'}}]\n");
	/* An answer that comes after all is nobody's. */
	stage_reply_ok(s, 3, "{'id':'01'}");
	stage_reply_ok(s, 4, "{'roomId':'lobby'}");
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(&s->east, "");
	assert_int_equal(hub_room_count(s->hub), 0);
	assert_int_equal(pending_count(s->pending), 0);
}

static void test_what_never_left_was_unavailable(void **state)
{
	struct stage *s = *state;

	stage_link_breaks(s);
	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 7);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(&s->east, "ack 7 [{'ok':false,'error':{'code':'unavailable',"
			      "'message':'Failed to send message'}}]\n");
	/* Nothing of it is stored later. */
	stage_sent(s, "");
	stage_link_returns(s);
	assert_int_equal(pending_count(s->pending), 0);
}

/* It may have been done all the same; both sides then agree on the state without it. */
static void test_a_join_that_timed_out_is_taken_back(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 7);
	stage_sent(s, "JOIN{request=3 socket=\"socket-1\" room=\"lobby\"}\n");
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_sent(s, "LEAVE{request=0 socket=\"socket-1\" room=\"lobby\"}\n");
	stage_link_breaks(s);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 8);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_sent(s, "");
	assert_int_equal(hub_room_count(s->hub), 0);
}

static void test_who_was_in_stays_in_when_joining_again_times_out(void **state)
{
	struct stage *s = *state;

	join(s);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 7);
	stage_sent(s, "JOIN{request=4 socket=\"socket-1\" room=\"lobby\"}\n");
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_sent(s, "");
	assert_int_equal(hub_room_count(s->hub), 1);
}

static void test_a_leave_that_timed_out_is_done(void **state)
{
	struct stage *s = *state;

	join(s);
	stage_event(s, &s->east, "leave-room", "[{'roomId':'lobby'}]", 7);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(
	    &s->east, "ack 7 [{'ok':false,'error':{'code':'timeout','message':'Timed out'}}]\n");
	assert_int_equal(hub_room_count(s->hub), 0);
}

static void test_a_leave_that_never_left_is_not_done(void **state)
{
	struct stage *s = *state;

	join(s);
	stage_link_breaks(s);
	stage_event(s, &s->east, "leave-room", "[{'roomId':'lobby'}]", 7);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(&s->east, "ack 7 [{'ok':false,'error':{'code':'unavailable',"
			      "'message':'Failed to send message'}}]\n");
	assert_int_equal(hub_room_count(s->hub), 1);
}

/* Who typed then does not type when the link is back. */
static void test_typing_does_not_outlive_the_link(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "typing", "[{'roomId':'lobby'}]", 7);
	stage_event(s, &s->east, "typing", "[{'roomId':'lobby'}]", STAGE_NO_ACK);
	stage_event(s, &s->west, "typing", "[{'roomId':'lobby'}]", 8);
	stage_disconnect(s, &s->west, SIO_END_TRANSPORT);
	stage_link_breaks(s);
	stage_heard(&s->east, "ack 7 [{'ok':false,'error':{'code':'unavailable',"
			      "'message':'Failed to send message'}}]\n");
	assert_int_equal(pending_count(s->pending), 0);
}

static void test_what_was_answered_does_not_time_out(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "room-users", "[{'roomId':'lobby'}]", 7);
	stage_reply_ok(s, 3, "{}");
	stage_heard(&s->east, "ack 7 [{'ok':true}]\n");
	stage_pass_ms(s, 10 * STAGE_TIMEOUT_MS);
	stage_heard(&s->east, "");
}

/* ---- who is gone ---- */

static void test_answers_to_the_gone_go_nowhere(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 7);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 8);
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	/* A message goes on to be stored, a join is void. */
	assert_int_equal(pending_count(s->pending), 1);
	stage_reply_ok(s, 3, "{'id':'01'}");
	stage_reply_ok(s, 4, "{'roomId':'lobby'}");
	assert_int_equal(pending_count(s->pending), 0);
	assert_int_equal(hub_room_count(s->hub), 0);
	stage_heard(&s->east, "");
}

static void test_messages_of_the_gone_time_out_in_silence(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 7);
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	assert_int_equal(pending_count(s->pending), 0);
	stage_heard(&s->east, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup_connected, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_what_was_sent_and_not_answered_timed_out),
	    TEST(test_what_never_left_was_unavailable),
	    TEST(test_a_join_that_timed_out_is_taken_back),
	    TEST(test_who_was_in_stays_in_when_joining_again_times_out),
	    TEST(test_a_leave_that_timed_out_is_done),
	    TEST(test_a_leave_that_never_left_is_not_done),
	    TEST(test_typing_does_not_outlive_the_link),
	    TEST(test_what_was_answered_does_not_time_out),
	    TEST(test_answers_to_the_gone_go_nowhere),
	    TEST(test_messages_of_the_gone_time_out_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
