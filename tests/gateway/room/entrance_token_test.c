/*
 * Who may knock: tokens, where they come from, and what the bearer of a bad one is told.
 */
#include "gateway/room/desk.h"

#include "tests/gateway/room/desk_stage.h"

#include <stdio.h>

static void test_the_token_of_the_payload(void **state)
{
	struct stage *s = *state;

	s->east.facts.authorization = (char *)"Bearer mallory";
	stage_knock(s, &s->east, "{'x':1,'token':'alice'}");
	struct wire_connect c = stage_next_connect(s);

	assert_str_is(c.user, "alice");
	assert_string_equal(fake_token.rules.issuer, "issuer");
	assert_string_equal(fake_token.rules.audience, "audience");
	assert_int_equal(fake_token.rules.leeway_ms, 5000);
	assert_int_equal(fake_token.now.ms, s->loop.wall.ms);
}

static void test_the_token_of_the_header(void **state)
{
	struct stage *s = *state;

	s->east.facts.authorization = (char *)"Bearer alice";
	stage_knock(s, &s->east, "");
	assert_str_is(stage_next_connect(s).user, "alice");
	s->west.facts.authorization = (char *)"Bearer bob";
	stage_knock(s, &s->west, "{'token':7}");
	assert_str_is(stage_next_connect(s).user, "bob");
}

/* Old clients alone have one there (door.h), and what they say elsewhere goes first. */
static void test_the_token_of_the_query(void **state)
{
	struct stage *s = *state;

	s->east.facts.token = (char *)"carol";
	stage_knock(s, &s->east, "");
	assert_str_is(stage_next_connect(s).user, "carol");
	s->west.facts.token = (char *)"carol";
	s->west.facts.authorization = (char *)"Bearer bob";
	stage_knock(s, &s->west, "");
	assert_str_is(stage_next_connect(s).user, "bob");
}

static void test_no_token(void **state)
{
	static const char refusal[] = "refuse Authentication required {'code':'token_missing'}\n";
	static const char *const headers[] = {"", "Basic YWxpY2U6", "Bearer", "Bearer ", "alice"};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		s->east.is_ended = false;
		s->east.facts.authorization = (char *)headers[i];
		stage_knock(s, &s->east, "");
		stage_heard(&s->east, refusal);
	}
	stage_knock(s, &s->west, "{'token':''}");
	stage_heard(&s->west, refusal);
	stage_sent(s, "");
	assert_int_equal(pending_count(s->pending), 0);
	assert_null(s->east.owner);
}

/* The client learns the code, the log learns the rest. */
static void test_bad_tokens(void **state)
{
	struct stage *s = *state;
	char expected[128];

	fake_token.detail = "the clock says so";
	for (int v = TOKEN_MALFORMED; v < TOKEN_VERDICTS; v++) {
		const char *code = token_verdict_code((enum token_verdict)v);

		fake_token.verdict = (enum token_verdict)v;
		s->east.is_ended = false;
		s->east.refusals = 0;
		stage_knock(s, &s->east, "{'token':'alice'}");
		snprintf(expected, sizeof(expected),
		    "refuse Invalid authentication {'code':'%s'}\n", code);
		stage_heard(&s->east, expected);
		snprintf(expected, sizeof(expected),
		    "info socket.refused nsp=/chat ip=10.0.0.1 reason=%s message=the clock says so",
		    code);
		assert_int_equal(fake_log_count(expected), 1);
	}
	stage_sent(s, "");
	assert_int_equal(pending_count(s->pending), 0);
}

/* A person tries again, and a program that does so for ever is cut off. */
static void test_too_many_refusals_close_the_connection(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 5; i++) {
		s->east.is_ended = false;
		stage_knock(s, &s->east, "");
		stage_heard(&s->east, "refuse Authentication required {'code':'token_missing'}\n");
	}
	s->east.is_ended = false;
	stage_knock(s, &s->east, "");
	stage_heard(&s->east, "close\n");
	assert_int_equal(fake_log_count("info socket.refused"), 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_the_token_of_the_payload),
	    TEST(test_the_token_of_the_header),
	    TEST(test_the_token_of_the_query),
	    TEST(test_no_token),
	    TEST(test_bad_tokens),
	    TEST(test_too_many_refusals_close_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
