#include "gateway/eio/session.h"

#include "gateway/eio/session_inner.h"

#include <assert.h>
#include <stdlib.h>

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

void eio_session_send_control(struct eio_session *s, enum eio_packet_type type, struct frame *data)
{
	eio_queue_push_control(&s->queue, type, data);
	s->transport->wake(s->wire);
}

static void send_open(struct eio_session *s)
{
	struct buf text = {0};
	const struct eio_rules *rules = &s->family->rules;

	eio_packet_put_open(&text, &(struct eio_packet_open){.sid = str_of(s->id),
				       .may_upgrade = s->transport->may_upgrade,
				       .ping_interval_ms = rules->ping_interval_ms,
				       .ping_timeout_ms = rules->ping_timeout_ms,
				       .max_payload_bytes = rules->max_payload_bytes});

	struct frame *data = buf_seal(&text);

	eio_session_send_control(s, EIO_PACKET_OPEN, data);
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

/* Who should not ping does, or who was not pinged answers: it speaks another revision. */
static void on_wrong_direction(struct eio_session *s, const struct eio_packet *p, struct mono now)
{
	(void)p;
	(void)now;
	eio_session_close(s, EIO_CLOSE_TRANSPORT_ERROR);
}

/* Unlike other packets of the protocol a pong is bounded as messages are: the client could ask for
 * any number of them and read none. */
static void push(struct eio_session *s, struct eio_entry e)
{
	if (s->state != STATE_OPEN)
		return;
	if (eio_queue_push(&s->queue, e, s->family->rules.queue_max_bytes + s->expected))
		s->state = STATE_OVERRUN;
	s->transport->wake(s->wire);
}

/* Revision 3: the same data goes back. */
static void on_ping(struct eio_session *s, const struct eio_packet *p, struct mono now)
{
	struct frame *data = p->data.len && !p->is_binary ? frame_new(str_bytes(p->data)) : NULL;

	timer_start(&s->heartbeat, &s->family->last_due, now);
	push(s, (struct eio_entry){.frame = data, .type = EIO_PACKET_PONG});
	frame_unref(&data);
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
		deliver(s, str_bytes(p->data), p->is_binary);
		return;
	}
	buf_reset(decoded);
	if (crypto_base64_decode_any(p->data, decoded))
		eio_session_close(s, EIO_CLOSE_PARSE_ERROR);
	else
		deliver(s, buf_bytes(decoded), true);
}

void eio_session_oversize(struct eio_session *s, struct bytes head, bool is_binary)
{
	const struct eio_events *up = s->family->events;
	struct eio_packet p;

	if (!eio_session_is_open(s) || !up->on_oversize)
		return;
	if (eio_revision_row(s->revision)->parse(head, is_binary, &p) == ERR_OK &&
	    p.type == EIO_PACKET_MESSAGE && !p.is_base64)
		up->on_oversize(s->family->up, s, str_bytes(p.data), p.is_binary);
}

typedef void packet_handler(struct eio_session *s, const struct eio_packet *p, struct mono now);

static packet_handler *const on_packet[EIO_REVISIONS][EIO_PACKETS] = {
    [EIO_REVISION_4] =
	{
	    [EIO_PACKET_OPEN] = on_nothing,
	    [EIO_PACKET_CLOSE] = on_close,
	    [EIO_PACKET_PING] = on_wrong_direction,
	    [EIO_PACKET_PONG] = on_pong,
	    [EIO_PACKET_MESSAGE] = on_message,
	    [EIO_PACKET_UPGRADE] = on_nothing,
	    [EIO_PACKET_NOOP] = on_nothing,
	},
    [EIO_REVISION_3] =
	{
	    [EIO_PACKET_OPEN] = on_nothing,
	    [EIO_PACKET_CLOSE] = on_close,
	    [EIO_PACKET_PING] = on_ping,
	    [EIO_PACKET_PONG] = on_wrong_direction,
	    [EIO_PACKET_MESSAGE] = on_message,
	    [EIO_PACKET_UPGRADE] = on_nothing,
	    [EIO_PACKET_NOOP] = on_nothing,
	},
};

static void send_message(
    struct eio_session *s, struct frame *f, enum eio_send how, enum eio_form form)
{
	push(s, (struct eio_entry){.frame = f,
		    .type = EIO_PACKET_MESSAGE,
		    .form = form,
		    .is_volatile = how == EIO_SEND_VOLATILE});
}

/* In base64, which is made once for all who need it. */
static struct frame *base64_of(struct frame *f)
{
	struct buf text = {0};
	struct frame *twin;

	if (frame_twin(f))
		return frame_twin(f);
	crypto_base64_put(&text, frame_bytes(f));
	twin = buf_seal(&text);
	frame_set_twin_take(f, &twin);
	return frame_twin(f);
}

void eio_session_send(struct eio_session *s, struct frame *f, enum eio_send how)
{
	send_message(s, f, how, EIO_FORM_TEXT);
}

void eio_session_send_binary(struct eio_session *s, struct frame *f, enum eio_send how)
{
	const struct eio_revision_row *row = eio_revision_row(s->revision);
	enum eio_form form = s->is_text_only ? row->binary_as_text : row->binary;

	send_message(s, form == EIO_FORM_BASE64 ? base64_of(f) : f, how, form);
}

void eio_session_turn_away(struct eio_session *s, enum eio_close why)
{
	const struct eio_transport *transport = s->upgrade->transport;
	void *wire = s->upgrade->wire;

	upgrade_free(&s->upgrade);
	transport->close(wire, why);
}

void eio_session_close(struct eio_session *s, enum eio_close why)
{
	struct eio_family *f = s->family;

	if (!eio_session_is_open(s))
		return;
	s->state = STATE_CLOSED;
	f->open_count--;
	timer_stop(&s->heartbeat);
	if (s->upgrade)
		eio_session_turn_away(s, why);
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

const char *eio_session_transport(const struct eio_session *s)
{
	return s->transport->name;
}

size_t eio_session_queued_bytes(const struct eio_session *s)
{
	return s->queue.bytes;
}

bool eio_session_is_lagging(const struct eio_session *s)
{
	return s->transport->is_stuck && s->transport->is_stuck(s->wire);
}

uint64_t eio_session_retry_after_ms(const struct eio_session *s)
{
	return s->retry_after_ms;
}

void eio_session_set_owner(struct eio_session *s, void *owner)
{
	s->owner = owner;
}

void *eio_session_owner(const struct eio_session *s)
{
	return s->owner;
}

struct eio_session *eio_session_new(
    struct eio_family *f, const struct eio_transport *transport, void *wire)
{
	struct eio_session *s = xcalloc(1, sizeof(*s));

	s->family = f;
	s->transport = transport;
	s->wire = wire;
	crypto_id(s->id);
	HASH_ADD(hh, f->all, id, CRYPTO_ID_LEN, s);
	return s;
}

void eio_session_free(struct eio_session **s)
{
	struct eio_session *dead = *s;

	*s = NULL;
	if (!dead)
		return;
	assert(!eio_session_is_open(dead));
	HASH_DEL(dead->family->all, dead);
	eio_queue_free(&dead->queue);
	free(dead);
}

void eio_session_open(struct eio_session *s, const struct eio_handshake *h, struct mono now)
{
	struct eio_family *f = s->family;

	assert(s->state == STATE_NEW);
	s->state = STATE_OPEN;
	s->revision = h->revision;
	s->is_text_only = h->is_text_only;
	flow_init(&s->flow, &f->rules.flow, now);
	f->open_count++;
	send_open(s);
	timer_start(&s->heartbeat,
	    eio_revision_row(s->revision)->client_pings ? &f->last_due : &f->ping_due, now);
	f->events->on_open(f->up, s, h);
}

void eio_session_receive(
    struct eio_session *s, struct bytes packet, bool is_binary, struct mono now)
{
	struct eio_packet p;

	if (!eio_session_is_open(s))
		return;
	if (flow_take(&s->flow, packet.len, now, &s->retry_after_ms) == FLOW_FLOOD) {
		s->family->floods++;
		eio_session_close(s, EIO_CLOSE_FLOOD);
		return;
	}
	if (eio_revision_row(s->revision)->parse(packet, is_binary, &p))
		eio_session_close(s, EIO_CLOSE_PARSE_ERROR);
	else
		on_packet[s->revision][p.type](s, &p, now);
}

void eio_session_end_turn(struct eio_session *s)
{
	if (s->queue.bytes <= s->family->rules.queue_max_bytes)
		s->expected = 0;
	if (s->state == STATE_OVERRUN)
		eio_session_close(s, EIO_CLOSE_SLOW_CONSUMER);
}

void eio_session_expect(struct eio_session *s, size_t bytes)
{
	s->expected += bytes;
}

bool eio_session_is_open(const struct eio_session *s)
{
	return s->state == STATE_OPEN || s->state == STATE_OVERRUN;
}

enum eio_revision eio_session_revision(const struct eio_session *s)
{
	return s->revision;
}

struct eio_queue *eio_session_queue(struct eio_session *s)
{
	return &s->queue;
}

void *eio_session_wire(const struct eio_session *s, const struct eio_transport *transport)
{
	return s->transport == transport ? s->wire : NULL;
}

bool eio_session_admit(
    struct eio_session *s, const struct eio_transport *transport, void *wire, struct mono now)
{
	if (!eio_session_is_open(s) || s->upgrade || !s->transport->may_upgrade)
		return false;
	s->upgrade = upgrade_new(&s->family->upgrades, s, transport, wire, now);
	return true;
}

/* What has not left by the old transport leaves by the new one, in its order. */
static void move(struct eio_session *s, const struct eio_transport *transport, void *wire)
{
	const struct eio_transport *old = s->transport;
	void *old_wire = s->wire;

	s->transport = transport;
	s->wire = wire;
	old->discard(old_wire);
	s->transport->wake(s->wire);
}

enum eio_probe eio_session_probe(
    struct eio_session *s, struct bytes packet, bool is_binary, struct mono now)
{
	enum eio_probe step =
	    upgrade_receive(s->upgrade, &s->family->upgrades, packet, is_binary, now);

	if (step == EIO_PROBE_TAKEN)
		move(s, s->upgrade->transport, s->upgrade->wire);
	if (step != EIO_PROBE_PONG)
		upgrade_free(&s->upgrade);
	return step;
}

void eio_session_dismiss(struct eio_session *s)
{
	upgrade_free(&s->upgrade);
}
