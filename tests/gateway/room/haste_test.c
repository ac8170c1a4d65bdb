#include "gateway/room/haste.h"

#include "gateway/metrics.h"
#include "tests/gateway/room/desk_stage.h"

static void test_a_hasty_event_is_answered_and_goes_nowhere(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->east, "alice");
	s->east.retry_after_ms = 250;
	stage_event(s, &s->east, "message", "[{'roomId':'lobby','content':'hi'}]", 7);
	stage_heard(&s->east, "ack 7 [{'ok':false,'error':{'code':'rate_limited',"
			      "'message':'Rate limit exceeded','retryAfter':250}}]\n");
	stage_event(s, &s->east, "nonsense", "[]", STAGE_NO_ACK);
	stage_heard(&s->east, STAGE_ERROR_EVENT " [{'ok':false,'error':{'code':'rate_limited',"
						"'message':'Rate limit exceeded',"
						"'retryAfter':250}}]\n");
	assert_int_equal(pending_count(s->pending), 0);
	assert_int_equal(metrics_value(s->metrics, METRIC_LIMITED, METRIC_LIMIT_EVENTS, 0), 2);
	/* Once for a connection. */
	assert_int_equal(fake_log_count("client.limited"), 1);
	s->east.retry_after_ms = 0;
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 8);
	stage_heard(&s->east, "");
	assert_int_equal(pending_count(s->pending), 1);
}

static void test_who_is_not_connected_is_not_answered(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->east, "{'token':'alice'}");
	s->east.retry_after_ms = 250;
	stage_event(s, &s->east, "message", "[{}]", 7);
	stage_heard(&s->east, "");
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_hasty_event_is_answered_and_goes_nowhere),
	    TEST(test_who_is_not_connected_is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
