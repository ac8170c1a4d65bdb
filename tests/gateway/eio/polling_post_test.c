/*
 * What the client posts: whole, in pieces, too slow, too much, broken off, twice.
 */
#include "tests/gateway/eio/polling_stage.h"

#include "common/crypto.h"

static void test_a_late_refusal_is_for_its_request(void **state)
{
	struct stage *s = *state;

	stage_ask(s, &s->post, "POST", s->sid, 2);
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	stage_bring(s, bytes_of("4a", 2));
	stage_end_turn(s);
	assert_int_equal(s->post.status, 400);
	assert_string_equal(s->post.headers, STAGE_CORS "|");
}

static void test_post(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_post(s, "4a\x1e"
				       "bAQ==\x1e"
				       "4b"),
	    200);
	assert_string_equal(s->post.body, "ok");
	assert_true(str_eqz(buf_str(&s->heard), "a;\x01!b;"));
}

static void test_post_in_pieces(void **state)
{
	struct stage *s = *state;

	stage_ask(s, &s->post, "POST", s->sid, 5);
	assert_true(exchange_receive(s->post.exchange, bytes_of("4he", 3), s->now));
	assert_true(exchange_receive(s->post.exchange, bytes_of("", 0), s->now));
	assert_true(exchange_receive(s->post.exchange, bytes_of("y!", 2), s->now));
	assert_int_equal(s->heard.len, 0);
	assert_true(exchange_complete(s->post.exchange, s->now));
	assert_true(str_eqz(buf_str(&s->heard), "hey!;"));
}

/* Each piece in time, and all of them for ever. */
static void test_post_that_drips_in(void **state)
{
	struct stage *s = *state;

	stage_ask(s, &s->post, "POST", s->sid, STAGE_MAX_BODY);
	s->now = mono_add_ms(s->now, 5000); /* it counts from the first piece on */
	assert_true(exchange_receive(s->post.exchange, bytes_of("4", 1), s->now));
	s->now = mono_add_ms(s->now, 100000);
	assert_true(exchange_receive(s->post.exchange, bytes_of("x", 1), s->now));
	s->now = mono_add_ms(s->now, 1);
	assert_false(exchange_receive(s->post.exchange, bytes_of("x", 1), s->now));
	exchange_free(&s->post.exchange);
	assert_int_equal(s->closed, 1);
}

/* So does the body of a request that is none of ours. */
static void test_refused_body_that_drips_in(void **state)
{
	struct stage *s = *state;

	stage_ask(s, &s->post, "POST", s->sid, STAGE_MAX_BODY + 1);
	assert_true(exchange_receive(s->post.exchange, bytes_of("4", 1), s->now));
	s->now = mono_add_ms(s->now, 100001);
	assert_false(exchange_receive(s->post.exchange, bytes_of("x", 1), s->now));
	assert_int_equal(s->closed, 0);
}

static void test_post_that_is_too_big(void **state)
{
	struct stage *s = *state;

	stage_ask(s, &s->post, "POST", s->sid, STAGE_MAX_BODY + 1);
	stage_refused(s, &s->post, 413);
	assert_int_equal(s->closed, 0);
	/* Whatever was announced: it is counted while it comes. */
	stage_ask(s, &s->post, "POST", s->sid, STAGE_MAX_BODY);
	for (int i = 0; i < STAGE_MAX_BODY; i++)
		assert_true(exchange_receive(s->post.exchange, bytes_of("x", 1), s->now));
	assert_false(exchange_receive(s->post.exchange, bytes_of("x", 1), s->now));
}

static void test_bad_post(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	assert_int_equal(stage_post(s, "4a\x1e\x1e"
				       "4b"),
	    200);
	stage_closed(s, EIO_CLOSE_PARSE_ERROR);
	assert_true(str_eqz(buf_str(&s->heard), "a;"));
	stage_unknown(s);
	stage_polled(s, "1");
}

static void test_post_that_is_no_text(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_post(s, "4a\xff"), 200);
	stage_closed(s, EIO_CLOSE_PARSE_ERROR);
	assert_int_equal(s->heard.len, 0);
}

static void test_empty_post(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_post(s, ""), 200);
	stage_closed(s, EIO_CLOSE_PARSE_ERROR);
}

static void test_post_of_octets(void **state)
{
	struct stage *s = *state;

	s->content_type = "application/octet-stream";
	stage_ask(s, &s->post, "POST", s->sid, 5);
	stage_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	stage_refused(s, &s->post, 400);
}

static void test_second_post(void **state)
{
	struct stage *s = *state;
	struct wire other = {0};

	stage_ask(s, &s->post, "POST", s->sid, 5);
	stage_ask(s, &other, "POST", s->sid, 5);
	stage_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	stage_refused(s, &other, 400);
	stage_bring(s, bytes_of("4a", 2));
	stage_end_turn(s);
	assert_string_equal(s->post.body, "unknown");
}

static void test_post_broken_off(void **state)
{
	struct stage *s = *state;

	stage_poll(s);
	stage_ask(s, &s->post, "POST", s->sid, 5);
	exchange_free(&s->post.exchange);
	stage_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	stage_polled(s, "1");
}

/* Nobody knows then whether the client has heard of it. */
static void test_broken_off_before_the_answer(void **state)
{
	struct stage *s = *state;

	stage_ask(s, &s->post, "POST", s->sid, 2);
	stage_bring(s, bytes_of("4a", 2));
	exchange_free(&s->post.exchange);
	stage_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	stage_end_turn(s);
}

/* It shows as a body that is complete twice. */
static void test_request_behind_a_post(void **state)
{
	struct stage *s = *state;

	stage_ask(s, &s->post, "POST", s->sid, 2);
	stage_bring(s, bytes_of("4a", 2));
	assert_false(exchange_complete(s->post.exchange, s->now));
	assert_true(str_eqz(buf_str(&s->heard), "a;"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_late_refusal_is_for_its_request),
	    TEST(test_post),
	    TEST(test_post_in_pieces),
	    TEST(test_post_that_drips_in),
	    TEST(test_refused_body_that_drips_in),
	    TEST(test_post_that_is_too_big),
	    TEST(test_bad_post),
	    TEST(test_post_that_is_no_text),
	    TEST(test_empty_post),
	    TEST(test_post_of_octets),
	    TEST(test_second_post),
	    TEST(test_post_broken_off),
	    TEST(test_broken_off_before_the_answer),
	    TEST(test_request_behind_a_post),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
