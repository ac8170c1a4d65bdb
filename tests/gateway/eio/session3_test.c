/* Sessions of protocol revision 3, as far as they differ from those in session_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/crypto.h"
#include "gateway/eio/session_priv.h"

#include <stdlib.h>
#include <string.h>

enum { INTERVAL = 300, TIMEOUT = 200, UPGRADE_TIMEOUT = 500, QUEUE_MAX = 1000 };

struct scene {
	struct eio_family *family;
	struct eio_session *session;
	struct mono now;
	int closed;
	enum eio_close why;
	struct buf heard; /* t:text or b:binary, each with a ';' */
};

static void on_wake(void *wire)
{
	(void)wire;
}

static void on_hang_up(void *wire, enum eio_close why)
{
	(void)wire;
	(void)why;
}

static const struct eio_transport transport = {
    .name = "fake", .wake = on_wake, .close = on_hang_up};

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	(void)up;
	(void)session;
	assert_int_equal(h->revision, EIO_REVISION_3);
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	struct scene *s = up;

	(void)session;
	buf_puts(&s->heard, is_binary ? STR("b:") : STR("t:"));
	buf_put(&s->heard, message);
	buf_putc(&s->heard, ';');
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

static void at(struct scene *s, uint64_t ms)
{
	s->now = (struct mono){ms * 1000};
	eio_family_expire(s->family, s->now);
}

static struct eio_session *open_session(struct scene *s, bool is_text_only)
{
	struct eio_handshake h = {.revision = EIO_REVISION_3, .is_text_only = is_text_only};
	struct eio_session *session = eio_session_new(s->family, &transport, s);

	eio_session_open(session, &h, s->now);
	assert_int_equal(eio_session_revision(session), EIO_REVISION_3);
	assert_int_equal(eio_queue_at(eio_session_queue(session), 0)->type, EIO_PACKET_OPEN);
	eio_queue_pop(eio_session_queue(session));
	return session;
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {INTERVAL, TIMEOUT, 1000000, QUEUE_MAX, UPGRADE_TIMEOUT, {0}};

	s->now = (struct mono){1000000};
	s->family = eio_family_new(&rules, &events, s);
	s->session = open_session(s, false);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	eio_session_free(&s->session);
	eio_family_free(&s->family);
	buf_free(&s->heard);
	free(s);
	return 0;
}

static void receive(struct scene *s, const char *packet, bool is_binary)
{
	eio_session_receive(s->session, str_bytes(str_of(packet)), is_binary, s->now);
}

static void assert_sent(struct eio_session *session, struct eio_entry expected, const char *data)
{
	struct eio_queue *q = eio_session_queue(session);

	assert_int_not_equal(q->count, 0);
	const struct eio_entry *e = eio_queue_at(q, 0);

	assert_int_equal(e->type, expected.type);
	assert_int_equal(e->form, expected.form);
	assert_true(e->frame ? str_eqz(bytes_str(frame_bytes(e->frame)), data) : !data[0]);
	eio_queue_pop(q);
}

static void assert_ponged(struct scene *s, const char *data)
{
	assert_sent(s->session, (struct eio_entry){.type = EIO_PACKET_PONG}, data);
	assert_int_equal(eio_session_queue(s->session)->count, 0);
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

static void test_a_ping_is_answered_with_its_data(void **state)
{
	struct scene *s = *state;

	receive(s, "2", false);
	assert_ponged(s, "");
	receive(s, "2probe", false);
	assert_ponged(s, "probe");
	/* A pong is text, and binary data may be none. */
	receive(s, "\2\xff", true);
	assert_ponged(s, "");
	receive(s, "b2AQ==", false);
	assert_ponged(s, "");
	assert_heard(s, "");
	assert_int_equal(s->closed, 0);
}

static void test_the_server_never_pings(void **state)
{
	struct scene *s = *state;
	struct mono due;

	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, (1000 + INTERVAL + TIMEOUT) * 1000);
	at(s, 1000 + INTERVAL + TIMEOUT - 1);
	assert_int_equal(eio_session_queue(s->session)->count, 0);
	assert_int_equal(s->closed, 0);
}

static void test_who_does_not_ping_is_gone(void **state)
{
	struct scene *s = *state;

	at(s, 1400);
	receive(s, "2", false);
	at(s, 1600);
	receive(s, "4hello", false); /* says nothing of the heartbeat */
	at(s, 1400 + INTERVAL + TIMEOUT - 1);
	assert_int_equal(s->closed, 0);
	at(s, 1400 + INTERVAL + TIMEOUT);
	assert_closed(s, EIO_CLOSE_PING_TIMEOUT);
}

static void test_a_pong_is_the_wrong_direction(void **state)
{
	struct scene *s = *state;

	receive(s, "3", false);
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
}

/* A client that pings without end and reads nothing is a slow consumer. */
static void test_pongs_are_bounded(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < QUEUE_MAX; i++)
		receive(s, "2", false);
	assert_true(eio_session_queued_bytes(s->session) <= QUEUE_MAX);
	assert_int_equal(s->closed, 0);
	eio_session_end_turn(s->session);
	assert_closed(s, EIO_CLOSE_SLOW_CONSUMER);
}

static void test_messages(void **state)
{
	struct scene *s = *state;

	receive(s, "4hello", false);
	receive(s, "\4\1\2", true);
	receive(s, "b4AQI=", false);
	receive(s, "\4", true);
	assert_heard(s, "t:hello;b:\1\2;b:\1\2;b:;");
	receive(s, "0", false);
	receive(s, "5", false);
	receive(s, "6", false);
	assert_int_equal(s->closed, 0);
	receive(s, "\1", true);
	assert_closed(s, EIO_CLOSE_TRANSPORT_CLOSE);
}

static void test_what_is_no_packet_ends_it(void **state)
{
	static const struct {
		const char *packet;
		bool is_binary;
	} bad[] = {{"", false}, {"", true}, {"4hello", true}, {"bAQI=", false}, {"b4?", false}};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		s->closed = 0;
		receive(s, bad[i].packet, bad[i].is_binary);
		assert_closed(s, EIO_CLOSE_PARSE_ERROR);
		eio_session_free(&s->session);
		s->session = open_session(s, false);
	}
	s->closed = 0;
}

static void test_binary_is_sent_with_its_type(void **state)
{
	struct scene *s = *state;
	struct frame *f = frame_new(bytes_of("\1\2\3", 3));

	eio_session_send_binary(s->session, f, EIO_SEND_NORMAL);
	assert_ptr_equal(eio_queue_at(eio_session_queue(s->session), 0)->frame, f);
	assert_sent(s->session,
	    (struct eio_entry){.type = EIO_PACKET_MESSAGE, .form = EIO_FORM_TYPED}, "\1\2\3");
	assert_null(frame_twin(f));
	frame_unref(&f);
}

/* base64 is made once, whoever needs it. */
static void test_who_reads_text_only_gets_base64(void **state)
{
	struct scene *s = *state;
	struct eio_session *plain[] = {open_session(s, true), open_session(s, true)};
	struct frame *f = frame_new(bytes_of("\1\2\3", 3)), *twin;

	eio_session_send_binary(plain[0], f, EIO_SEND_NORMAL);
	twin = frame_twin(f);
	eio_session_send_binary(plain[1], f, EIO_SEND_VOLATILE);
	frame_unref(&f);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		assert_ptr_equal(eio_queue_at(eio_session_queue(plain[i]), 0)->frame, twin);
		assert_sent(plain[i],
		    (struct eio_entry){.type = EIO_PACKET_MESSAGE, .form = EIO_FORM_BASE64},
		    "AQID");
		eio_session_close(plain[i], EIO_CLOSE_SHUTDOWN);
		eio_session_free(&plain[i]);
	}
	s->closed = 0;
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPEN(test_a_ping_is_answered_with_its_data),
	    OPEN(test_the_server_never_pings),
	    OPEN(test_who_does_not_ping_is_gone),
	    OPEN(test_a_pong_is_the_wrong_direction),
	    OPEN(test_pongs_are_bounded),
	    OPEN(test_messages),
	    OPEN(test_what_is_no_packet_ends_it),
	    OPEN(test_binary_is_sent_with_its_type),
	    OPEN(test_who_reads_text_only_gets_base64),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
