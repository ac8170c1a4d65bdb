/*
 * Who says later who he is, or need not say it at all.
 */
#include "gateway/room/bearer.h"

#include "tests/gateway/room/desk_stage.h"

#define REQUIRED                                                                            \
	"[{'ok':false,'error':{'code':'authentication_required','message':'Authentication " \
	"required'}}]\n"

/* One who has not said who he is. */
static void come(struct stage *s)
{
	stage_move(s, "/later");
	stage_knock(s, &s->east, "");
	stage_heard(&s->east, "accept socket-1 \n");
	stage_sent(s, "");
}

static void test_who_says_it_later(void **state)
{
	struct stage *s = *state;

	come(s);
	assert_int_equal(desk_connected(s->desk), 0);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 1);
	stage_event(s, &s->east, "nonsense", "[]", STAGE_NO_ACK);
	stage_heard(&s->east, "ack 1 " REQUIRED STAGE_ERROR_EVENT " " REQUIRED);
	fake_token.expires.ms = STAGE_NOON_MS + 60000;
	fake_token.issued.ms = STAGE_NOON_MS - 1000;
	fake_token.id = "t1";
	fake_token.room = "vault";
	stage_show(s, "alice", 2);
	const struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;

	assert_str_is(c.socket, "socket-1");
	assert_str_is(c.user, "alice");
	assert_str_is(c.token_id, "t1");
	assert_int_equal(c.issued_ms, STAGE_NOON_MS - 1000);
	assert_int_equal(c.expires_ms, STAGE_NOON_MS + 60000);
	stage_heard(&s->east, "");
	stage_reply_ok(s, c.request, "{'rooms':['user:alice','club']}");
	stage_heard(&s->east, "ack 2 [{'ok':true,'userId':'alice','expiresAt':1700000060000}]\n"
			      "room-joined [{'roomId':'club'}]\n");
	assert_int_equal(desk_connected(s->desk), 1);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 3);
	assert_str_is(stage_next(s, WIRE_JOIN).as.join.room, "lobby");
	/* He has all the time of his token now. */
	stage_reply_ok(s, 2, "{'roomId':'lobby'}");
	stage_heard(
	    &s->east, "ack 3 [{'ok':true,'roomId':'lobby'}]\nroom-joined [{'roomId':'lobby'}]\n");
	stage_pass_ms(s, STAGE_AUTH_TIMEOUT_MS + 100);
	stage_heard(&s->east, "");
}

static void test_who_does_not_say_it(void **state)
{
	struct stage *s = *state;

	come(s);
	stage_pass_ms(s, STAGE_AUTH_TIMEOUT_MS - 1);
	stage_heard(&s->east, "");
	stage_pass_ms(s, 1);
	stage_heard(&s->east, STAGE_ERROR_EVENT " " REQUIRED "disconnect\n");
	/* The broker has never heard of it. */
	stage_disconnect(s, &s->east, SIO_END_SERVER);
	stage_sent(s, "");
}

static void test_a_bad_token(void **state)
{
	struct stage *s = *state;

	come(s);
	fake_token.verdict = TOKEN_SIGNATURE;
	for (int i = 0; i < REFUSALS_MAX; i++) {
		stage_show(s, "mallory", 1);
		stage_heard(&s->east, "ack 1 " STAGE_REFUSED("token_signature"));
	}
	assert_int_equal(fake_log_count("info socket.token_refused"), REFUSALS_MAX);
	/* An ack is answered, the last one, too. */
	stage_show(s, "mallory", 1);
	stage_heard(&s->east, "ack 1 " STAGE_REFUSED("token_signature") "close\n");
	assert_int_equal(fake_log_count("info socket.token_refused"), REFUSALS_MAX + 1);
	stage_sent(s, "");
}

static void test_no_token_at_all(void **state)
{
	struct stage *s = *state;

	come(s);
	stage_event(s, &s->east, "auth", "[{}]", 1);
	stage_event(s, &s->east, "auth", "['alice']", 2);
	stage_heard(&s->east,
	    "ack 1 [{'ok':false,'error':{'code':'invalid_message','message':'Invalid message "
	    "format','details':[{'path':'token','message':'\\'token\\' is required'}]}}]\n"
	    "ack 2 [{'ok':false,'error':{'code':'invalid_message','message':'Invalid message "
	    "format','details':[{'path':'','message':'\\'value\\' must be of type object'}]}}]\n");
}

/* It may be shown with CONNECT all the same, and then it has to be good. */
static void test_a_token_at_once(void **state)
{
	struct stage *s = *state;

	stage_move(s, "/later");
	stage_connect(s, &s->east, "alice");
	assert_int_equal(desk_connected(s->desk), 1);
	stage_pass_ms(s, STAGE_AUTH_TIMEOUT_MS + 100);
	stage_heard(&s->east, "");
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	stage_move(s, "/later");
	fake_token.verdict = TOKEN_EXPIRED;
	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_heard(&s->east, "refuse Invalid authentication {'code':'token_expired'}\n");
}

/* The broker says no: to the token, or for now. */
static void test_refused_by_the_broker(void **state)
{
	struct stage *s = *state;

	come(s);
	stage_show(s, "alice", 1);
	stage_reply_error(
	    s, stage_next(s, WIRE_CONNECT).as.connect.request, CLIENT_ERROR_TOKEN_REVOKED);
	stage_heard(&s->east, "ack 1 " STAGE_REFUSED("token_revoked"));
	stage_show(s, "alice", 1);
	stage_reply_error(
	    s, stage_next(s, WIRE_CONNECT).as.connect.request, CLIENT_ERROR_USER_BANNED);
	stage_heard(&s->east, "ack 1 " STAGE_REFUSED("user_banned"));
	stage_show(s, "alice", 2);
	stage_show(s, "bob", 3);
	stage_heard(&s->east, "ack 3 [{'ok':false,'error':{'code':'unavailable','message':'Another "
			      "token is being checked'}}]\n");
	stage_reply_error(
	    s, stage_next(s, WIRE_CONNECT).as.connect.request, CLIENT_ERROR_UNAVAILABLE);
	stage_heard(&s->east, "ack 2 [{'ok':false,'error':{'code':'unavailable','message':'Failed "
			      "to send message'}}]\n");
	stage_pass_ms(s, STAGE_AUTH_TIMEOUT_MS);
	stage_heard(&s->east, STAGE_ERROR_EVENT " " REQUIRED "disconnect\n");
}

static void test_a_link_that_breaks_meanwhile(void **state)
{
	struct stage *s = *state;

	come(s);
	stage_link_breaks(s);
	/* Nobody is told of him, for nobody knows him. */
	assert_int_equal(stage_link_returns(s), 0);
	stage_show(s, "alice", 1);
	const struct wire_connect c = stage_next(s, WIRE_CONNECT).as.connect;
	uint64_t request = c.request;

	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 0);
	assert_int_equal(stage_next(s, WIRE_CONNECT).as.connect.request, request);
	stage_reply_ok(s, request, "{'rooms':[]}");
	stage_heard(&s->east, "ack 1 [{'ok':true,'userId':'alice','expiresAt':null}]\n");
	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 1);
}

/* ---- other namespaces ---- */

static void test_whoever_and_whatever(void **state)
{
	struct stage *s = *state;

	stage_move(s, "/load");
	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_reply_ok(s, stage_next(s, WIRE_CONNECT).as.connect.request, "{'rooms':[]}");
	buf_reset(&s->east.said);
	fake_token.verdict = TOKEN_SIGNATURE;
	stage_show(s, "test-token-xyz", 1);
	stage_heard(&s->east, "ack 1 [{'ok':true,'userId':'guest:socket-1','expiresAt':null}]\n");
	assert_int_equal(fake_token.checked, 0);
	assert_int_equal(fake_log_count("warn namespace.open nsp=/load"), 1);
}

/* A worker's clients say who they are to us, and all else to it. */
static void test_workers(void **state)
{
	struct stage *s = *state;

	stage_move(s, "/late-work");
	stage_knock(s, &s->east, "");
	stage_heard(&s->east, "accept socket-1 \n");
	stage_event(s, &s->east, "anything", "[1]", 1);
	stage_heard(&s->east, "ack 1 " REQUIRED);
	stage_show(s, "alice", 2);
	stage_reply_ok(
	    s, stage_next(s, WIRE_CONNECT).as.connect.request, "{'rooms':['user:alice']}");
	stage_heard(&s->east, "ack 2 [{'ok':true,'userId':'alice','expiresAt':null}]\n");
	stage_event(s, &s->east, "anything", "[1]", 3);
	assert_int_equal(stage_next(s, WIRE_EVENT).as.event.has_ack, true);
}

/* Where nobody needs a token the event is the application's. */
static void test_an_event_of_that_name(void **state)
{
	struct stage *s = *state;

	stage_move(s, "/work");
	stage_knock(s, &s->east, "");
	stage_reply_ok(s, stage_next(s, WIRE_CONNECT).as.connect.request, "{'rooms':[]}");
	stage_show(s, "alice", 1);
	assert_str_is(stage_next(s, WIRE_EVENT).as.event.event, "auth");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_who_says_it_later),
	    TEST(test_who_does_not_say_it),
	    TEST(test_a_bad_token),
	    TEST(test_no_token_at_all),
	    TEST(test_a_token_at_once),
	    TEST(test_refused_by_the_broker),
	    TEST(test_a_link_that_breaks_meanwhile),
	    TEST(test_whoever_and_whatever),
	    TEST(test_workers),
	    TEST(test_an_event_of_that_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
