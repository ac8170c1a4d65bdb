/*
 * Tokens of those who are connected: they expire, are renewed, are revoked.
 */
#include "gateway/room/bearer.h"

#include "tests/gateway/room/desk_stage.h"

#define EXPIRED "[{'ok':false,'error':{'code':'token_expired','message':'Token expired'}}]\n"

static void enter(struct stage *s, int64_t lifetime_ms)
{
	fake_token.expires.ms = STAGE_NOON_MS + lifetime_ms;
	stage_connect(s, &s->east, "alice");
}

static void test_a_token_expires(void **state)
{
	struct stage *s = *state;

	enter(s, 100000);
	stage_pass_ms(s, 69900);
	stage_heard(&s->east, "");
	stage_pass_ms(s, 100);
	stage_pass_ms(s, 50);
	stage_heard(&s->east, "auth-expiring [{'expiresAt':1700000100000}]\n");
	/* The clock of its issuer may be late. */
	for (int i = 0; i < 349; i++)
		stage_pass_ms(s, 100);
	stage_heard(&s->east, "");
	stage_pass_ms(s, 100);
	stage_heard(&s->east, STAGE_ERROR_EVENT " " EXPIRED "disconnect\n");
	assert_int_equal(fake_log_count("info socket.ended userId=alice socketId=socket-1 "
					"reason=token_expired"),
	    1);
}

/* One that is short warns at once. */
static void test_a_short_token(void **state)
{
	struct stage *s = *state;

	enter(s, 2000);
	stage_pass_ms(s, 50);
	stage_heard(&s->east, "auth-expiring [{'expiresAt':1700000002000}]\n");
	for (int i = 0; i < 71; i++)
		stage_pass_ms(s, 100);
	stage_heard(&s->east, STAGE_ERROR_EVENT " " EXPIRED "disconnect\n");
}

static void test_a_newer_token(void **state)
{
	struct stage *s = *state;

	enter(s, 40000);
	stage_pass_ms(s, 10050);
	stage_heard(&s->east, "auth-expiring [{'expiresAt':1700000040000}]\n");
	fake_token.expires.ms = STAGE_NOON_MS + 100000;
	fake_token.issued.ms = STAGE_NOON_MS + 10000;
	fake_token.id = "t2";
	stage_show(s, "alice", 5);
	const struct wire_auth a = stage_next(s, WIRE_AUTH).as.auth;

	assert_str_is(a.socket, "socket-1");
	assert_str_is(a.token_id, "t2");
	assert_int_equal(a.issued_ms, STAGE_NOON_MS + 10000);
	assert_int_equal(a.expires_ms, STAGE_NOON_MS + 100000);
	stage_heard(&s->east, "");
	stage_reply_ok(s, a.request, "");
	stage_heard(&s->east, "ack 5 [{'ok':true,'userId':'alice','expiresAt':1700000100000}]\n");
	stage_pass_ms(s, 50000);
	stage_heard(&s->east, "");
	stage_pass_ms(s, 10050);
	stage_heard(&s->east, "auth-expiring [{'expiresAt':1700000100000}]\n");
	/* After a broken link the broker hears of the newer one. */
	stage_link_breaks(s);
	stage_link_returns(s);
	assert_str_is(stage_next(s, WIRE_CONNECT).as.connect.token_id, "t2");
}

static void test_a_token_that_does_not_fit(void **state)
{
	struct stage *s = *state;

	enter(s, 40000);
	stage_show(s, "bob", 1);
	stage_heard(&s->east, "ack 1 " STAGE_REFUSED("token_user"));
	fake_token.verdict = TOKEN_EXPIRED;
	stage_show(s, "alice", STAGE_NO_ACK);
	stage_heard(&s->east, STAGE_ERROR_EVENT " " STAGE_REFUSED("token_expired"));
	fake_token.verdict = TOKEN_OK;
	stage_show(s, "alice", 2);
	stage_reply_error(s, stage_next(s, WIRE_AUTH).as.auth.request, CLIENT_ERROR_TOKEN_REVOKED);
	stage_heard(&s->east, "ack 2 " STAGE_REFUSED("token_revoked"));
	/* The older one goes on, and ends when it would have. */
	for (int i = 0; i < 452; i++)
		stage_pass_ms(s, 100);
	stage_heard(&s->east, "auth-expiring [{'expiresAt':1700000040000}]\n" STAGE_ERROR_EVENT
			      " " EXPIRED "disconnect\n");
}

/* It was shown in time, and the broker is late. */
static void test_waiting_for_the_broker(void **state)
{
	struct stage *s = *state;

	enter(s, 40000);
	stage_pass_ms(s, 10050);
	for (int i = 0; i < 346; i++)
		stage_pass_ms(s, 100);
	stage_heard(&s->east, "auth-expiring [{'expiresAt':1700000040000}]\n");
	fake_token.expires.ms = STAGE_NOON_MS + 100000;
	stage_show(s, "alice", 1);
	const uint64_t request = stage_next(s, WIRE_AUTH).as.auth.request;

	stage_pass_ms(s, 600);
	stage_heard(&s->east, "");
	stage_reply_ok(s, request, "");
	stage_heard(&s->east, "ack 1 [{'ok':true,'userId':'alice','expiresAt':1700000100000}]\n");
	/* And when it never answers, there is an end. */
	stage_show(s, "alice", 2);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(
	    &s->east, "ack 2 [{'ok':false,'error':{'code':'timeout','message':'Timed out'}}]\n");
	stage_show(s, "alice", 3);
	assert_int_equal(stage_next(s, WIRE_AUTH).type, WIRE_AUTH);
}

/* ---- the broker ends it ---- */

static void test_revoked_while_connected(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_EXPEL};

	enter(s, 40000);
	m.as.expel =
	    (struct wire_expel){.socket = STR("socket-1"), .error = CLIENT_ERROR_TOKEN_REVOKED};
	stage_hear(s, &m);
	stage_heard(&s->east, STAGE_ERROR_EVENT
	    " [{'ok':false,'error':{'code':'token_revoked','message':'Token revoked'}}]\n"
	    "disconnect\n");
}

static void test_revoked_before(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_REPLY};

	stage_knock(s, &s->east, "{'token':'alice'}");
	m.as.reply = (struct wire_reply){.request = stage_next(s, WIRE_CONNECT).as.connect.request,
	    .error = CLIENT_ERROR_TOKEN_REVOKED,
	    .text = STR("Invalid authentication"),
	    .value = bytes_of("\x81\xa4"
			      "code\xadtoken_revoked",
		20)};
	stage_hear(s, &m);
	stage_heard(&s->east, "refuse Invalid authentication {'code':'token_revoked'}\n");
	assert_null(s->east.owner);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_token_expires),
	    TEST(test_a_short_token),
	    TEST(test_a_newer_token),
	    TEST(test_a_token_that_does_not_fit),
	    TEST(test_waiting_for_the_broker),
	    TEST(test_revoked_while_connected),
	    TEST(test_revoked_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
