#include "gateway/room/petition.h"

#include "tests/check.h"
#include "tests/gateway/room/desk_stage.h"

/* What each event of a client becomes on the link; their answers are in desk_test.c. */

static int setup(void **state)
{
	stage_setup(state);
	struct stage *s = *state;

	s->east.nsp = "/club";
	stage_connect(s, &s->east, "alice");
	return 0;
}

static void test_which_events_are_for_clients(void **state)
{
	(void)state;
	for (enum event e = 0; e < EVENTS; e++) {
		bool is_in = event_row(e)->direction & EVENT_IN;

		assert_int_equal(petition_is_for(e), is_in);
	}
	assert_false(petition_is_for(EVENT_UNKNOWN));
}

static void test_what_moderators_do(void **state)
{
	struct stage *s = *state;

	stage_event(s, &s->east, "ban",
	    "[{'roomId':'den','userId':'bob','durationMs':5,'reason':'spam'}]", 7);
	stage_sent(s, "MODERATE{request=2 socket=\"socket-1\" action=\"ban\" room=\"den\" "
		      "user=\"bob\" duration_ms=5 reason=\"spam\"}\n");
	stage_reply_ok(s, 2, "{'roomId':'den','userId':'bob','until':9}");
	stage_heard(&s->east, "ack 7 [{'ok':true,'roomId':'den','userId':'bob','until':9}]\n");
	stage_event(s, &s->east, "unmute", "[{'roomId':'den','userId':'bob'}]", STAGE_NO_ACK);
	stage_sent(s, "MODERATE{request=3 socket=\"socket-1\" action=\"unmute\" room=\"den\" "
		      "user=\"bob\" duration_ms=0 reason=\"\"}\n");
	stage_reply_error(s, 3, CLIENT_ERROR_ACCESS_DENIED);
	stage_heard(&s->east, STAGE_ERROR_EVENT
	    " [{'ok':false,'error':{'code':'access_denied','message':'Access denied'}}]\n");
}

/* Their names are an application's where the namespace has no moderation. */
static void test_without_moderation_the_names_are_free(void **state)
{
	struct stage *s = *state;

	stage_connect(s, &s->west, "bob");
	stage_event(s, &s->west, "kick", "[1]", 7);
	stage_sent(s, "EVENT{request=3 socket=\"socket-2\" event=\"kick\" args=<2:9101> "
		      "has_ack=true}\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, stage_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_which_events_are_for_clients),
	    TEST(test_what_moderators_do),
	    TEST(test_without_moderation_the_names_are_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
