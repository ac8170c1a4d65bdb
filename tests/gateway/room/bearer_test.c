#include "gateway/room/bearer.h"

#include "tests/gateway/room/desk_stage.h"

#include <stdio.h>
#include <string.h>

#define REFUSED(code)                                                               \
	"[{'ok':false,'error':{'code':'authentication_invalid','message':'Invalid " \
	"authentication','details':{'code':'" code "'}}}]\n"
#define REQUIRED                                                                            \
	"[{'ok':false,'error':{'code':'authentication_required','message':'Authentication " \
	"required'}}]\n"
#define EXPIRED "[{'ok':false,'error':{'code':'token_expired','message':'Token expired'}}]\n"

static const int64_t noon = 1700000000000;

/* A client of another namespace in the place of the one in the east. */
static void move(struct stage *s, const char *nsp)
{
	fake_socket_end(&s->east);
	fake_socket_begin(&s->east, nsp);
}

/* One who has not said who he is. */
static void come(struct stage *s)
{
	move(s, "/later");
	stage_knock(s, &s->east, "");
	stage_heard(&s->east, "accept socket-1 \n");
	stage_sent(s, "");
}

static struct wire_message next(struct stage *s, enum wire_type type)
{
	struct wire_message m;

	assert_true(fake_uplink_next(&s->link, &m));
	assert_int_equal(m.type, type);
	return m;
}

static void show(struct stage *s, const char *token, int64_t ack_id)
{
	char args[64];

	snprintf(args, sizeof(args), "[{'token':'%s'}]", token);
	stage_event(s, &s->east, "auth", args, ack_id);
}

static void test_who_says_it_later(void **state)
{
	struct stage *s = *state;

	come(s);
	assert_int_equal(desk_connected(s->desk), 0);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 1);
	stage_event(s, &s->east, "nonsense", "[]", STAGE_NO_ACK);
	stage_heard(&s->east, "ack 1 " REQUIRED STAGE_ERROR_EVENT " " REQUIRED);
	fake_token.expires.ms = noon + 60000;
	fake_token.issued.ms = noon - 1000;
	fake_token.id = "t1";
	fake_token.room = "vault";
	show(s, "alice", 2);
	const struct wire_connect c = next(s, WIRE_CONNECT).as.connect;

	assert_str_is(c.socket, "socket-1");
	assert_str_is(c.user, "alice");
	assert_str_is(c.token_id, "t1");
	assert_int_equal(c.issued_ms, noon - 1000);
	assert_int_equal(c.expires_ms, noon + 60000);
	stage_heard(&s->east, "");
	stage_reply_ok(s, c.request, "{'rooms':['user:alice','club']}");
	stage_heard(&s->east, "ack 2 [{'ok':true,'userId':'alice','expiresAt':1700000060000}]\n"
			      "room-joined [{'roomId':'club'}]\n");
	assert_int_equal(desk_connected(s->desk), 1);
	stage_event(s, &s->east, "join-room", "[{'roomId':'lobby'}]", 3);
	assert_str_is(next(s, WIRE_JOIN).as.join.room, "lobby");
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
		show(s, "mallory", 1);
		stage_heard(&s->east, "ack 1 " REFUSED("token_signature"));
	}
	assert_int_equal(fake_log_count("info socket.token_refused"), REFUSALS_MAX);
	show(s, "mallory", 1);
	stage_heard(&s->east, "close\n");
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

	move(s, "/later");
	stage_connect(s, &s->east, "alice");
	assert_int_equal(desk_connected(s->desk), 1);
	stage_pass_ms(s, STAGE_AUTH_TIMEOUT_MS + 100);
	stage_heard(&s->east, "");
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	move(s, "/later");
	fake_token.verdict = TOKEN_EXPIRED;
	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_heard(&s->east, "refuse Invalid authentication {'code':'token_expired'}\n");
}

/* The broker says no: to the token, or for now. */
static void test_refused_by_the_broker(void **state)
{
	struct stage *s = *state;

	come(s);
	show(s, "alice", 1);
	stage_reply_error(s, next(s, WIRE_CONNECT).as.connect.request, CLIENT_ERROR_TOKEN_REVOKED);
	stage_heard(&s->east, "ack 1 " REFUSED("token_revoked"));
	show(s, "alice", 1);
	stage_reply_error(s, next(s, WIRE_CONNECT).as.connect.request, CLIENT_ERROR_USER_BANNED);
	stage_heard(&s->east, "ack 1 " REFUSED("user_banned"));
	show(s, "alice", 2);
	show(s, "bob", 3);
	stage_heard(&s->east, "ack 3 [{'ok':false,'error':{'code':'unavailable','message':'Another "
			      "token is being checked'}}]\n");
	stage_reply_error(s, next(s, WIRE_CONNECT).as.connect.request, CLIENT_ERROR_UNAVAILABLE);
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
	show(s, "alice", 1);
	const struct wire_connect c = next(s, WIRE_CONNECT).as.connect;
	uint64_t request = c.request;

	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 0);
	assert_int_equal(next(s, WIRE_CONNECT).as.connect.request, request);
	stage_reply_ok(s, request, "{'rooms':[]}");
	stage_heard(&s->east, "ack 1 [{'ok':true,'userId':'alice','expiresAt':null}]\n");
	stage_link_breaks(s);
	assert_int_equal(stage_link_returns(s), 1);
}

/* ---- coming back without saying who one is ---- */

static void test_a_pid_beforehand(void **state)
{
	struct stage *s = *state;

	stage_recovery(s, true);
	move(s, "/later");
	stage_knock(s, &s->east, "");
	stage_heard(&s->east, "accept socket-1 socket-2\n");
	show(s, "alice", 1);
	const struct wire_connect c = next(s, WIRE_CONNECT).as.connect;

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
	move(s, "/later");
	stage_knock(s, &s->east, "{'pid':'old','offset':'7'}");
	const struct wire_connect c = next(s, WIRE_CONNECT).as.connect;

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
	const struct wire_connect again = next(s, WIRE_CONNECT).as.connect;

	assert_str_is(again.user, "alice");
	assert_str_is(again.username, "Alice");
	assert_str_is(again.token_id, "t1");
	assert_int_equal(again.issued_ms, 3);
	assert_int_equal(again.expires_ms, noon + 60000);
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
	move(s, "/later");
	stage_knock(s, &s->east, "{'pid':'old'}");
	stage_reply_error(
	    s, next(s, WIRE_CONNECT).as.connect.request, CLIENT_ERROR_AUTHENTICATION_REQUIRED);
	stage_heard(&s->east, "accept socket-1 socket-2\n");
	show(s, "alice", 1);
	assert_str_is(next(s, WIRE_CONNECT).as.connect.wish, "socket-2");
}

/* An answer that does not say who it is, is none. */
static void test_a_session_of_nobody(void **state)
{
	struct stage *s = *state;

	stage_recovery(s, true);
	move(s, "/later");
	stage_knock(s, &s->east, "{'pid':'old'}");
	stage_reply_ok(s, next(s, WIRE_CONNECT).as.connect.request, "{'rooms':[]}");
	stage_heard(&s->east, "close\n");
}

/* ---- tokens of those who are connected ---- */

static void enter(struct stage *s, int64_t lifetime_ms)
{
	fake_token.expires.ms = noon + lifetime_ms;
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
	fake_token.expires.ms = noon + 100000;
	fake_token.issued.ms = noon + 10000;
	fake_token.id = "t2";
	show(s, "alice", 5);
	const struct wire_auth a = next(s, WIRE_AUTH).as.auth;

	assert_str_is(a.socket, "socket-1");
	assert_str_is(a.token_id, "t2");
	assert_int_equal(a.issued_ms, noon + 10000);
	assert_int_equal(a.expires_ms, noon + 100000);
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
	assert_str_is(next(s, WIRE_CONNECT).as.connect.token_id, "t2");
}

static void test_a_token_that_does_not_fit(void **state)
{
	struct stage *s = *state;

	enter(s, 40000);
	show(s, "bob", 1);
	stage_heard(&s->east, "ack 1 " REFUSED("token_user"));
	fake_token.verdict = TOKEN_EXPIRED;
	show(s, "alice", STAGE_NO_ACK);
	stage_heard(&s->east, STAGE_ERROR_EVENT " " REFUSED("token_expired"));
	fake_token.verdict = TOKEN_OK;
	show(s, "alice", 2);
	stage_reply_error(s, next(s, WIRE_AUTH).as.auth.request, CLIENT_ERROR_TOKEN_REVOKED);
	stage_heard(&s->east, "ack 2 " REFUSED("token_revoked"));
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
	fake_token.expires.ms = noon + 100000;
	show(s, "alice", 1);
	const uint64_t request = next(s, WIRE_AUTH).as.auth.request;

	stage_pass_ms(s, 600);
	stage_heard(&s->east, "");
	stage_reply_ok(s, request, "");
	stage_heard(&s->east, "ack 1 [{'ok':true,'userId':'alice','expiresAt':1700000100000}]\n");
	/* And when it never answers, there is an end. */
	show(s, "alice", 2);
	stage_pass_ms(s, STAGE_TIMEOUT_MS);
	stage_heard(
	    &s->east, "ack 2 [{'ok':false,'error':{'code':'timeout','message':'Timed out'}}]\n");
	show(s, "alice", 3);
	assert_int_equal(next(s, WIRE_AUTH).type, WIRE_AUTH);
}

/* ---- other namespaces ---- */

static void test_whoever_and_whatever(void **state)
{
	struct stage *s = *state;

	move(s, "/load");
	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_reply_ok(s, next(s, WIRE_CONNECT).as.connect.request, "{'rooms':[]}");
	buf_reset(&s->east.said);
	fake_token.verdict = TOKEN_SIGNATURE;
	show(s, "test-token-xyz", 1);
	stage_heard(&s->east, "ack 1 [{'ok':true,'userId':'guest:socket-1','expiresAt':null}]\n");
	assert_int_equal(fake_token.checked, 0);
	assert_int_equal(fake_log_count("warn namespace.open nsp=/load"), 1);
}

/* A worker's clients say who they are to us, and all else to it. */
static void test_workers(void **state)
{
	struct stage *s = *state;

	move(s, "/late-work");
	stage_knock(s, &s->east, "");
	stage_heard(&s->east, "accept socket-1 \n");
	stage_event(s, &s->east, "anything", "[1]", 1);
	stage_heard(&s->east, "ack 1 " REQUIRED);
	show(s, "alice", 2);
	stage_reply_ok(s, next(s, WIRE_CONNECT).as.connect.request, "{'rooms':['user:alice']}");
	stage_heard(&s->east, "ack 2 [{'ok':true,'userId':'alice','expiresAt':null}]\n");
	stage_event(s, &s->east, "anything", "[1]", 3);
	assert_int_equal(next(s, WIRE_EVENT).as.event.has_ack, true);
}

/* Where nobody needs a token the event is the application's. */
static void test_an_event_of_that_name(void **state)
{
	struct stage *s = *state;

	move(s, "/work");
	stage_knock(s, &s->east, "");
	stage_reply_ok(s, next(s, WIRE_CONNECT).as.connect.request, "{'rooms':[]}");
	show(s, "alice", 1);
	assert_str_is(next(s, WIRE_EVENT).as.event.event, "auth");
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
	m.as.reply = (struct wire_reply){.request = next(s, WIRE_CONNECT).as.connect.request,
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
	    TEST(test_who_says_it_later),
	    TEST(test_who_does_not_say_it),
	    TEST(test_a_bad_token),
	    TEST(test_no_token_at_all),
	    TEST(test_a_token_at_once),
	    TEST(test_refused_by_the_broker),
	    TEST(test_a_link_that_breaks_meanwhile),
	    TEST(test_a_pid_beforehand),
	    TEST(test_a_session_that_is_known),
	    TEST(test_a_session_that_is_not_known),
	    TEST(test_a_session_of_nobody),
	    TEST(test_a_token_expires),
	    TEST(test_a_short_token),
	    TEST(test_a_newer_token),
	    TEST(test_a_token_that_does_not_fit),
	    TEST(test_waiting_for_the_broker),
	    TEST(test_whoever_and_whatever),
	    TEST(test_workers),
	    TEST(test_an_event_of_that_name),
	    TEST(test_revoked_while_connected),
	    TEST(test_revoked_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
