#include "tests/gateway/eio/polling_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- http.c and handshake.c, replaced ---- */

const struct eio_request *http_request_engine(const struct http_request *r)
{
	return &r->engine;
}

struct str http_request_content_type(const struct http_request *r)
{
	return str_of(r->content_type);
}

const char *http_request_cors(const struct http_request *r)
{
	return r->cors;
}

uint64_t http_request_body_bytes(const struct http_request *r)
{
	return r->body_bytes;
}

enum eio_revision eio_request_revision(const struct eio_request *r)
{
	return str_eqz(r->eio, "3") ? EIO_REVISION_3 : EIO_REVISION_4;
}

struct eio_handshake http_request_handshake(const struct http_request *r)
{
	return (struct eio_handshake){
	    .ip = STR("192.0.2.1"), .revision = eio_request_revision(&r->engine)};
}

/* The status, the headers and the type stand before the body. */
struct frame *http_answer(const struct http_request *r, const struct http_answer *a)
{
	struct buf text = {0};

	(void)r;
	buf_printf(&text, "%u", a->status);
	buf_printf(&text, "%s|%s", a->cors ? a->cors : "", a->headers ? a->headers : "");
	buf_putc(&text, '\0');
	buf_puts(&text, str_of(a->content_type));
	buf_putc(&text, '\0');
	buf_puts(&text, a->body);
	return buf_seal(&text);
}

struct frame *http_late_refusal(const char *cors, enum eio_refusal why)
{
	assert_int_equal(why, EIO_REFUSAL_UNKNOWN_SID);
	return http_answer(
	    NULL, &(struct http_answer){.status = 400, .body = STR("unknown"), .cors = cors});
}

/* Copies what stands before the next '\0', and takes it away. */
static void cut(struct str *text, char *ret, size_t size)
{
	size_t len = strlen(text->p);

	assert_true(len < size);
	memcpy(ret, text->p, len + 1);
	*text = (struct str){text->p + len + 1, text->len - len - 1};
}

bool http_write_take(struct wire *w, struct frame **answer)
{
	struct str text = bytes_str(frame_bytes(*answer));
	uint64_t status = 0;

	assert_int_equal(w->status, 0); /* once */
	assert_true(text.len > 3);
	assert_int_equal(str_to_u64((struct str){text.p, 3}, 999, &status), ERR_OK);
	w->status = (unsigned)status;
	text = (struct str){text.p + 3, text.len - 3};
	cut(&text, w->headers, sizeof(w->headers));
	cut(&text, w->type, sizeof(w->type));
	assert_true(text.len < sizeof(w->body));
	memcpy(w->body, text.p, text.len);
	w->body[text.len] = '\0';
	w->body_len = text.len;
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

/* ---- the layer above ---- */

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct stage *s = up;

	assert_true(str_eqz(h->ip, "192.0.2.1"));
	s->session = session;
	s->sid = str_of(eio_session_id(session));
	if (s->greets)
		stage_send_text(s, "0");
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	struct stage *s = up;

	buf_put(&s->heard, message);
	buf_putc(&s->heard, is_binary ? '!' : ';');
	if (str_eqz(bytes_str(message), "close"))
		eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void on_close(void *up, struct eio_session *session, enum eio_close why)
{
	struct stage *s = up;

	(void)session;
	s->closed++;
	s->why = why;
}

static const struct eio_events events = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

void stage_send_text(struct stage *s, const char *text)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));

	eio_session_send(s->session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
}

/* ---- the client ---- */

void stage_ask(
    struct stage *s, struct wire *w, const char *method, struct str sid, uint64_t body_bytes)
{
	struct http_request r = {
	    .engine = {.method = str_of(method), .sid = sid, .eio = str_of(s->eio)},
	    .content_type = s->content_type,
	    .cors = STAGE_CORS,
	    .body_bytes = body_bytes};

	exchange_free(&w->exchange);
	*w = (struct wire){.is_broken = w->is_broken};
	s->content_type = NULL;
	w->exchange = polls_request(s->set, w, &r, s->now);
	assert_int_equal(w->status, 0);
}

bool stage_end_turn(struct stage *s)
{
	return polls_end_turn(s->set, s->now);
}

void stage_poll(struct stage *s)
{
	stage_ask(s, &s->get, "GET", s->sid, 0);
}

void stage_bring(struct stage *s, struct bytes body)
{
	assert_true(exchange_receive(s->post.exchange, body, s->now));
	assert_true(exchange_complete(s->post.exchange, s->now));
}

unsigned stage_post_bytes(struct stage *s, struct bytes body)
{
	stage_ask(s, &s->post, "POST", s->sid, body.len);
	stage_bring(s, body);
	assert_int_equal(s->post.status, 0);
	stage_end_turn(s);
	return s->post.status;
}

unsigned stage_post(struct stage *s, const char *body)
{
	return stage_post_bytes(s, str_bytes(str_of(body)));
}

/* ---- setting it up, and looking ---- */

static struct stage *begin(const char *eio, bool greets)
{
	struct stage *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {1000, 200, STAGE_MAX_BODY, STAGE_QUEUE_MAX, 500, {0}};

	s->eio = eio;
	s->greets = greets;
	s->now = (struct mono){1000000};
	s->family = eio_family_new(&rules, &events, s);
	s->set = polls_new(s->family, STAGE_MAX_BODY, "lb");
	stage_poll(s);
	stage_end_turn(s);
	assert_int_equal(s->get.status, 200);
	return s;
}

int stage_setup(void **state)
{
	struct stage *s = begin("", false);

	assert_memory_equal(s->get.body, "0{\"sid\":\"", 9);
	*state = s;
	return 0;
}

int stage_setup3(void **state)
{
	*state = begin("3", true);
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;

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

void stage_polled(struct stage *s, const char *body)
{
	stage_end_turn(s);
	assert_int_equal(s->get.status, 200);
	assert_string_equal(s->get.body, body);
	assert_int_equal(s->get.finished, 1);
	assert_null(s->get.exchange);
}

void stage_waits(struct stage *s)
{
	stage_end_turn(s);
	assert_int_equal(s->get.status, 0);
}

void stage_refused(struct stage *s, struct wire *w, unsigned status)
{
	assert_true(exchange_receive(w->exchange, bytes_of("4a", 2), s->now));
	assert_true(exchange_complete(w->exchange, s->now));
	stage_end_turn(s);
	assert_int_equal(w->status, status);
	assert_int_equal(s->heard.len, 0);
}

void stage_closed(struct stage *s, enum eio_close why)
{
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, why);
}

void stage_unknown(struct stage *s)
{
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_UNKNOWN);
}
