/*
 * Coming back without saying who one is.
 */
#include "gateway/room/bearer.h"

#include "tests/gateway/room/desk_stage.h"

#include <string.h>

static void test_a_pid_beforehand(void **state)
{
	struct stage *s = *state;

	stage_recovery(s, true);
	stage_move(s, "/later");
	stage_knock(s, &s->east, "");
	stage_heard(&s->east, "accept socket-1 socket-2\n");
	stage_show(s, "alice", 1);
	const struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;

	assert_str_is(c.wish, "socket-2");
	assert_true(c.recovery);
	stage_reply_ok(s, c.request,
	    "{'rooms':[],'pid':'socket-2','sid':'socket-1','recovered':false,'after':0,'until':5}");
	stage_heard(&s->east, "ack 1 [{'ok':true,'userId':'alice','expiresAt':null}]\n");
}

static void test_a_session_that_is_known(void **state)
{
	struct stage *s = *state;

	stage_recovery(s, true);
	stage_move(s, "/later");
	stage_knock(s, &s->east, "{'pid':'old','offset':'7'}");
	const struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;

	assert_str_is(c.user, "");
	assert_str_is(c.pid, "old");
	assert_str_is(c.offset, "7");
	stage_heard(&s->east, "");
	stage_reply_ok(s, c.request,
	    "{'rooms':['user:alice'],'pid':'old','sid':'first','recovered':true,'after':5,'until':"
	    "5,"
	    "'bearer':{'user':'alice','username':'Alice','tokenId':'t1','issued':3,"
	    "'expires':1700000060000,'grants':['vault']}}");
	fake_token.living++;
	stage_heard(&s->east, "accept first old\n");
	/* All of it is announced as of anybody else, and it expires. */
	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 1);
	const struct wire_connect again = stage_next(s, WIRE_CONNECT).as.connect;

	assert_str_is(again.user, "alice");
	assert_str_is(again.username, "Alice");
	assert_str_is(again.token_id, "t1");
	assert_int_equal(again.issued_ms, 3);
	assert_int_equal(again.expires_ms, STAGE_NOON_MS + 60000);
	assert_memory_equal(again.grants.p, "\x91\xa5vault", 7);
	stage_pass_ms(s, 31000);
	stage_pass_ms(s, 50);
	assert_true(memmem(buf_str(&s->east.said).p, s->east.said.len, "auth-expiring", 13));
	buf_reset(&s->east.said);
}

static void test_a_session_that_is_not_known(void **state)
{
	struct stage *s = *state;

	stage_recovery(s, true);
	stage_move(s, "/later");
	stage_knock(s, &s->east, "{'pid':'old'}");
	stage_reply_error(s, stage_next(s, WIRE_CONNECT).as.connect.request,
	    CLIENT_ERROR_AUTHENTICATION_REQUIRED);
	stage_heard(&s->east, "accept socket-1 socket-2\n");
	stage_show(s, "alice", 1);
	assert_str_is(stage_next(s, WIRE_CONNECT).as.connect.wish, "socket-2");
}

/* An answer that does not say who it is, is none. */
static void test_a_session_of_nobody(void **state)
{
	struct stage *s = *state;

	stage_recovery(s, true);
	stage_move(s, "/later");
	stage_knock(s, &s->east, "{'pid':'old'}");
	stage_reply_ok(s, stage_next(s, WIRE_CONNECT).as.connect.request, "{'rooms':[]}");
	stage_heard(&s->east, "close\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_pid_beforehand),
	    TEST(test_a_session_that_is_known),
	    TEST(test_a_session_that_is_not_known),
	    TEST(test_a_session_of_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
