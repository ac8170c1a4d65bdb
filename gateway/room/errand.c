#include "gateway/room/errand.h"

#include "common/log.h"
#include "gateway/metrics.h"
#include "gateway/room/door.h"
#include "gateway/room/recovery.h"
#include "gateway/sio/plain.h"
#include "gateway/sio/socket.h"
#include "proto/value.h"

#include <uthash.h>

/* ---- from clients ---- */

enum err errand_event(struct seat *seat, const struct sio_event *event)
{
	struct desk *d = seat->desk;
	struct pending_request request = {
	    .id = pending_next_id(d->parts.pending),
	    .owner = &seat->requests,
	    .type = WIRE_EVENT,
	    .event = event_find(event->name),
	    .has_ack = event->has_ack,
	    .ack_id = event->ack_id,
	    .started = loop_now(d->parts.loop),
	};
	struct wire_message m = {.type = WIRE_EVENT};

	if (event->name.len > LIMIT_EVENT)
		return ERR_TOO_BIG;
	m.as.event = (struct wire_event){
	    request.id, str_of(seat->id), event->name, event->args, event->has_ack};
	return desk_ask(d, &request, &m);
}

void errand_ack(const struct seat *seat, uint64_t ack_id, struct bytes args)
{
	struct wire_message m = {.type = WIRE_ACK};

	if (uplink_is_full(seat->desk->uplink))
		return;
	m.as.ack = (struct wire_ack){str_of(seat->id), ack_id, args};
	/* Without a link nobody waits for it any more. */
	(void)!uplink_send(seat->desk->uplink, &m);
}

/* ---- from workers ---- */

/* False: it is nothing that clients could read; the worker's mistake. */
static bool make_plain(struct bytes value, struct buf *out, enum wire_type type)
{
	const struct plain_limits limits = {LIMIT_ARGS, LIMIT_ATTACHMENTS};
	enum err e = plain_read(value, &limits, out);

	if (!e)
		return true;
	log_warn("worker.invalid", LOG_Z(MESSAGE, wire_name(type)), LOG_Z(ERR, err_text(e)),
	    LOG_Z(HINT, "its arguments are too big, too deep, or hold more than 10 binaries"));
	return false;
}

void errand_on_reply(const struct pending_request *r, const struct wire_reply *reply)
{
	struct buf args = {0};

	if (!r->has_ack)
		return;
	/* An ack is owed, whatever the worker made of it. */
	if (!make_plain(reply->value, &args, WIRE_REPLY))
		value_put_array(&args, 0);
	sio_socket_ack(desk_seat_of(r)->socket, r->ack_id, buf_bytes(&args));
	buf_free(&args);
}

void errand_refuse(struct seat *seat, const struct wire_reply *reply)
{
	struct sio_socket *s = seat->socket;
	struct buf data = {0};
	struct value_reader r = value_reader(reply->value);
	struct value head;
	/* Attachments have no place in CONNECT_ERROR. */
	const struct plain_limits limits = {LIMIT_ARGS, 0};
	bool has_data = value_next(&r, &head) == ERR_OK && head.type != VALUE_NIL &&
			plain_read(reply->value, &limits, &data) == ERR_OK;

	if (door_note_refusal(s) > REFUSALS_MAX) {
		sio_socket_close_connection(s);
	} else {
		entrance_free_seat(&seat);
		sio_socket_refuse(s, reply->text, has_data ? buf_bytes(&data) : (struct bytes){0});
	}
	buf_free(&data);
}

static struct seat *find_seat(const struct desk *d, struct str socket)
{
	struct seat *seat = NULL;

	HASH_FIND(hh, d->seats_by_id, socket.p, socket.len, seat);
	return seat;
}

static void emit(const struct seat *seat, struct str event, struct buf *args)
{
	recovery_append(args, recovery_offset(seat));
	sio_socket_emit(seat->socket, event, buf_bytes(args));
}

static void on_send(struct desk *d, const struct wire_message *m)
{
	const struct wire_send *w = &m->as.send;
	struct seat *seat = find_seat(d, w->socket);
	struct buf args = {0};

	if (!seat || !make_plain(w->args, &args, m->type))
		return;
	seat->is_asked |= w->has_ack;
	if (w->has_ack)
		sio_socket_ask(seat->socket, w->event, buf_bytes(&args), w->ack);
	else
		emit(seat, w->event, &args);
	metric_event_out(d->parts.metrics, metric_event_of(event_find(w->event)), 1);
	buf_free(&args);
}

static void on_cast(struct desk *d, const struct wire_message *m)
{
	struct wire_cast w = m->as.cast;
	struct buf args = {0};

	if (!make_plain(w.args, &args, m->type))
		return;
	recovery_append(&args, recovery_offset_in(d, w.nsp));
	w.args = buf_bytes(&args);
	metric_event_out(
	    d->parts.metrics, metric_event_of(event_find(w.event)), hub_cast(d->parts.hub, &w));
	buf_free(&args);
}

static void on_move(struct desk *d, const struct wire_message *m)
{
	const struct wire_move *w = &m->as.move;
	const struct seat *seat = find_seat(d, w->socket);

	if (!seat)
		return;
	/* What was fetched of the room is not for it any more: it comes again, and is not told it.
	 */
	if (!w->is_in && seat->recovery && hub_is_in(d->parts.hub, seat->member, w->room))
		sio_socket_close_connection(seat->socket);
	if (w->is_in)
		hub_join(d->parts.hub, seat->member, w->room, w->gseq);
	else
		hub_leave(d->parts.hub, seat->member, w->room);
}

static void tell_why(const struct seat *seat, const struct wire_expel *w)
{
	struct answer_to to = {.socket = seat->socket,
	    .error_event = str_of(seat->desk->parts.error_event),
	    .offset = recovery_offset(seat)};

	if (w->error && w->error < CLIENT_ERRORS)
		answer_error(
		    &to, &(struct answer_fault){(enum client_error)w->error, .text = w->text});
}

static void on_expel(struct desk *d, const struct wire_message *m)
{
	const struct wire_expel *w = &m->as.expel;
	const struct seat *seat = find_seat(d, w->socket);

	if (!seat)
		return;
	/* Who was told it is in hears why; who comes back asks again, and hears it then. */
	if (w->close || !seat->is_connected) {
		sio_socket_close_connection(seat->socket);
		return;
	}
	tell_why(seat, w);
	sio_socket_disconnect(seat->socket);
}

bool errand_on_message(struct desk *d, const struct wire_message *m)
{
	static void (*const on_wire[WIRE_TYPES])(struct desk *, const struct wire_message *) = {
	    [WIRE_SEND] = on_send,
	    [WIRE_CAST] = on_cast,
	    [WIRE_MOVE] = on_move,
	    [WIRE_EXPEL] = on_expel,
	};

	if (!on_wire[m->type])
		return false;
	on_wire[m->type](d, m);
	return true;
}
