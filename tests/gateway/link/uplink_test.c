/*
 * The conversation with the broker: greeting, announcing, messages both ways, credit, goodbye.
 */
#include "gateway/link/uplink.h"

#include "tests/gateway/link/uplink_stage.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

static void assert_lines(struct buf *lines, const char *expected)
{
	if (!str_eqz(buf_str(lines), expected))
		fail_msg("lines:\n%.*sexpected:\n%s", STR_ARG(buf_str(lines)), expected);
}

static void test_hello_says_who_we_are(void **state)
{
	struct stage *s = *state;

	stage_open_and_greet(s);
	assert_lines(&s->heard,
	    "BATCH{number=1}\n"
	    "HELLO{version=4 gateway=\"g1\" boot=7 epoch=0 last_gseq=0 credit_messages=2000 "
	    "credit_bytes=16777216}\n");
	assert_false(uplink_is_up(s->uplink));
	assert_string_equal(uplink_state_text(s->uplink), "not connected to the broker yet");
	assert_lines(&s->news, "");
}

/* Announcements come between WELCOME and RESUMED, and only then the link is up. */
static void test_welcome_makes_it_up(void **state)
{
	struct stage *s = *state;

	stage_open_and_greet(s);
	stage_forget(s);
	s->announces = 2;
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_heard(s, "RESUMED{");
	const char announced[] = "CONNECT{request=0 socket=\"announced\" nsp=\"\" user=\"\" "
				 "username=\"\" grants=<1:c0> ip=\"\" user_agent=\"\" "
				 "transport=\"\" since_ms=0 url=\"\" secure=false headers=<1:c0> "
				 "rooms=<1:c0> auth=<1:c0> recovery=false pid=\"\" "
				 "offset=\"\" sid=\"\" wish=\"\" token_id=\"\" "
				 "issued_ms=0 expires_ms=0}\n";
	char expected[1024];

	snprintf(expected, sizeof(expected), "BATCH{number=2}\n%s%sRESUMED{sockets=2}\n", announced,
	    announced);
	assert_lines(&s->heard, expected);
	assert_lines(&s->news, "linked\nup\n");
	assert_true(uplink_is_up(s->uplink));
	assert_string_equal(uplink_state_text(s->uplink), "");
	assert_int_equal(fake_log_count("notice link.up endpoint=ipc://"), 1);
}

static void test_nothing_is_taken_before_it_is_up(void **state)
{
	struct stage *s = *state;
	struct wire_message m = stage_join("lobby");

	stage_open(s);
	assert_int_equal(uplink_send(s->uplink, &m), ERR_UNAVAILABLE);
	stage_until_heard(s, "HELLO{");
	assert_int_equal(uplink_send(s->uplink, &m), ERR_UNAVAILABLE);
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_heard(s, "RESUMED{");
	assert_false(stage_has(&s->heard, "JOIN{"));
}

/* What was said before WELCOME belongs to a conversation that nobody remembers. */
static void test_nothing_is_heard_before_welcome(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_REPLY};

	stage_open_and_greet(s);
	stage_say_as(s, 2, &m);
	stage_say_bytes(s, bytes_of("junk", 4));
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_told(s, "up\n");
	assert_lines(&s->news, "linked\nup\n");
}

static void test_messages_go_both_ways(void **state)
{
	struct stage *s = *state;
	struct wire_message m = stage_join("lobby");

	stage_up(s);
	assert_int_equal(uplink_send(s->uplink, &m), ERR_OK);
	stage_until_heard(s, "JOIN{request=1 socket=\"socket\" room=\"lobby\"}\n");
	m = (struct wire_message){.type = WIRE_REPLY};
	m.as.reply.request = 1;
	stage_say(s, &m);
	stage_until_told(
	    s, "REPLY{request=1 error=0 text=\"\" retry_after_ms=0 value=<1:c0> gseq=0}\n");
	m = (struct wire_message){.type = WIRE_DELIVER};
	m.as.deliver.gseq = 4;
	m.as.deliver.room = STR("lobby");
	stage_say(s, &m);
	stage_until_told(s, "DELIVER{gseq=4 nsp=\"\" room=\"lobby\"");
	assert_true(uplink_is_up(s->uplink));
}

/* One ZeroMQ message for all of a turn: it is what makes the link cheap. */
static void test_what_a_turn_gathers_leaves_together(void **state)
{
	struct stage *s = *state;
	struct wire_message a = stage_join("a"), b = stage_join("b"), c = stage_join("c");

	stage_up(s);
	assert_int_equal(uplink_send(s->uplink, &a), ERR_OK);
	assert_int_equal(uplink_send(s->uplink, &b), ERR_OK);
	assert_int_equal(uplink_send(s->uplink, &c), ERR_OK);
	stage_until_heard(s, "room=\"c\"");
	assert_lines(&s->heard, "BATCH{number=3}\n"
				"JOIN{request=1 socket=\"socket\" room=\"a\"}\n"
				"JOIN{request=1 socket=\"socket\" room=\"b\"}\n"
				"JOIN{request=1 socket=\"socket\" room=\"c\"}\n");
}

static void test_many_messages_in_one_batch_are_heard_in_order(void **state)
{
	struct stage *s = *state;
	struct wire_message batch = {.type = WIRE_BATCH}, reply = {.type = WIRE_REPLY};
	struct buf body = {0};
	char expected[256] = "";

	stage_up(s);
	batch.as.batch.number = s->said + 1;
	wire_put(&body, &batch);
	for (unsigned i = 1; i <= 3; i++) {
		size_t len = strlen(expected);

		reply.as.reply.request = i;
		wire_put(&body, &reply);
		snprintf(expected + len, sizeof(expected) - len,
		    "REPLY{request=%u error=0 text=\"\" retry_after_ms=0 value=<1:c0> gseq=0}\n",
		    i);
	}
	stage_say_bytes(s, buf_bytes(&body));
	buf_free(&body);
	stage_until_told(s, "REPLY{request=3 ");
	assert_lines(&s->news, expected);
}

/* More than one turn takes, which is what clients can be given in one; nothing is left behind. */
static void test_a_flood_of_batches_is_heard_to_its_end(void **state)
{
	enum { FLOOD = 2500 };
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_REPLY};
	char last[64], text[LIMIT_REASON];

	memset(text, 'x', sizeof(text));
	m.as.reply.text = (struct str){text, sizeof(text)};
	stage_up(s);
	for (unsigned i = 1; i <= FLOOD; i++) {
		m.as.reply.request = i;
		stage_say(s, &m);
	}
	snprintf(last, sizeof(last), "REPLY{request=%d ", FLOOD);
	stage_until_told(s, last);
	assert_true(s->most_told < FLOOD / 2);
	/* As much as was given credit for: it is told what was taken in meanwhile. */
	stage_until_heard(s, "CREDIT{messages=");
}

/* ---- credit ---- */

static bool is_full(const struct stage *s)
{
	return uplink_is_full(s->uplink);
}

static bool is_not_full(const struct stage *s)
{
	return !uplink_is_full(s->uplink);
}

static void test_without_credit_it_fills_up(void **state)
{
	enum { CREDIT = 4 };
	struct stage *s = *state;
	struct wire_message m = stage_join("first"), credit = {.type = WIRE_CREDIT};
	char room[16];

	stage_open_and_greet(s);
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, CREDIT);
	stage_until_heard(s, "HEARTBEAT{}");
	/* HELLO, RESUMED and a beat have gone: one more may, and the next ones wait. */
	assert_int_equal(uplink_send(s->uplink, &m), ERR_OK);
	stage_until_heard(s, "room=\"first\"");
	stage_forget(s);
	for (unsigned i = 0; !uplink_is_full(s->uplink); i++) {
		snprintf(room, sizeof(room), "r%u", i);
		m = stage_join(room);
		assert_int_equal(uplink_send(s->uplink, &m), ERR_OK);
		assert_true(i < STAGE_QUEUE_MAX_BYTES);
	}
	stage_until(s, is_full, "full");
	assert_int_equal(s->batches, 0);
	assert_true(uplink_is_up(s->uplink));
	credit.as.credit = (struct wire_credit){CREDIT, 50};
	stage_say(s, &credit);
	stage_until_heard(s, room);
	stage_until(s, is_not_full, "not full");
	assert_lines(&s->news, "");
}

/* ---- heartbeats ---- */

static bool has_beaten_twice(const struct stage *s)
{
	return s->batches >= 2;
}

static void test_it_beats_and_is_kept_by_beats(void **state)
{
	struct stage *s = *state;

	stage_open_and_greet(s);
	stage_welcome(s, STAGE_EPOCH, 300, LIMIT_WINDOW_MESSAGES);
	stage_until_told(s, "up\n");
	s->answers_heartbeats = true;
	stage_until_heard(s, "HEARTBEAT{}\n");
	stage_forget(s);
	/* Beats of the broker are news to nobody. */
	stage_until(s, has_beaten_twice, "two more beats");
	assert_lines(&s->news, "");
	assert_true(uplink_is_up(s->uplink));
}

/* ---- the end ---- */

static void test_goodbye(void **state)
{
	struct stage *s = *state;
	zmq_pollitem_t item = {.events = ZMQ_POLLIN};

	stage_up(s);
	uplink_free(&s->uplink);
	assert_null(s->uplink);
	item.socket = s->router;
	assert_int_equal(zmq_poll(&item, 1, 20000), 1);
	stage_listen(s);
	assert_lines(&s->heard, "BATCH{number=3}\nGOODBYE{reason=\"gateway stops\"}\n");
	assert_lines(&s->news, "");
}

static bool has_left(const struct stage *s)
{
	return uplink_has_left(s->uplink);
}

/* Behind all that was asked; what is answered until then is heard. */
static void test_taking_leave(void **state)
{
	struct stage *s = *state;
	struct wire_message m = stage_join("lobby");

	stage_up(s);
	assert_false(uplink_has_left(s->uplink));
	assert_int_equal(uplink_send(s->uplink, &m), ERR_OK);
	uplink_leave(s->uplink);
	assert_false(uplink_is_up(s->uplink));
	assert_int_equal(uplink_send(s->uplink, &m), ERR_UNAVAILABLE);
	stage_until_heard(s, "JOIN{request=1 socket=\"socket\" room=\"lobby\"}\n"
			     "GOODBYE{reason=\"gateway stops\"}\n");
	m = (struct wire_message){.type = WIRE_REPLY};
	stage_say(s, &m);
	stage_until_told(s, "REPLY{");
	assert_false(uplink_has_left(s->uplink));
	m.type = WIRE_GOODBYE_OK;
	stage_say(s, &m);
	stage_until(s, has_left, "to have left");
	stage_forget(s);
	uplink_free(&s->uplink);
	stage_listen(s);
	assert_lines(&s->heard, "");
}

/* Nobody answers: it has left all the same, after a while. */
static void test_taking_leave_of_a_silent_broker(void **state)
{
	struct stage *s = *state;

	stage_up(s);
	struct mono asked = clock_mono();

	uplink_leave(s->uplink);
	stage_until(s, has_left, "to have left");
	assert_true(mono_ms_between(asked, clock_mono()) >= 1000);
}

static void test_taking_leave_of_nobody(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	uplink_leave(s->uplink);
	assert_true(uplink_has_left(s->uplink));
}

static void test_no_goodbye_to_whom_one_has_not_met(void **state)
{
	struct stage *s = *state;

	stage_open_and_greet(s);
	stage_forget(s);
	uplink_free(&s->uplink);
	stage_listen(s);
	assert_lines(&s->heard, "");
}

static void test_bad_endpoints(void **state)
{
	static const struct {
		const char *endpoint;
		enum err e;
	} rows[] = {
	    {"", ERR_INVALID},
	    {"broker.example:7400", ERR_INVALID},
	    {"carrier-pigeon://coop", ERR_INVALID},
	    {"tcp://127.0.0.1", ERR_INVALID},
	    {"tcp://127.0.0.1:port", ERR_INVALID},
	};
	struct stage *s = *state;
	const struct uplink_events events = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct uplink_conf conf = {.endpoint = rows[i].endpoint, .gateway = "g1"};
		char start[128];

		assert_int_equal(
		    uplink_new(s->loop, &conf, &events, s, s->why, &s->uplink), rows[i].e);
		assert_null(s->uplink);
		snprintf(
		    start, sizeof(start), "cannot use broker-endpoint = %s: ", rows[i].endpoint);
		assert_memory_equal(s->why, start, strlen(start));
		assert_non_null(strstr(s->why, "; it looks like ipc:///run/roomcast/link.sock"));
	}
}

/* ---- tcp ---- */

static void test_tcp_with_curve(void **state)
{
	struct stage *s = *state;
	char broker_public[41], broker_secret[41], gateway_public[41], gateway_secret[41];
	struct wire_message m = stage_join("lobby");

	assert_int_equal(zmq_curve_keypair(broker_public, broker_secret), 0);
	assert_int_equal(zmq_curve_keypair(gateway_public, gateway_secret), 0);
	stage_broker_goes(s);
	snprintf(s->endpoint, sizeof(s->endpoint), "tcp://127.0.0.1:*");
	s->broker_secret = broker_secret;
	s->broker_public = broker_public;
	s->gateway_secret = gateway_secret;
	stage_broker_comes(s);
	stage_up(s);
	assert_int_equal(uplink_send(s->uplink, &m), ERR_OK);
	stage_until_heard(s, "JOIN{");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_hello_says_who_we_are),
	    TEST(test_welcome_makes_it_up),
	    TEST(test_nothing_is_taken_before_it_is_up),
	    TEST(test_nothing_is_heard_before_welcome),
	    TEST(test_messages_go_both_ways),
	    TEST(test_what_a_turn_gathers_leaves_together),
	    TEST(test_many_messages_in_one_batch_are_heard_in_order),
	    TEST(test_a_flood_of_batches_is_heard_to_its_end),
	    TEST(test_without_credit_it_fills_up),
	    TEST(test_it_beats_and_is_kept_by_beats),
	    TEST(test_goodbye),
	    TEST(test_taking_leave),
	    TEST(test_taking_leave_of_a_silent_broker),
	    TEST(test_taking_leave_of_nobody),
	    TEST(test_no_goodbye_to_whom_one_has_not_met),
	    TEST(test_bad_endpoints),
	    TEST(test_tcp_with_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
