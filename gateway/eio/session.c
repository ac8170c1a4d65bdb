#include "gateway/eio/session.h"

#include "common/crypto.h"
#include "gateway/eio/packet.h"
#include "gateway/eio/queue.h"
#include "gateway/eio/session_priv.h"

#include <assert.h>
#include <stdlib.h>

struct eio_family {
	struct eio_rules rules;
	const struct eio_events *events;
	void *up;
	struct timer_queue ping_due; /* heard of, to be pinged next */
	struct timer_queue pong_due; /* pinged, to be heard of */
	struct eio_session *first;
	size_t open_count;
	struct buf decoded; /* scratch: a binary message that came as base64 */
};

enum state { STATE_NEW, STATE_OPEN, STATE_OVERRUN, STATE_CLOSED };

struct eio_session {
	struct eio_family *family;
	const struct eio_transport *transport;
	void *wire;
	void *owner;
	struct eio_session *prev, *next;
	struct timer heartbeat;
	struct eio_queue queue;
	enum state state;
	char id[CRYPTO_ID_LEN + 1];
};

static const struct eio_close_row close_rows[] = {
#define EIO_CLOSE(name, ws_code, is_error, reason, text) {ws_code, is_error, reason, text},
#include "gateway/eio/close.def"
#undef EIO_CLOSE
};

const struct eio_close_row *eio_close_row(enum eio_close why)
{
	assert((size_t)why < ARRAY_LEN(close_rows));
	return &close_rows[why];
}

static void send_control(struct eio_session *s, enum eio_packet_type type, struct frame *data)
{
	eio_queue_push_control(&s->queue, type, data);
	s->transport->wake(s->wire);
}

static void send_open(struct eio_session *s)
{
	struct buf text = {0};
	const struct eio_rules *rules = &s->family->rules;

	eio_packet_put_open(&text, &(struct eio_packet_open){.sid = str_of(s->id),
				       .ping_interval_ms = rules->ping_interval_ms,
				       .ping_timeout_ms = rules->ping_timeout_ms,
				       .max_payload_bytes = rules->max_payload_bytes});

	struct frame *data = buf_seal(&text);

	send_control(s, EIO_PACKET_OPEN, data);
	frame_unref(&data);
}

static void deliver(struct eio_session *s, struct bytes message, bool is_binary)
{
	s->family->events->on_message(s->family->up, s, message, is_binary);
}

/* open, upgrade and noop mean nothing on an open session; like the reference we let them pass. */
static void on_nothing(struct eio_session *s, const struct eio_packet *p, struct mono now)
{
	(void)s;
	(void)p;
	(void)now;
}

static void on_close(struct eio_session *s, const struct eio_packet *p, struct mono now)
{
	(void)p;
	(void)now;
	eio_session_close(s, EIO_CLOSE_TRANSPORT_CLOSE);
}

/* Since revision 4 the server pings; a client that does is of another protocol. */
static void on_ping(struct eio_session *s, const struct eio_packet *p, struct mono now)
{
	(void)p;
	(void)now;
	eio_session_close(s, EIO_CLOSE_TRANSPORT_ERROR);
}

static void on_pong(struct eio_session *s, const struct eio_packet *p, struct mono now)
{
	(void)p;
	/* A pong that nobody asked for must not put the next ping off: the client waits for it. */
	if (s->heartbeat.queue == &s->family->pong_due)
		timer_start(&s->heartbeat, &s->family->ping_due, now);
}

static void on_message(struct eio_session *s, const struct eio_packet *p, struct mono now)
{
	struct buf *decoded = &s->family->decoded;

	(void)now;
	if (!p->is_base64) {
		deliver(s, str_bytes(p->data), false);
		return;
	}
	buf_reset(decoded);
	if (crypto_base64_decode(p->data, decoded))
		eio_session_close(s, EIO_CLOSE_PARSE_ERROR);
	else
		deliver(s, buf_bytes(decoded), true);
}

typedef void packet_handler(struct eio_session *s, const struct eio_packet *p, struct mono now);

static packet_handler *const on_packet[EIO_PACKETS] = {
    [EIO_PACKET_OPEN] = on_nothing,
    [EIO_PACKET_CLOSE] = on_close,
    [EIO_PACKET_PING] = on_ping,
    [EIO_PACKET_PONG] = on_pong,
    [EIO_PACKET_MESSAGE] = on_message,
    [EIO_PACKET_UPGRADE] = on_nothing,
    [EIO_PACKET_NOOP] = on_nothing,
};

static void link_into(struct eio_family *f, struct eio_session *s)
{
	s->next = f->first;
	if (f->first)
		f->first->prev = s;
	f->first = s;
}

static void unlink_from(struct eio_family *f, struct eio_session *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		f->first = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static void send_message(struct eio_session *s, struct frame *f, enum eio_send how, bool is_binary)
{
	struct eio_entry e = {.frame = f,
	    .type = EIO_PACKET_MESSAGE,
	    .is_binary = is_binary,
	    .is_volatile = how == EIO_SEND_VOLATILE};

	if (s->state != STATE_OPEN)
		return;
	if (eio_queue_push(&s->queue, e, s->family->rules.queue_max_bytes))
		s->state = STATE_OVERRUN;
	s->transport->wake(s->wire);
}

void eio_session_send(struct eio_session *s, struct frame *f, enum eio_send how)
{
	send_message(s, f, how, false);
}

void eio_session_send_binary(struct eio_session *s, struct frame *f, enum eio_send how)
{
	send_message(s, f, how, true);
}

void eio_session_close(struct eio_session *s, enum eio_close why)
{
	struct eio_family *f = s->family;

	if (!eio_session_is_open(s))
		return;
	s->state = STATE_CLOSED;
	f->open_count--;
	timer_stop(&s->heartbeat);
	/* Nobody reads there: what waits would only hold memory while the connection dies. */
	if (why == EIO_CLOSE_SLOW_CONSUMER || why == EIO_CLOSE_PING_TIMEOUT)
		eio_queue_clear(&s->queue);
	s->transport->close(s->wire, why);
	f->events->on_close(f->up, s, why);
}

const char *eio_session_id(const struct eio_session *s)
{
	return s->id;
}

size_t eio_session_queued_bytes(const struct eio_session *s)
{
	return s->queue.bytes;
}

void eio_session_set_owner(struct eio_session *s, void *owner)
{
	s->owner = owner;
}

void *eio_session_owner(const struct eio_session *s)
{
	return s->owner;
}

struct eio_family *eio_family_new(
    const struct eio_rules *rules, const struct eio_events *events, void *up)
{
	struct eio_family *f = xcalloc(1, sizeof(*f));

	f->rules = *rules;
	f->events = events;
	f->up = up;
	timer_queue_init(&f->ping_due, rules->ping_interval_ms);
	timer_queue_init(&f->pong_due, rules->ping_timeout_ms);
	return f;
}

void eio_family_free(struct eio_family **f)
{
	struct eio_family *dead = *f;

	*f = NULL;
	if (!dead)
		return;
	assert(!dead->first);
	buf_free(&dead->decoded);
	free(dead);
}

void eio_family_expire(struct eio_family *f, struct mono now)
{
	struct timer *t;

	/* The silent first: who is closed here needs no ping any more. */
	while ((t = timer_queue_expire(&f->pong_due, now)))
		eio_session_close(
		    CONTAINER_OF(t, struct eio_session, heartbeat), EIO_CLOSE_PING_TIMEOUT);
	while ((t = timer_queue_expire(&f->ping_due, now))) {
		struct eio_session *s = CONTAINER_OF(t, struct eio_session, heartbeat);

		timer_start(&s->heartbeat, &f->pong_due, now);
		send_control(s, EIO_PACKET_PING, NULL);
	}
}

bool eio_family_next_due(const struct eio_family *f, struct mono *ret_due)
{
	struct mono ping, pong;
	bool has_ping = timer_queue_next(&f->ping_due, &ping);
	bool has_pong = timer_queue_next(&f->pong_due, &pong);

	if (!has_ping && !has_pong)
		return false;
	*ret_due = !has_pong || (has_ping && mono_before(ping, pong)) ? ping : pong;
	return true;
}

size_t eio_family_open_count(const struct eio_family *f)
{
	return f->open_count;
}

void eio_family_each(struct eio_family *f, void (*fn)(void *ctx, struct eio_session *s), void *ctx)
{
	for (struct eio_session *s = f->first; s; s = s->next) {
		if (eio_session_is_open(s))
			fn(ctx, s);
	}
}

struct eio_session *eio_session_new(
    struct eio_family *f, const struct eio_transport *transport, void *wire)
{
	struct eio_session *s = xcalloc(1, sizeof(*s));

	s->family = f;
	s->transport = transport;
	s->wire = wire;
	crypto_id(s->id);
	link_into(f, s);
	return s;
}

void eio_session_free(struct eio_session **s)
{
	struct eio_session *dead = *s;

	*s = NULL;
	if (!dead)
		return;
	assert(!eio_session_is_open(dead));
	unlink_from(dead->family, dead);
	eio_queue_free(&dead->queue);
	free(dead);
}

void eio_session_open(struct eio_session *s, const struct eio_handshake *h, struct mono now)
{
	struct eio_family *f = s->family;

	assert(s->state == STATE_NEW);
	s->state = STATE_OPEN;
	f->open_count++;
	send_open(s);
	timer_start(&s->heartbeat, &f->ping_due, now);
	f->events->on_open(f->up, s, h);
}

void eio_session_receive(
    struct eio_session *s, struct bytes packet, bool is_binary, struct mono now)
{
	struct eio_packet p;

	if (!eio_session_is_open(s))
		return;
	if (is_binary)
		deliver(s, packet, true);
	else if (eio_packet_parse(bytes_str(packet), &p))
		eio_session_close(s, EIO_CLOSE_PARSE_ERROR);
	else
		on_packet[p.type](s, &p, now);
}

void eio_session_end_turn(struct eio_session *s)
{
	if (s->state == STATE_OVERRUN)
		eio_session_close(s, EIO_CLOSE_SLOW_CONSUMER);
}

bool eio_session_is_open(const struct eio_session *s)
{
	return s->state == STATE_OPEN || s->state == STATE_OVERRUN;
}

struct eio_queue *eio_session_queue(struct eio_session *s)
{
	return &s->queue;
}
