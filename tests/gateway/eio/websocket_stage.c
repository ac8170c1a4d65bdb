#include "tests/gateway/eio/websocket_stage.h"

#include "common/crypto.h"

#include <stdlib.h>
#include <string.h>

int lws_write(struct lws *wsi, unsigned char *bytes, size_t len, enum lws_write_protocol protocol)
{
	assert_int_equal(protocol, LWS_WRITE_RAW);
	assert_false(wsi->is_partial); /* it would pile up where we do not see it */
	wsi->writes++;
	if (wsi->is_broken)
		return -1;
	wsi->is_partial = wsi->becomes_partial;
	buf_put(&wsi->written, bytes_of(bytes, len));
	return (int)len;
}

int lws_partial_buffered(struct lws *wsi)
{
	return wsi->is_partial;
}

int lws_callback_on_writable(struct lws *wsi)
{
	wsi->asked++;
	return 1;
}

void lws_set_timeout(struct lws *wsi, enum pending_timeout reason, int secs)
{
	(void)reason;
	wsi->timeout = secs;
}

int lws_frame_is_binary(struct lws *wsi)
{
	return wsi->is_binary;
}

int lws_is_final_fragment(struct lws *wsi)
{
	return wsi->is_final && !wsi->to_come;
}

size_t lws_remaining_packet_payload(struct lws *wsi)
{
	return wsi->to_come;
}

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct stage *s = up;

	(void)h;
	s->session = session;
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	struct stage *s = up;

	buf_puts(&s->heard, is_binary ? STR("b:") : STR("t:"));
	buf_put(&s->heard, message);
	buf_putc(&s->heard, ';');
	if (s->closes_on_message)
		eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void on_oversize(void *up, struct eio_session *session, struct bytes head, bool is_binary)
{
	struct stage *s = up;

	buf_puts(&s->heard, is_binary ? STR("big b:") : STR("big t:"));
	buf_put(&s->heard, (struct bytes){head.p, head.len < 20 ? head.len : 20});
	buf_putc(&s->heard, ';');
	if (s->answers_big) {
		assert_true(eio_session_is_open(session));
		stage_send_text(s, "answer");
	}
}

static void on_close(void *up, struct eio_session *session, enum eio_close why)
{
	struct stage *s = up;

	(void)session;
	s->closed++;
	s->why = why;
}

const struct eio_events stage_events = {
    .on_open = on_open, .on_message = on_message, .on_oversize = on_oversize, .on_close = on_close};

const struct mono stage_now = {1000000};

struct wire *stage_wire(struct stage *s)
{
	return (struct wire *)(void *)&s->lws;
}

bool stage_end_turn(struct stage *s)
{
	return websockets_end_turn(s->set);
}

int stage_setup(void **state)
{
	struct stage *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {300, 200, STAGE_MAX_MESSAGE, STAGE_QUEUE_MAX, 500, {0}};

	s->family = eio_family_new(&rules, &stage_events, s);
	s->set = websockets_new(s->family, STAGE_MAX_MESSAGE);
	s->ws = websocket_new(s->set, stage_wire(s), &(struct eio_handshake){0}, stage_now);
	assert_false(stage_end_turn(s));
	assert_int_equal(s->lws.writes, 1); /* the open packet */
	buf_reset(&s->lws.written);
	s->lws.writes = 0;
	*state = s;
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;

	if (s->ws)
		websocket_closed(s->ws);
	stage_end_turn(s);
	assert_int_equal(s->closed, 1);
	websockets_free(&s->set);
	eio_family_free(&s->family);
	buf_free(&s->heard);
	buf_free(&s->lws.written);
	free(s);
	return 0;
}

void stage_receive(struct stage *s, const char *chunk, bool is_final, size_t to_come)
{
	s->lws.is_final = is_final;
	s->lws.to_come = to_come;
	websocket_receive(s->ws, str_bytes(str_of(chunk)), stage_now);
}

void stage_send_text(struct stage *s, const char *text)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));

	eio_session_send(s->session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
}

void stage_send_long(struct stage *s, size_t len)
{
	char *text = xcalloc(len + 1, 1);

	memset(text, 'x', len);
	stage_send_text(s, text);
	free(text);
}

void stage_written(struct stage *s, const char *expected, size_t len)
{
	assert_int_equal(s->lws.written.len, len);
	assert_memory_equal(buf_bytes(&s->lws.written).p, expected, len);
	buf_reset(&s->lws.written);
}

void stage_heard(struct stage *s, const char *expected)
{
	assert_true(str_eqz(buf_str(&s->heard), expected));
	buf_reset(&s->heard);
}
