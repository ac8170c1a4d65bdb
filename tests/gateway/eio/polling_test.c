#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/polling.h"

#include "common/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BODY = 100, QUEUE_MAX = 1000 };

/* http.c, replaced: a connection and its request, and what was answered. */
struct wire {
	struct eio_request engine;
	const char *content_type;
	const char *cors;
	uint64_t body_bytes;
	struct exchange *exchange;
	unsigned status; /* 0 = not answered */
	char body[2 * QUEUE_MAX];
	int parked, finished;
	bool is_broken;
};

struct http_request {
	struct wire wire;
};

const struct eio_request *http_request_engine(const struct http_request *r)
{
	return &r->wire.engine;
}

struct str http_request_content_type(const struct http_request *r)
{
	return str_of(r->wire.content_type);
}

const char *http_request_cors(const struct http_request *r)
{
	return r->wire.cors;
}

uint64_t http_request_body_bytes(const struct http_request *r)
{
	return r->wire.body_bytes;
}

struct eio_handshake http_request_handshake(const struct http_request *r)
{
	(void)r;
	return (struct eio_handshake){.ip = STR("192.0.2.1")};
}

#define CORS "Vary: Origin\r\n"

/* What the last answer carried: of its request, and beside that. */
static char last_headers[200];

/* The status stands before the body. */
struct frame *http_answer(const struct http_request *r, const struct http_answer *a)
{
	struct buf text = {0};

	(void)r;
	snprintf(last_headers, sizeof(last_headers), "%s|%s", a->cors ? a->cors : "",
	    a->headers ? a->headers : "");
	buf_printf(&text, "%u", a->status);
	buf_puts(&text, a->body);
	return buf_seal(&text);
}

struct frame *http_late_refusal(const char *cors, enum eio_refusal why)
{
	assert_int_equal(why, EIO_REFUSAL_UNKNOWN_SID);
	return http_answer(
	    NULL, &(struct http_answer){.status = 400, .body = STR("unknown"), .cors = cors});
}

bool http_write_take(struct wire *w, struct frame **answer)
{
	struct str text = bytes_str(frame_bytes(*answer));
	uint64_t status = 0;

	assert_int_equal(w->status, 0); /* once */
	assert_in_range(text.len, 3, sizeof(w->body) - 1);
	assert_int_equal(str_to_u64((struct str){text.p, 3}, 999, &status), ERR_OK);
	w->status = (unsigned)status;
	memcpy(w->body, text.p + 3, text.len - 3);
	w->body[text.len - 3] = 0;
	frame_unref(answer);
	return !w->is_broken;
}

void http_park(struct wire *w)
{
	w->parked++;
}

/* As libwebsockets does: the request is over when it is completed. */
void http_finish(struct wire *w, bool is_sent)
{
	assert_int_equal(is_sent, !w->is_broken);
	w->finished++;
	assert_false(exchange_drop(w->exchange));
	exchange_free(&w->exchange);
}

struct scene {
	struct eio_family *family;
	struct polls *set;
	struct eio_session *session;
	struct str sid;
	struct mono now;
	struct buf heard;
	struct wire get, post;
	int closed;
	enum eio_close why;
};

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct scene *s = up;

	assert_true(str_eqz(h->ip, "192.0.2.1"));
	s->session = session;
	s->sid = str_of(eio_session_id(session));
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	struct scene *s = up;

	buf_put(&s->heard, message);
	buf_putc(&s->heard, is_binary ? '!' : ';');
	if (str_eqz(bytes_str(message), "close"))
		eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void on_close(void *up, struct eio_session *session, enum eio_close why)
{
	struct scene *s = up;

	(void)session;
	s->closed++;
	s->why = why;
}

static const struct eio_events events = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

static void ask(
    struct scene *s, struct wire *w, const char *method, struct str sid, uint64_t body_bytes)
{
	struct http_request r = {.wire = {.engine = {.method = str_of(method), .sid = sid},
				     .content_type = w->content_type,
				     .cors = CORS,
				     .body_bytes = body_bytes}};

	exchange_free(&w->exchange);
	*w = (struct wire){.is_broken = w->is_broken};
	w->exchange = polls_request(s->set, w, &r, s->now);
	assert_int_equal(w->status, 0); /* at the end of the turn at the earliest */
}

static bool end_turn(struct scene *s)
{
	return polls_end_turn(s->set, s->now);
}

static void poll(struct scene *s)
{
	ask(s, &s->get, "GET", s->sid, 0);
}

/* The rest of a request that is refused comes, and is forgotten. */
static void assert_refused(struct scene *s, struct wire *w, unsigned status)
{
	assert_true(exchange_receive(w->exchange, bytes_of("4a", 2), s->now));
	assert_true(exchange_complete(w->exchange, s->now));
	end_turn(s);
	assert_int_equal(w->status, status);
	assert_int_equal(s->heard.len, 0);
}

/* The body of a POST comes. */
static void bring(struct scene *s, const char *body)
{
	assert_true(exchange_receive(s->post.exchange, str_bytes(str_of(body)), s->now));
	assert_true(exchange_complete(s->post.exchange, s->now));
}

/* A whole POST; what is answered at the end of the turn. */
static unsigned post(struct scene *s, const char *body)
{
	ask(s, &s->post, "POST", s->sid, strlen(body));
	bring(s, body);
	assert_int_equal(s->post.status, 0);
	end_turn(s);
	return s->post.status;
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {1000, 200, MAX_BODY, QUEUE_MAX, 500, {0}};

	s->now = (struct mono){1000000};
	s->family = eio_family_new(&rules, &events, s);
	s->set = polls_new(s->family, MAX_BODY, "lb");
	ask(s, &s->get, "GET", STR(""), 0);
	end_turn(s);
	assert_int_equal(s->get.status, 200);
	assert_memory_equal(s->get.body, "0{\"sid\":\"", 9);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	if (!s->closed)
		eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	polls_end_last_turn(s->set);
	assert_int_equal(s->closed, 1);
	exchange_free(&s->get.exchange);
	exchange_free(&s->post.exchange);
	polls_end_last_turn(s->set);
	polls_free(&s->set);
	assert_null(s->set);
	polls_free(&s->set);
	eio_family_free(&s->family);
	buf_free(&s->heard);
	free(s);
	return 0;
}

static void send_text(struct scene *s, const char *text)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));

	eio_session_send(s->session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
}

static void assert_polled(struct scene *s, const char *body)
{
	end_turn(s);
	assert_int_equal(s->get.status, 200);
	assert_string_equal(s->get.body, body);
	assert_int_equal(s->get.finished, 1);
	assert_null(s->get.exchange);
}

static void assert_waits(struct scene *s)
{
	end_turn(s);
	assert_int_equal(s->get.status, 0);
}

static void assert_closed(struct scene *s, enum eio_close why)
{
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, why);
}

static void assert_unknown(struct scene *s)
{
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_UNKNOWN);
}

static void test_poll_waits_and_takes_everything(void **state)
{
	struct scene *s = *state;

	poll(s);
	assert_waits(s);
	assert_int_equal(s->get.parked, 1);
	send_text(s, "a");
	send_text(s, "b");
	assert_int_equal(s->get.status, 0); /* not before the end of the turn */
	assert_polled(s, "4a\x1e"
			 "4b");
}

static void test_it_lags_between_two_polls(void **state)
{
	struct scene *s = *state;

	assert_true(eio_session_is_lagging(s->session));
	poll(s);
	assert_waits(s);
	assert_false(eio_session_is_lagging(s->session));
	send_text(s, "a");
	assert_false(eio_session_is_lagging(s->session));
	assert_polled(s, "4a");
	assert_true(eio_session_is_lagging(s->session));
}

static void test_a_cookie_comes_with_the_first_answer(void **state)
{
	struct scene *s = *state;
	char expected[200];

	snprintf(expected, sizeof(expected),
	    CORS "|Set-Cookie: lb=%s; Path=/; HttpOnly; SameSite=Lax\r\n",
	    eio_session_id(s->session));
	assert_string_equal(last_headers, expected);
	send_text(s, "a");
	poll(s);
	assert_polled(s, "4a");
	assert_string_equal(last_headers, CORS "|");
	post(s, "4a");
	assert_string_equal(last_headers, CORS "|");
}

static void test_a_late_refusal_is_for_its_request(void **state)
{
	struct scene *s = *state;

	ask(s, &s->post, "POST", s->sid, 2);
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	bring(s, "4a");
	end_turn(s);
	assert_int_equal(s->post.status, 400);
	assert_string_equal(last_headers, CORS "|");
}

static void test_what_waits_is_polled(void **state)
{
	struct scene *s = *state;

	send_text(s, "a");
	end_turn(s);
	poll(s);
	assert_polled(s, "4a");
	poll(s);
	assert_waits(s);
}

static void test_ping(void **state)
{
	struct scene *s = *state;

	poll(s);
	end_turn(s);
	s->now = mono_add_ms(s->now, 1000);
	eio_family_expire(s->family, s->now);
	assert_polled(s, "2");
	assert_int_equal(post(s, "3"), 200);
}

static void test_post(void **state)
{
	struct scene *s = *state;

	assert_int_equal(post(s, "4a\x1e"
				 "bAQ==\x1e"
				 "4b"),
	    200);
	assert_string_equal(s->post.body, "ok");
	assert_true(str_eqz(buf_str(&s->heard), "a;\x01!b;"));
}

static void test_post_in_pieces(void **state)
{
	struct scene *s = *state;

	ask(s, &s->post, "POST", s->sid, 5);
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
	struct scene *s = *state;

	ask(s, &s->post, "POST", s->sid, MAX_BODY);
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
	struct scene *s = *state;

	ask(s, &s->post, "POST", s->sid, MAX_BODY + 1);
	assert_true(exchange_receive(s->post.exchange, bytes_of("4", 1), s->now));
	s->now = mono_add_ms(s->now, 100001);
	assert_false(exchange_receive(s->post.exchange, bytes_of("x", 1), s->now));
	assert_int_equal(s->closed, 0);
}

static void test_post_that_is_too_big(void **state)
{
	struct scene *s = *state;

	ask(s, &s->post, "POST", s->sid, MAX_BODY + 1);
	assert_refused(s, &s->post, 413);
	assert_int_equal(s->closed, 0);
	/* Whatever was announced: it is counted while it comes. */
	ask(s, &s->post, "POST", s->sid, MAX_BODY);
	for (int i = 0; i < MAX_BODY; i++)
		assert_true(exchange_receive(s->post.exchange, bytes_of("x", 1), s->now));
	assert_false(exchange_receive(s->post.exchange, bytes_of("x", 1), s->now));
}

static void test_bad_post(void **state)
{
	struct scene *s = *state;

	poll(s);
	assert_int_equal(post(s, "4a\x1e\x1e"
				 "4b"),
	    200);
	assert_closed(s, EIO_CLOSE_PARSE_ERROR);
	assert_true(str_eqz(buf_str(&s->heard), "a;"));
	assert_unknown(s);
	assert_polled(s, "1");
}

static void test_post_that_is_no_text(void **state)
{
	struct scene *s = *state;

	assert_int_equal(post(s, "4a\xff"), 200);
	assert_closed(s, EIO_CLOSE_PARSE_ERROR);
	assert_int_equal(s->heard.len, 0);
}

static void test_empty_post(void **state)
{
	struct scene *s = *state;

	assert_int_equal(post(s, ""), 200);
	assert_closed(s, EIO_CLOSE_PARSE_ERROR);
}

static void test_post_of_octets(void **state)
{
	struct scene *s = *state;

	s->post.content_type = "application/octet-stream";
	ask(s, &s->post, "POST", s->sid, 5);
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	assert_refused(s, &s->post, 400);
}

static void test_other_methods(void **state)
{
	struct scene *s = *state;

	ask(s, &s->post, "PUT", s->sid, 5);
	assert_refused(s, &s->post, 500);
	ask(s, &s->post, "DELETE", s->sid, 0);
	end_turn(s);
	assert_int_equal(s->post.status, 500);
	assert_int_equal(s->closed, 0);
}

static void test_second_poll(void **state)
{
	struct scene *s = *state;

	poll(s);
	ask(s, &s->post, "GET", s->sid, 0);
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	assert_polled(s, "1");
	assert_int_equal(s->post.status, 400);
	assert_string_equal(s->post.body, "");
}

static void test_second_post(void **state)
{
	struct scene *s = *state;
	struct wire other = {0};

	ask(s, &s->post, "POST", s->sid, 5);
	ask(s, &other, "POST", s->sid, 5);
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	assert_refused(s, &other, 400);
	bring(s, "4a");
	end_turn(s);
	assert_string_equal(s->post.body, "unknown");
}

static void test_broken_off(void **state)
{
	struct scene *s = *state;

	poll(s);
	end_turn(s);
	assert_true(exchange_drop(s->get.exchange));
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	assert_unknown(s);
	end_turn(s);
	assert_int_equal(s->get.status, 0);
}

static void test_post_broken_off(void **state)
{
	struct scene *s = *state;

	poll(s);
	ask(s, &s->post, "POST", s->sid, 5);
	exchange_free(&s->post.exchange);
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	assert_polled(s, "1");
}

/* Nobody knows then whether the client has heard of it. */
static void test_broken_off_before_the_answer(void **state)
{
	struct scene *s = *state;

	ask(s, &s->post, "POST", s->sid, 2);
	bring(s, "4a");
	exchange_free(&s->post.exchange);
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
	end_turn(s);
}

/* It shows as a body that is complete twice. */
static void test_request_behind_a_post(void **state)
{
	struct scene *s = *state;

	ask(s, &s->post, "POST", s->sid, 2);
	bring(s, "4a");
	assert_false(exchange_complete(s->post.exchange, s->now));
	assert_true(str_eqz(buf_str(&s->heard), "a;"));
}

static void test_answer_that_is_known_already(void **state)
{
	struct scene *s = *state;
	struct http_request r = {.wire = {.body_bytes = 2}};
	struct frame *answer = http_answer(NULL, &(struct http_answer){.status = 404});

	s->post.exchange = exchange_new_take(s->set, &s->post, &r, &answer);
	assert_null(answer);
	end_turn(s);
	assert_int_equal(s->post.status, 0);
	assert_refused(s, &s->post, 404);
	assert_null(s->post.exchange);
}

static void test_answer_to_a_request_without_body(void **state)
{
	struct scene *s = *state;
	struct http_request r = {0};
	struct frame *answer = http_answer(NULL, &(struct http_answer){.status = 200});
	struct wire gone = {0};

	s->post.exchange = exchange_new_take(s->set, &s->post, &r, &answer);
	answer = http_answer(NULL, &(struct http_answer){.status = 200});
	gone.exchange = exchange_new_take(s->set, &gone, &r, &answer);
	assert_true(exchange_complete(s->post.exchange, s->now)); /* "Content-Length: 0" */
	assert_true(exchange_drop(gone.exchange));
	exchange_free(&gone.exchange);
	end_turn(s);
	assert_int_equal(s->post.status, 200);
	assert_int_equal(gone.status, 0);
}

static void test_answer_that_fails(void **state)
{
	struct scene *s = *state;

	s->get.is_broken = true;
	poll(s);
	send_text(s, "a");
	assert_true(polls_end_turn(s->set, s->now));
	assert_int_equal(s->get.finished, 1);
}

static void test_client_closes(void **state)
{
	struct scene *s = *state;

	poll(s);
	send_text(s, "a");
	assert_int_equal(post(s, "1\x1e"
				 "4b"),
	    200);
	assert_closed(s, EIO_CLOSE_TRANSPORT_CLOSE);
	assert_int_equal(s->heard.len, 0);
	assert_polled(s, "6");
	assert_unknown(s);
}

static void test_we_close(void **state)
{
	struct scene *s = *state;

	poll(s);
	send_text(s, "a");
	assert_int_equal(post(s, "4close\x1e"
				 "4b"),
	    200);
	assert_true(str_eqz(buf_str(&s->heard), "close;"));
	assert_polled(s, "4a\x1e"
			 "1");
	assert_unknown(s);
}

static void test_last_words_wait(void **state)
{
	struct scene *s = *state;
	struct mono due;

	send_text(s, "a");
	assert_false(polls_next_due(s->set, &due));
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	end_turn(s);
	assert_true(polls_next_due(s->set, &due));
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_POLLING);
	assert_int_equal(post(s, "4b"), 400);
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_POLLING);
	poll(s);
	assert_polled(s, "4a\x1e"
			 "1");
	assert_unknown(s);
	assert_false(polls_next_due(s->set, &due));
}

static void test_last_words_are_forgotten(void **state)
{
	struct scene *s = *state;
	struct mono due;

	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	end_turn(s);
	assert_true(polls_next_due(s->set, &due));
	polls_expire(s->set, (struct mono){due.us - 1});
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_POLLING);
	polls_expire(s->set, due);
	assert_unknown(s);
	end_turn(s);
	assert_false(polls_next_due(s->set, &due));
}

static void test_slow_consumer(void **state)
{
	struct scene *s = *state;
	char text[QUEUE_MAX];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	send_text(s, text);
	send_text(s, text);
	end_turn(s);
	assert_closed(s, EIO_CLOSE_SLOW_CONSUMER);
	assert_unknown(s);
}

static void test_who_is_who(void **state)
{
	struct scene *s = *state;

	assert_int_equal(polls_sid(s->set, STR(""), EIO_REVISION_4), EIO_SID_NONE);
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_POLLING);
	assert_int_equal(polls_sid(s->set, STR("__proto__"), EIO_REVISION_4), EIO_SID_UNKNOWN);
}

static void do_nothing(void *wire)
{
	(void)wire;
}

static void close_nothing(void *wire, enum eio_close why)
{
	(void)wire;
	(void)why;
}

static const struct eio_transport fast = {
    .name = "fast", .wake = do_nothing, .close = close_nothing};

static enum eio_probe probe(struct scene *s, const char *text)
{
	return eio_session_probe(s->session, str_bytes(str_of(text)), false, s->now);
}

static void test_released_while_it_is_upgraded(void **state)
{
	struct scene *s = *state;

	assert_true(eio_session_admit(s->session, &fast, s, s->now));
	assert_int_equal(probe(s, "2probe"), EIO_PROBE_PONG);
	s->now = mono_add_ms(s->now, 100);
	eio_family_expire(s->family, s->now); /* nobody polls: nothing happens */
	end_turn(s);
	poll(s);
	assert_waits(s);
	s->now = mono_add_ms(s->now, 100);
	eio_family_expire(s->family, s->now);
	assert_polled(s, "6");
	poll(s);
	send_text(s, "a");
	s->now = mono_add_ms(s->now, 100);
	eio_family_expire(s->family, s->now);
	assert_polled(s, "4a"); /* what there is, and no noop beside it */
}

static void test_upgraded(void **state)
{
	struct scene *s = *state;

	poll(s);
	ask(s, &s->post, "POST", s->sid, 2);
	send_text(s, "a");
	assert_true(eio_session_admit(s->session, &fast, s, s->now));
	assert_int_equal(probe(s, "5"), EIO_PROBE_TAKEN);
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_WEBSOCKET);
	assert_polled(s, "6");
	assert_int_equal(eio_session_queue(s->session)->count, 1);
	bring(s, "4b");
	end_turn(s);
	assert_int_equal(s->post.status, 400);
	assert_int_equal(s->heard.len, 0);
	eio_session_close(s->session, EIO_CLOSE_TRANSPORT_CLOSE);
	eio_session_free(&s->session);
}

static void test_last_turn(void **state)
{
	struct scene *s = *state;

	poll(s);
	send_text(s, "a");
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	polls_end_last_turn(s->set);
	assert_string_equal(s->get.body, "4a\x1e"
					 "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_poll_waits_and_takes_everything),
	    TEST(test_it_lags_between_two_polls),
	    TEST(test_a_cookie_comes_with_the_first_answer),
	    TEST(test_a_late_refusal_is_for_its_request),
	    TEST(test_what_waits_is_polled),
	    TEST(test_ping),
	    TEST(test_post),
	    TEST(test_post_in_pieces),
	    TEST(test_post_that_drips_in),
	    TEST(test_refused_body_that_drips_in),
	    TEST(test_post_that_is_too_big),
	    TEST(test_bad_post),
	    TEST(test_post_that_is_no_text),
	    TEST(test_empty_post),
	    TEST(test_post_of_octets),
	    TEST(test_other_methods),
	    TEST(test_second_poll),
	    TEST(test_second_post),
	    TEST(test_broken_off),
	    TEST(test_post_broken_off),
	    TEST(test_broken_off_before_the_answer),
	    TEST(test_request_behind_a_post),
	    TEST(test_answer_that_is_known_already),
	    TEST(test_answer_to_a_request_without_body),
	    TEST(test_answer_that_fails),
	    TEST(test_client_closes),
	    TEST(test_we_close),
	    TEST(test_last_words_wait),
	    TEST(test_last_words_are_forgotten),
	    TEST(test_slow_consumer),
	    TEST(test_who_is_who),
	    TEST(test_released_while_it_is_upgraded),
	    TEST(test_upgraded),
	    TEST(test_last_turn),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
