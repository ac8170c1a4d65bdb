#include "tests/gateway/eio/session_stage.h"

#include <stdlib.h>

static void on_wake(void *wire)
{
	struct stage *s = wire;

	s->woken++;
}

static void on_hang_up(void *wire, enum eio_close why)
{
	struct stage *s = wire;

	assert_int_equal(s->closed, 0); /* the transport first, then the layer above */
	s->hung_up++;
	s->why_hung_up = why;
}

const struct eio_transport stage_transport = {.name = "fake", .wake = on_wake, .close = on_hang_up};

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct stage *s = up;

	s->opened++;
	assert_ptr_equal(session, s->session);
	assert_true(str_eqz(h->ip, "192.0.2.1"));
	if (s->closes_on_open)
		eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
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

static void on_close(void *up, struct eio_session *session, enum eio_close why)
{
	struct stage *s = up;
	struct frame *late = frame_new(bytes_of("late", 4));

	s->closed++;
	s->why = why;
	s->open_count_on_close = eio_family_open_count(s->family);
	/* Not allowed, and harmless. */
	eio_session_send(session, late, EIO_SEND_NORMAL);
	eio_session_close(session, EIO_CLOSE_SHUTDOWN);
	frame_unref(&late);
}

const struct eio_events stage_events = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

void stage_at(struct stage *s, uint64_t ms)
{
	s->now = (struct mono){ms * 1000};
	eio_family_expire(s->family, s->now);
}

void stage_open(struct stage *s)
{
	struct eio_handshake h = {.ip = STR("192.0.2.1")};

	s->session = eio_session_new(s->family, &stage_transport, s);
	eio_session_open(s->session, &h, s->now);
}

int stage_setup(void **state)
{
	struct stage *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {
	    STAGE_INTERVAL, STAGE_TIMEOUT, 1000000, STAGE_QUEUE_MAX, STAGE_UPGRADE_TIMEOUT, {0}};

	s->now = (struct mono){1000000};
	s->family = eio_family_new(&rules, &stage_events, s);
	*state = s;
	return 0;
}

int stage_setup_open(void **state)
{
	stage_setup(state);

	struct stage *s = *state;

	stage_open(s);
	eio_queue_pop(eio_session_queue(s->session)); /* the open packet has been sent */
	s->woken = 0;
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;

	if (s->session) {
		eio_session_close(s->session, EIO_CLOSE_TRANSPORT_CLOSE);
		assert_int_equal(s->closed, 1);
		assert_int_equal(s->hung_up, 1);
	}
	eio_session_free(&s->session);
	eio_family_free(&s->family);
	buf_free(&s->heard);
	free(s);
	return 0;
}

void stage_receive(struct stage *s, const char *text)
{
	eio_session_receive(s->session, str_bytes(str_of(text)), false, s->now);
}

void stage_heard(struct stage *s, const char *expected)
{
	assert_true(str_eqz(buf_str(&s->heard), expected));
}

void stage_closed(struct stage *s, enum eio_close why)
{
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->hung_up, 1);
	assert_int_equal(s->why, why);
	assert_int_equal(s->why_hung_up, why);
	assert_false(eio_session_is_open(s->session));
}

void stage_is_open(struct stage *s)
{
	assert_int_equal(s->closed, 0);
	assert_true(eio_session_is_open(s->session));
}

void stage_sent(struct stage *s, enum eio_packet_type type, const char *text)
{
	struct eio_queue *q = eio_session_queue(s->session);

	assert_true(q->count > 0);

	const struct eio_entry *e = eio_queue_at(q, 0);

	assert_int_equal(e->type, type);
	if (e->frame)
		assert_true(str_eqz(bytes_str(frame_bytes(e->frame)), text));
	else
		assert_string_equal(text, "");
	eio_queue_pop(q);
}

void stage_nothing_sent(struct stage *s)
{
	assert_int_equal(eio_session_queue(s->session)->count, 0);
}

void stage_send_text(struct stage *s, const char *text, enum eio_send how)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));

	eio_session_send(s->session, f, how);
	frame_unref(&f);
}
