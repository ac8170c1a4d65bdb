#include "tests/check.h"

#include "broker/cli/client.h"

#include "common/clock.h"
#include "proto/wire.h"
#include "tests/common/tempdir.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { PATIENCE_MS = 20000, WHY_SIZE = 400, REPLIES_MAX = 4 };

/* What the other side says to a question. */
struct reply {
	int64_t request_off; /* the answer's request - the question's */
	const char *error;   /* NULL: junk is said instead of an ANSWER */
	const char *text;
	const char *value; /* encoded, without NUL; "" = nil */
};

/* The other side of the control endpoint: a ROUTER in a thread of its own, because asking waits. */
struct scene {
	struct tempdir *dir;
	char endpoint[256];
	void *context, *router;
	pthread_t thread;
	bool is_serving;
	struct reply replies[REPLIES_MAX]; /* to every question */
	size_t reply_count;
	unsigned questions; /* to be answered before it ends */
	struct buf heard;   /* the questions, a line each */
	struct ctl_client *client;
	struct buf answer;
	char why[WHY_SIZE];
};

static int setup(void **state)
{
	struct scene *s = test_calloc(1, sizeof(*s));

	s->dir = tempdir_new();
	snprintf(
	    s->endpoint, sizeof(s->endpoint), "ipc://%s", tempdir_path(s->dir, "control.sock"));
	s->context = zmq_ctx_new();
	*state = s;
	return 0;
}

static void stop_serving(struct scene *s)
{
	if (!s->is_serving)
		return;
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	s->is_serving = false;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	stop_serving(s);
	ctl_client_close(&s->client);
	ctl_client_close(&s->client);
	if (s->router)
		zmq_close(s->router);
	zmq_ctx_term(s->context);
	buf_free(&s->heard);
	buf_free(&s->answer);
	tempdir_free(&s->dir);
	test_free(s);
	return frame_live() == 0 ? 0 : -1;
}

/* ---- the other side, in its thread: no asserts there ---- */

static void say(struct scene *s, struct bytes id, const struct wire_ask *ask, struct reply r)
{
	struct wire_message m = {.type = WIRE_ANSWER};
	struct buf b = {0};

	zmq_send(s->router, id.p, id.len, ZMQ_SNDMORE);
	if (!r.error) {
		zmq_send(s->router, r.text, strlen(r.text), 0);
		return;
	}
	m.as.answer = (struct wire_answer){.request = ask->request + (uint64_t)r.request_off,
	    .error = str_of(r.error),
	    .text = str_of(r.text),
	    .value = bytes_of(r.value, strlen(r.value))};
	wire_put(&b, &m);
	zmq_send(s->router, buf_bytes(&b).p, b.len, 0);
	buf_free(&b);
}

static void *serve(void *ctx)
{
	struct scene *s = ctx;

	while (s->questions > 0) {
		zmq_pollitem_t item = {.socket = s->router, .events = ZMQ_POLLIN};
		uint8_t id[256], body[1024];
		struct wire_message m;

		if (zmq_poll(&item, 1, PATIENCE_MS) <= 0)
			break;
		int id_len = zmq_recv(s->router, id, sizeof(id), 0);
		int body_len = zmq_recv(s->router, body, sizeof(body), 0);
		struct wire_reader r = wire_reader(bytes_of(body, (size_t)body_len));

		if (id_len < 0 || wire_next(&r, &m) || m.type != WIRE_ASK)
			break;
		s->questions--;
		wire_print(&m, &s->heard);
		buf_putc(&s->heard, '\n');
		for (size_t i = 0; i < s->reply_count; i++)
			say(s, bytes_of(id, (size_t)id_len), &m.as.ask, s->replies[i]);
	}
	return NULL;
}

/* ---- this side ---- */

static void start_serving(struct scene *s, unsigned questions)
{
	s->questions = questions;
	s->router = zmq_socket(s->context, ZMQ_ROUTER);
	assert_int_equal(zmq_bind(s->router, s->endpoint), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
	s->is_serving = true;
}

static void open_client(struct scene *s)
{
	assert_int_equal(ctl_client_open(s->endpoint, s->why, sizeof(s->why), &s->client), ERR_OK);
}

static enum err ask_for(struct scene *s, unsigned timeout_ms)
{
	buf_reset(&s->answer);
	return ctl_client_ask(s->client, "room", bytes_of("\x81\xa1r\xa1x", 5), timeout_ms,
	    &s->answer, s->why, sizeof(s->why));
}

/* One question that gets these replies. */
static enum err ask_once(struct scene *s, const struct reply *replies, size_t count)
{
	memcpy(s->replies, replies, count * sizeof(*replies));
	s->reply_count = count;
	start_serving(s, 1);
	open_client(s);
	enum err e = ask_for(s, PATIENCE_MS);

	stop_serving(s);
	return e;
}

static void test_a_question_is_answered(void **state)
{
	static const struct reply reply = {0, "", "", "\x81\xa1n\x07"};
	struct scene *s = *state;

	assert_int_equal(ask_once(s, &reply, 1), ERR_OK);
	assert_str_is(buf_str(&s->answer), "\x81\xa1n\x07");
	assert_string_equal(s->why, "");
	assert_str_is(
	    buf_str(&s->heard), "ASK{version=4 request=1 command=\"room\" args=<5:81a172a178>}\n");
}

static void test_the_value_is_appended(void **state)
{
	static const struct reply reply = {0, "", "", "\x01"};
	struct scene *s = *state;

	s->replies[0] = reply;
	s->reply_count = 1;
	start_serving(s, 1);
	open_client(s);
	buf_puts(&s->answer, STR("before "));
	assert_int_equal(ctl_client_ask(s->client, "status", bytes_of("\x80", 1), PATIENCE_MS,
			     &s->answer, s->why, sizeof(s->why)),
	    ERR_OK);
	assert_str_is(buf_str(&s->answer), "before \x01");
}

static void test_many_questions_on_one_line(void **state)
{
	static const struct reply reply = {0, "", "", "\xc3"};
	struct scene *s = *state;

	s->replies[0] = reply;
	s->reply_count = 1;
	start_serving(s, 3);
	open_client(s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask_for(s, PATIENCE_MS), ERR_OK);
		assert_str_is(buf_str(&s->answer), "\xc3");
	}
	stop_serving(s);
	assert_str_is(buf_str(&s->heard),
	    "ASK{version=4 request=1 command=\"room\" args=<5:81a172a178>}\n"
	    "ASK{version=4 request=2 command=\"room\" args=<5:81a172a178>}\n"
	    "ASK{version=4 request=3 command=\"room\" args=<5:81a172a178>}\n");
}

/* ---- errors ---- */

static void test_every_error_has_its_name(void **state)
{
	struct scene *s = *state;

	s->reply_count = 1;
	start_serving(s, ERR_COUNT - 1);
	open_client(s);
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		s->replies[0] = (struct reply){0, err_name((enum err)e), "so it is", ""};
		assert_int_equal(ask_for(s, PATIENCE_MS), e);
		assert_string_equal(s->why, "so it is");
		assert_int_equal(s->answer.len, 0);
	}
}

/* A newer broker may name an error that this program does not know: it is an error all the same. */
static void test_an_unknown_error_is_a_refusal(void **state)
{
	static const struct reply reply = {0, "ECLIPSED", "the sun is gone", ""};
	struct scene *s = *state;

	assert_int_equal(ask_once(s, &reply, 1), ERR_DENIED);
	assert_string_equal(s->why, "the sun is gone");
}

static void test_no_error_that_is_named_is_success(void **state)
{
	static const struct reply reply = {0, "OK", "well", "\xc3"};
	struct scene *s = *state;

	assert_int_equal(ask_once(s, &reply, 1), ERR_DENIED);
	assert_int_equal(s->answer.len, 0);
}

/* Even one without words, which looks like a stale answer, is not waited out. */
static void test_an_error_without_words(void **state)
{
	static const struct reply reply = {0, "NOT_FOUND", "", ""};
	struct scene *s = *state;

	assert_int_equal(ask_once(s, &reply, 1), ERR_NOT_FOUND);
}

/* ---- what is no answer to this question ---- */

static void test_stale_answers_are_skipped(void **state)
{
	static const struct reply replies[] = {
	    {-1, "", "", "\x01"},
	    {-7, "NOT_FOUND", "an old question", ""},
	    {1, "", "", "\x02"},
	    {0, "", "", "\x03"},
	};
	struct scene *s = *state;

	assert_int_equal(ask_once(s, replies, ARRAY_LEN(replies)), ERR_OK);
	assert_str_is(buf_str(&s->answer), "\x03");
	assert_string_equal(s->why, "");
}

static void assert_no_broker(struct scene *s, enum err e)
{
	char expected[WHY_SIZE];

	assert_int_equal(e, ERR_MALFORMED);
	snprintf(expected, sizeof(expected),
	    "what answers at %s is not a broker of this version: use the roomcastctl that was "
	    "installed with it",
	    s->endpoint);
	assert_string_equal(s->why, expected);
	assert_int_equal(s->answer.len, 0);
}

static void test_junk_is_no_broker(void **state)
{
	static const struct reply reply = {0, NULL, "HTTP/1.1 400 Bad Request", ""};
	struct scene *s = *state;

	assert_no_broker(s, ask_once(s, &reply, 1));
}

static void test_nothing_is_no_broker(void **state)
{
	static const struct reply reply = {0, NULL, "", ""};
	struct scene *s = *state;

	assert_no_broker(s, ask_once(s, &reply, 1));
}

/* GOODBYE is a message of brokers, but of the gateways' door. */
static void test_another_message_is_no_broker(void **state)
{
	static const struct reply reply = {0, NULL, "\x92\x06\xa1x", ""};
	struct scene *s = *state;

	assert_no_broker(s, ask_once(s, &reply, 1));
}

/* ---- nobody ---- */

static void assert_timeout(struct scene *s, unsigned timeout_ms)
{
	struct mono start = clock_mono();
	char expected[WHY_SIZE];

	assert_int_equal(ask_for(s, timeout_ms), ERR_TIMEOUT);
	assert_true(mono_ms_between(start, clock_mono()) >= timeout_ms);
	snprintf(expected, sizeof(expected),
	    "no answer at %s within %u ms: is the broker running, and is this its "
	    "control-endpoint (--endpoint)?",
	    s->endpoint, timeout_ms);
	assert_string_equal(s->why, expected);
	assert_int_equal(s->answer.len, 0);
}

static void test_nobody_there(void **state)
{
	struct scene *s = *state;

	open_client(s);
	assert_timeout(s, 20);
	assert_timeout(s, 0);
}

/* Only answers to something else come: that is no answer, and waiting for one ends. */
static void test_stale_answers_do_not_hold_the_deadline_up(void **state)
{
	struct scene *s = *state;

	s->replies[0] = (struct reply){-1, "", "", "\x01"};
	s->reply_count = 1;
	start_serving(s, 1);
	open_client(s);
	assert_timeout(s, 100);
}

static void test_bad_endpoints(void **state)
{
	static const char *const endpoints[] = {"", "nonsense", "carrier-pigeon://coop"};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		char start[128];

		assert_int_equal(
		    ctl_client_open(endpoints[i], s->why, sizeof(s->why), &s->client), ERR_INVALID);
		assert_null(s->client);
		snprintf(start, sizeof(start), "cannot use the endpoint %s: ", endpoints[i]);
		assert_memory_equal(s->why, start, strlen(start));
		assert_non_null(strstr(s->why, "; it looks like ipc:///run/roomcast/control.sock"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_question_is_answered),
	    TEST(test_the_value_is_appended),
	    TEST(test_many_questions_on_one_line),
	    TEST(test_every_error_has_its_name),
	    TEST(test_an_unknown_error_is_a_refusal),
	    TEST(test_no_error_that_is_named_is_success),
	    TEST(test_an_error_without_words),
	    TEST(test_stale_answers_are_skipped),
	    TEST(test_junk_is_no_broker),
	    TEST(test_nothing_is_no_broker),
	    TEST(test_another_message_is_no_broker),
	    TEST(test_nobody_there),
	    TEST(test_stale_answers_do_not_hold_the_deadline_up),
	    TEST(test_bad_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
