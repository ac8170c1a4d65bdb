/*
 * What is polled, and what is answered that no poll asked for. polling_post_test.c has what comes
 * from the client, polling_close_test.c the end, polling3_test.c revision 3.
 */
#include "tests/gateway/eio/polling_stage.h"

#include "common/crypto.h"

#include <stdio.h>

static void test_poll_waits_and_takes_everything(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_waits(s);
	assert_int_equal(s->get.parked, 1);
	stage_send_text(s, "a");
	stage_send_text(s, "b");
	assert_int_equal(s->get.status, 0); /* not before the end of the turn */
	stage_polled(s, "4a\x1e"
			"4b");
}

static void test_it_lags_between_two_polls(void **state)
{
	struct stage *s = *state;

	assert_true(eio_session_is_lagging(s->session));
	stage_poll(s);
	stage_waits(s);
	assert_false(eio_session_is_lagging(s->session));
	stage_send_text(s, "a");
	assert_false(eio_session_is_lagging(s->session));
	stage_polled(s, "4a");
	assert_true(eio_session_is_lagging(s->session));
}

static void test_a_cookie_comes_with_the_first_answer(void **state)
{
	struct stage *s = *state;
	char expected[200];

	snprintf(expected, sizeof(expected),
	    STAGE_CORS "|Set-Cookie: lb=%s; Path=/; HttpOnly; SameSite=Lax\r\n",
	    eio_session_id(s->session));
	assert_string_equal(s->get.headers, expected);
	stage_send_text(s, "a");
	stage_poll(s);
	stage_polled(s, "4a");
	assert_string_equal(s->get.headers, STAGE_CORS "|");
	stage_post(s, "4a");
	assert_string_equal(s->post.headers, STAGE_CORS "|");
}

static void test_what_waits_is_polled(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "a");
	stage_end_turn(s);
	stage_poll(s);
	stage_polled(s, "4a");
	stage_poll(s);
	stage_waits(s);
}

static void test_ping(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_end_turn(s);
	s->now = mono_add_ms(s->now, 1000);
	eio_family_expire(s->family, s->now);
	stage_polled(s, "2");
	assert_int_equal(stage_post(s, "3"), 200);
}

static void test_other_methods(void **state)
{
	struct stage *s = *state;

	stage_ask(s, &s->post, "PUT", s->sid, 5);
	stage_refused(s, &s->post, 500);
	stage_ask(s, &s->post, "DELETE", s->sid, 0);
	stage_end_turn(s);
	assert_int_equal(s->post.status, 500);
	assert_int_equal(s->closed, 0);
}

static void test_answer_that_is_known_already(void **state)
{
	struct stage *s = *state;
	struct http_request r = {.body_bytes = 2};
	struct frame *answer = http_answer(NULL, &(struct http_answer){.status = 404});

	s->post.exchange = exchange_new_take(s->set, &s->post, &r, &answer);
	assert_null(answer);
	stage_end_turn(s);
	assert_int_equal(s->post.status, 0);
	stage_refused(s, &s->post, 404);
	assert_null(s->post.exchange);
}

static void test_answer_to_a_request_without_body(void **state)
{
	struct stage *s = *state;
	struct http_request r = {0};
	struct frame *answer = http_answer(NULL, &(struct http_answer){.status = 200});
	struct wire gone = {0};

	s->post.exchange = exchange_new_take(s->set, &s->post, &r, &answer);
	answer = http_answer(NULL, &(struct http_answer){.status = 200});
	gone.exchange = exchange_new_take(s->set, &gone, &r, &answer);
	assert_true(exchange_complete(s->post.exchange, s->now)); /* "Content-Length: 0" */
	assert_true(exchange_drop(gone.exchange));
	exchange_free(&gone.exchange);
	stage_end_turn(s);
	assert_int_equal(s->post.status, 200);
	assert_int_equal(gone.status, 0);
}

static void test_answer_that_fails(void **state)
{
	struct stage *s = *state;

	s->get.is_broken = true;
	stage_poll(s);
	stage_send_text(s, "a");
	assert_true(polls_end_turn(s->set, s->now));
	assert_int_equal(s->get.finished, 1);
}

static void test_who_is_who(void **state)
{
	struct stage *s = *state;

	assert_int_equal(polls_sid(s->set, STR(""), EIO_REVISION_4), EIO_SID_NONE);
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_POLLING);
	assert_int_equal(polls_sid(s->set, STR("__proto__"), EIO_REVISION_4), EIO_SID_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_poll_waits_and_takes_everything),
	    TEST(test_it_lags_between_two_polls),
	    TEST(test_a_cookie_comes_with_the_first_answer),
	    TEST(test_what_waits_is_polled),
	    TEST(test_ping),
	    TEST(test_other_methods),
	    TEST(test_answer_that_is_known_already),
	    TEST(test_answer_to_a_request_without_body),
	    TEST(test_answer_that_fails),
	    TEST(test_who_is_who),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
