/*
 * Coming in and going: what the broker is told, its word, rooms, leaving.
 */
#include "gateway/room/desk.h"

#include "gateway/metrics.h"
#include "tests/gateway/room/desk_stage.h"

#include <stdio.h>
#include <string.h>

static int64_t count_in(const struct stage *s, size_t event_value)
{
	return metrics_value(s->metrics, METRIC_MESSAGES, 0, event_value);
}

/* ---- knocking ---- */

static void test_what_the_broker_is_told(void **state)
{
	struct stage *s = *state;

	fake_token.username = "Alice A.";
	fake_token.room = "vault";
	stage_knock(s, &s->east, "{'token':'alice'}");
	struct wire_connect c = stage_next_connect(s);

	assert_int_equal(c.request, 1);
	assert_str_is(c.socket, "socket-1");
	assert_str_is(c.nsp, "/chat");
	assert_str_is(c.user, "alice");
	assert_str_is(c.username, "Alice A.");
	assert_str_is(bytes_str(c.grants), "\x91\xa5vault");
	assert_str_is(c.ip, "10.0.0.1");
	assert_str_is(c.user_agent, "agent");
	assert_str_is(c.transport, "websocket");
	assert_str_is(c.url, "/socket.io/?EIO=4");
	assert_true(c.secure);
	assert_str_is(bytes_str(c.headers), "\xc0");
	assert_int_equal(c.since_ms, s->loop.wall.ms);
	assert_str_is(bytes_str(c.rooms), "\xc0");
	assert_int_equal(pending_count(s->pending), 1);
	stage_heard(&s->east, "");
	assert_int_equal(desk_connected(s->desk), 0);
}

/* An old client takes the id of its connection for its own, with the namespace before it. */
static void test_the_id_of_an_old_client(void **state)
{
	struct stage *s = *state;

	s->east.facts.sid = s->west.facts.sid = (char *)"sid";
	stage_knock(s, &s->east, "{'token':'alice'}");
	assert_str_is(stage_next_connect(s).socket, "/chat#sid");
	s->west.nsp = "/";
	stage_knock(s, &s->west, "{'token':'alice'}");
	assert_str_is(stage_next_connect(s).socket, "sid");
	stage_reply_ok(s, 1, "{'rooms':[]}");
	stage_heard(&s->east, "accept /chat#sid \n");
}

/* What strangers send is cut to what the link carries, and never inside of a character. */
static void test_long_texts_are_cut(void **state)
{
	struct stage *s = *state;
	char agent[2 * LIMIT_USER_AGENT], name[2 * LIMIT_USERNAME];

	memset(agent, 'a', sizeof(agent));
	agent[sizeof(agent) - 1] = '\0';
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memcpy(name + LIMIT_USERNAME - 2, "\xe2\x82\xac", 3);
	s->east.facts.user_agent = agent;
	s->east.facts.ip = agent;
	fake_token.username = name;
	stage_knock(s, &s->east, "{'token':'alice'}");
	struct wire_connect c = stage_next_connect(s);

	assert_int_equal(c.user_agent.len, LIMIT_USER_AGENT);
	assert_int_equal(c.ip.len, LIMIT_IP);
	assert_int_equal(c.username.len, LIMIT_USERNAME - 2);
}

static void test_agents_are_cut_between_characters(void **state)
{
	static const struct {
		size_t plain;      /* ASCII bytes before it */
		const char *bytes; /* what follows */
		size_t left;
	} rows[] = {
	    {LIMIT_USER_AGENT - 2, "\u00e4", LIMIT_USER_AGENT},
	    {LIMIT_USER_AGENT - 1, "\u00e4", LIMIT_USER_AGENT - 1},
	    {LIMIT_USER_AGENT - 3, "\U0001f600", LIMIT_USER_AGENT - 3},
	    {LIMIT_USER_AGENT - 4, "\U0001f600 and more", LIMIT_USER_AGENT},
	    {LIMIT_USER_AGENT, "x", LIMIT_USER_AGENT},
	    {10, "\xff is no UTF-8", 10},
	    {0, "\xff", 0},
	};
	struct stage *s = *state;
	char agent[LIMIT_USER_AGENT + 32];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memset(agent, 'a', sizeof(agent));
		snprintf(agent + rows[i].plain, sizeof(agent) - rows[i].plain, "%s", rows[i].bytes);
		s->east.facts.user_agent = agent;
		stage_knock(s, &s->east, "{'token':'alice'}");
		assert_int_equal(stage_next_connect(s).user_agent.len, rows[i].left);
		stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	}
}

/* A refusal is for ever, a closed connection comes back. */
static void test_without_link_the_connection_is_closed(void **state)
{
	struct stage *s = *state;

	stage_link_breaks(s);
	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_heard(&s->east, "close\n");
	assert_int_equal(fake_token.checked, 1);
	assert_int_equal(fake_token.living, 0);
	assert_null(s->east.owner);
	/* The token is looked at first: a bad one stays bad. */
	stage_knock(s, &s->west, "");
	stage_heard(&s->west, "refuse Authentication required {'code':'token_missing'}\n");
}

static void test_a_full_link_closes_the_connection(void **state)
{
	struct stage *s = *state;

	s->link.is_full = true;
	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_heard(&s->east, "close\n");
	assert_int_equal(pending_count(s->pending), 0);
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	assert_int_equal(fake_token.living, 0);
}

/* ---- the broker's word ---- */

static void test_accepted_with_rooms(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_reply_ok(s, 1, "{'rooms':['user:alice','lobby','team']}");
	stage_heard(&s->east, "accept socket-1 \nroom-joined [{'roomId':'lobby'}]\nroom-joined "
			      "[{'roomId':'team'}]\n");
	assert_int_equal(hub_room_count(s->hub), 3);
	assert_int_equal(desk_connected(s->desk), 1);
	assert_int_equal(pending_count(s->pending), 0);
	assert_int_equal(fake_log_count("info socket.connected userId=alice socketId=socket-1 "
					"ip=10.0.0.1 userAgent=agent nsp=/chat "
					"transport=websocket"),
	    1);
}

static void test_the_personal_room_is_heard(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_DELIVER};

	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_reply_ok(s, 1, "{'rooms':['user:alice']}");
	stage_heard(&s->east, "accept socket-1 \n");
	m.as.deliver = (struct wire_deliver){.nsp = STR("/chat"),
	    .room = STR("user:alice"),
	    .event = STR("note"),
	    .args = bytes_of("\x90", 1)};
	stage_hear(s, &m);
	stage_heard(&s->east, "note []\n");
}

/* A broker of another version may say less, or something else; one is in all the same. */
static void test_accepted_whatever_rooms_are_named(void **state)
{
	static const char *const values[] = {
	    "", "{}", "{'rooms':null}", "{'rooms':'lobby'}", "{'rooms':[7,'lobby']}"};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct sio_socket who;

		fake_socket_begin(&who, "/chat");
		stage_knock(s, &who, "{'token':'alice'}");
		stage_reply_ok(s, i + 1, values[i]);
		assert_true(who.id[0]);
		assert_int_equal(hub_room_count(s->hub), 0);
		stage_disconnect(s, &who, SIO_END_TRANSPORT);
		fake_socket_end(&who);
	}
}

static void test_an_error_of_the_broker_closes_the_connection(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_reply_error(s, 1, CLIENT_ERROR_UNAVAILABLE);
	stage_heard(&s->east, "close\n");
	assert_int_equal(desk_connected(s->desk), 0);
	assert_int_equal(pending_count(s->pending), 0);
}

static void test_no_answer_closes_the_connection(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_pass_ms(s, STAGE_TIMEOUT_MS - 1);
	stage_heard(&s->east, "");
	stage_pass_ms(s, 1);
	stage_heard(&s->east, "close\n");
	assert_int_equal(pending_count(s->pending), 0);
	stage_reply_ok(s, 1, "{'rooms':['lobby']}");
	stage_heard(&s->east, "");
	assert_int_equal(hub_room_count(s->hub), 0);
}

/* ---- going ---- */

static void test_gone_before_the_broker_answered(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->east, "{'token':'alice'}");
	(void)stage_next_connect(s);
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	stage_sent(s, "DISCONNECT{socket=\"socket-1\" reason=\"transport close\" is_lost=false}\n");
	assert_int_equal(pending_count(s->pending), 0);
	assert_int_equal(fake_token.living, 0);
	stage_reply_ok(s, 1, "{'rooms':['lobby']}");
	assert_int_equal(desk_connected(s->desk), 0);
	assert_int_equal(hub_room_count(s->hub), 0);
	stage_heard(&s->east, "");
}

static void test_the_broker_is_told_why(void **state)
{
	static const struct {
		enum sio_end why;
		const char *door, *reason;
	} rows[] = {
	    {SIO_END_CLIENT, NULL, "client namespace disconnect"},
	    {SIO_END_SERVER, NULL, "server namespace disconnect"},
	    {SIO_END_TRANSPORT, NULL, "transport close"},
	    {SIO_END_TRANSPORT, "ping timeout", "ping timeout"},
	    {SIO_END_CLIENT, "ping timeout", "client namespace disconnect"},
	};
	struct stage *s = *state;
	char text[160];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sio_socket who;

		fake_socket_begin(&who, "/chat");
		stage_connect(s, &who, "alice");
		assert_int_equal(desk_connected(s->desk), 1);
		s->loop.now = mono_add_ms(s->loop.now, 250);
		who.facts.reason = rows[i].door;
		stage_disconnect(s, &who, rows[i].why);
		snprintf(text, sizeof(text),
		    "DISCONNECT{socket=\"socket-%u\" reason=\"%s\" is_lost=false}\n",
		    (unsigned)i + 1, rows[i].reason);
		stage_sent(s, text);
		snprintf(text, sizeof(text),
		    "info socket.disconnected userId=alice socketId=socket-%u reason=%s "
		    "duration=250",
		    (unsigned)i + 1, rows[i].reason);
		assert_int_equal(fake_log_count(text), 1);
		assert_int_equal(desk_connected(s->desk), 0);
		fake_socket_end(&who);
	}
}

static void test_one_goes_without_a_link_too(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->east, "{'token':'alice'}");
	stage_reply_ok(s, 1, "{'rooms':['lobby']}");
	(void)stage_next_connect(s);
	stage_link_breaks(s);
	stage_disconnect(s, &s->east, SIO_END_CLIENT);
	stage_sent(s, "");
	assert_int_equal(desk_connected(s->desk), 0);
	assert_int_equal(hub_room_count(s->hub), 0);
	assert_int_equal(stage_link_returns(s), 0);
}

/* Not for ever, but it is the application that knows when. */
static void test_too_many_connects_are_refused_with_a_time_to_wait(void **state)
{
	struct stage *s = *state;
	struct wire_message m = {.type = WIRE_REPLY};

	stage_knock(s, &s->east, "{'token':'alice'}");
	m.as.reply = (struct wire_reply){
	    .request = 1, .error = CLIENT_ERROR_RATE_LIMITED, .retry_after_ms = 1500};
	stage_hear(s, &m);
	stage_heard(
	    &s->east, "refuse Rate limit exceeded {'code':'rate_limited','retryAfter':1500}\n");
	assert_null(s->east.owner);
	assert_int_equal(desk_connected(s->desk), 0);
	/* Whoever goes on without end loses the connection. */
	s->east.is_ended = false;
	s->east.refusals = 100;
	stage_knock(s, &s->east, "{'token':'alice'}");
	m.as.reply.request = 2;
	stage_hear(s, &m);
	stage_heard(&s->east, "close\n");
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
}

static void test_connections_are_counted(void **state)
{
	struct stage *s = *state;

	stage_knock(s, &s->west, "");
	stage_connect(s, &s->east, "alice");
	assert_int_equal(count_in(s, METRIC_EVENT_CONNECTION), 2);
	assert_int_equal(count_in(s, METRIC_EVENT_DISCONNECT), 0);
	/* The refused one is not told of when it goes, and if it were, it was never in. */
	stage_disconnect(s, &s->west, SIO_END_TRANSPORT);
	stage_disconnect(s, &s->east, SIO_END_TRANSPORT);
	assert_int_equal(count_in(s, METRIC_EVENT_DISCONNECT), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_what_the_broker_is_told),
	    TEST(test_the_id_of_an_old_client),
	    TEST(test_long_texts_are_cut),
	    TEST(test_agents_are_cut_between_characters),
	    TEST(test_without_link_the_connection_is_closed),
	    TEST(test_a_full_link_closes_the_connection),
	    TEST(test_accepted_with_rooms),
	    TEST(test_the_personal_room_is_heard),
	    TEST(test_accepted_whatever_rooms_are_named),
	    TEST(test_an_error_of_the_broker_closes_the_connection),
	    TEST(test_no_answer_closes_the_connection),
	    TEST(test_gone_before_the_broker_answered),
	    TEST(test_the_broker_is_told_why),
	    TEST(test_one_goes_without_a_link_too),
	    TEST(test_too_many_connects_are_refused_with_a_time_to_wait),
	    TEST(test_connections_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
