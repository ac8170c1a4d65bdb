/* Polling in protocol revision 3: bodies, their types, and whose session it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/polling.h"

#include "common/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BODY = 100, QUEUE_MAX = 1000 };

/* http.c, replaced: a connection and its request, and what was answered. */
struct wire {
	struct eio_request engine;
	const char *content_type;
	uint64_t body_bytes;
	struct exchange *exchange;
	unsigned status; /* 0 = not answered */
	struct buf type, body;
};

struct http_request {
	struct wire *wire;
};

/* Of the answer that is being written. */
static struct http_answer last_answer;

const struct eio_request *http_request_engine(const struct http_request *r)
{
	return &r->wire->engine;
}

struct str http_request_content_type(const struct http_request *r)
{
	return str_of(r->wire->content_type);
}

uint64_t http_request_body_bytes(const struct http_request *r)
{
	return r->wire->body_bytes;
}

struct eio_handshake http_request_handshake(const struct http_request *r)
{
	return (struct eio_handshake){.revision = eio_request_revision(&r->wire->engine)};
}

/* handshake.c, replaced. */
enum eio_revision eio_request_revision(const struct eio_request *r)
{
	return str_eqz(r->eio, "3") ? EIO_REVISION_3 : EIO_REVISION_4;
}

struct frame *http_answer(const struct http_request *r, const struct http_answer *a)
{
	(void)r;
	last_answer = *a;
	return frame_new(str_bytes(a->body));
}

struct frame *http_late_refusal(const char *cors, enum eio_refusal why)
{
	(void)cors;
	(void)why;
	return http_answer(NULL, &(struct http_answer){.status = 400});
}

const char *http_request_cors(const struct http_request *r)
{
	(void)r;
	return NULL;
}

bool http_write_take(struct wire *w, struct frame **answer)
{
	assert_int_equal(w->status, 0);
	w->status = last_answer.status;
	buf_puts(&w->type, str_of(last_answer.content_type));
	buf_put(&w->body, frame_bytes(*answer));
	frame_unref(answer);
	return true;
}

void http_park(struct wire *w)
{
	(void)w;
}

void http_finish(struct wire *w, bool is_sent)
{
	assert_true(is_sent);
	exchange_free(&w->exchange);
}

struct scene {
	struct eio_family *family;
	struct polls *set;
	struct eio_session *session;
	struct str sid;
	struct buf heard;
	struct wire get, post;
	int closed;
	enum eio_close why;
};

static const struct mono now = {1000000};

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct scene *s = up;
	struct frame *f = frame_new(bytes_of("0", 1));

	(void)h;
	s->session = session;
	s->sid = str_of(eio_session_id(session));
	eio_session_send(session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	struct scene *s = up;

	(void)session;
	buf_put(&s->heard, message);
	buf_putc(&s->heard, is_binary ? '!' : ';');
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

static void forget(struct wire *w)
{
	exchange_free(&w->exchange);
	buf_free(&w->type);
	buf_free(&w->body);
}

static void ask(struct scene *s, struct wire *w, struct wire request)
{
	struct http_request r = {w};

	forget(w);
	*w = request;
	w->engine.sid = s->sid;
	w->engine.eio = STR("3");
	w->exchange = polls_request(s->set, w, &r, now);
}

static void assert_polled(struct scene *s, struct bytes body, const char *type)
{
	if (!s->get.exchange)
		ask(s, &s->get, (struct wire){.engine = {.method = STR("GET")}});
	(void)!polls_end_turn(s->set, now);
	assert_int_equal(s->get.status, 200);
	assert_int_equal(s->get.body.len, body.len);
	assert_memory_equal(buf_bytes(&s->get.body).p, body.p, body.len);
	assert_true(str_eqz(buf_str(&s->get.type), type));
}

#define POLLED(s, literal, type) assert_polled(s, bytes_of(literal, sizeof(literal) - 1), type)
#define TEXT "text/plain; charset=UTF-8"
#define BINARY "application/octet-stream"

static unsigned post(struct scene *s, struct bytes body, const char *type)
{
	ask(s, &s->post,
	    (struct wire){
		.engine = {.method = STR("POST")}, .content_type = type, .body_bytes = body.len});
	assert_true(exchange_receive(s->post.exchange, body, now));
	assert_true(exchange_complete(s->post.exchange, now));
	(void)!polls_end_turn(s->set, now);
	return s->post.status;
}

#define POST(s, literal, type) post(s, bytes_of(literal, sizeof(literal) - 1), type)

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {1000, 200, MAX_BODY, QUEUE_MAX, 500, {0}};

	s->family = eio_family_new(&rules, &events, s);
	s->set = polls_new(s->family, MAX_BODY, "");
	ask(s, &s->get, (struct wire){.engine = {.method = STR("GET")}});
	(void)!polls_end_turn(s->set, now);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	if (!s->closed)
		eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	polls_end_last_turn(s->set);
	forget(&s->get);
	forget(&s->post);
	polls_end_last_turn(s->set);
	polls_free(&s->set);
	eio_family_free(&s->family);
	buf_free(&s->heard);
	free(s);
	return 0;
}

static void assert_heard(struct scene *s, const char *expected)
{
	assert_true(str_eqz(buf_str(&s->heard), expected));
	buf_reset(&s->heard);
}

static void assert_closed(struct scene *s, enum eio_close why)
{
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, why);
}

static void send_binary(struct scene *s, struct bytes data)
{
	struct frame *f = frame_new(data);

	eio_session_send_binary(s->session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
}

/* And what the layer above said at once comes with the next poll. */
static void test_the_open_packet_comes_alone(void **state)
{
	struct scene *s = *state;

	assert_int_equal(s->get.status, 200);
	struct str body = buf_str(&s->get.body);

	assert_true(str_has_prefix(body, STR("111:0{\"sid\":\"")));
	assert_int_equal(body.len, 4 + 111);
	POLLED(s, "2:40", TEXT);
}

static void test_text_bodies(void **state)
{
	struct scene *s = *state;

	POLLED(s, "2:40", TEXT);
	assert_int_equal(POST(s, "6:4hello6:2probe6:b4AQI=", "text/plain;charset=UTF-8"), 200);
	assert_true(str_eqz(buf_str(&s->post.body), "ok"));
	assert_heard(s, "hello;\1\2!");
	POLLED(s, "6:3probe", TEXT);
}

static void test_binary_bodies(void **state)
{
	struct scene *s = *state;

	POLLED(s, "2:40", TEXT);
	assert_int_equal(
	    POST(s, "\0\6\xff\x34\x68\x65\x6c\x6c\x6f\1\5\xff\4\1\2\3\4", BINARY), 200);
	assert_heard(s, "hello;\1\2\3\4!");
	assert_int_equal(POST(s, "1:2", "text/plain"), 200);
	send_binary(s, bytes_of("\1\2\3\4", 4));
	POLLED(s, "\0\1\xff\x33\1\5\xff\4\1\2\3\4", BINARY);
	assert_int_equal(s->closed, 0);
}

static void test_last_words_in_a_binary_body(void **state)
{
	struct scene *s = *state;

	POLLED(s, "2:40", TEXT);
	send_binary(s, bytes_of("\1", 1));
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	POLLED(s, "\1\2\xff\4\1\0\1\xff\x31", BINARY);
}

static void test_a_body_that_cannot_be_read(void **state)
{
	struct scene *s = *state;

	assert_int_equal(POST(s, "2:4a3:4b", "text/plain"), 200);
	assert_heard(s, "a;");
	assert_closed(s, EIO_CLOSE_PARSE_ERROR);
}

static void test_a_binary_body_that_cannot_be_read(void **state)
{
	struct scene *s = *state;

	assert_int_equal(POST(s, "\0\2\xff\x34\xff", BINARY), 200);
	assert_heard(s, "");
	assert_closed(s, EIO_CLOSE_PARSE_ERROR);
}

static void test_whose_session_it_is(void **state)
{
	struct scene *s = *state;

	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_3), EIO_SID_POLLING);
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_OTHER_REVISION);
	assert_int_equal(polls_sid(s->set, STR("x"), EIO_REVISION_4), EIO_SID_UNKNOWN);
	assert_int_equal(polls_sid(s->set, STR(""), EIO_REVISION_4), EIO_SID_NONE);
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPEN(test_the_open_packet_comes_alone),
	    OPEN(test_text_bodies),
	    OPEN(test_binary_bodies),
	    OPEN(test_last_words_in_a_binary_body),
	    OPEN(test_a_body_that_cannot_be_read),
	    OPEN(test_a_binary_body_that_cannot_be_read),
	    OPEN(test_whose_session_it_is),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
