#include "common/log.h"
#include "gateway/room/passport.h"
#include "gateway/room/recovery.h"
#include "gateway/sio/socket.h"
#include "proto/value.h"

/* Rooms of an announcement in the making. */
struct listing {
	const struct seat *seat;
	struct buf names;
	uint32_t count;
};

/* A room that it is leaving is left out: the broker may have seen it leave already. */
static void list_room(void *ctx, struct str room)
{
	struct listing *l = ctx;

	if (pending_has(&l->seat->requests, WIRE_LEAVE, room))
		return;
	value_put_str(&l->names, room);
	l->count++;
}

static void announce(struct desk *d, const struct seat *seat)
{
	struct listing listing = {.seat = seat};
	struct buf grants = {0}, rooms = {0};
	struct wire_message m;

	hub_each_room_of(seat->member, list_room, &listing);
	value_put_array(&rooms, listing.count);
	buf_put(&rooms, buf_bytes(&listing.names));
	passport_put_grants(&seat->claims, &grants);
	passport_put_connect(seat, &seat->claims,
	    &(struct passport_lists){buf_bytes(&grants), buf_bytes(&rooms)}, &m);
	m.as.connect.recovery = recovery_is_for(seat);
	m.as.connect.pid = str_of(seat->pid);
	m.as.connect.sid = str_of(seat->sid);
	/* Within on_linked the link takes it. */
	(void)!uplink_send(d->uplink, &m);
	buf_free(&listing.names);
	buf_free(&grants);
	buf_free(&rooms);
}

static struct seat *find_lost(const struct desk *d)
{
	struct seat *seat;

	for (seat = d->seats; seat && !seat->is_lost; seat = seat->next)
		;
	return seat;
}

void resume_on_gap(void *up)
{
	struct desk *d = up;
	struct seat *seat;
	uint64_t lost = 0;

	/* Nothing is stored in a worker namespace. */
	for (seat = d->seats; seat; seat = seat->next)
		seat->is_lost = seat->is_connected && !seat->is_errand;
	/* Closing one connection frees all its seats. */
	while ((seat = find_lost(d))) {
		seat->is_lost = false;
		lost++;
		sio_socket_close_connection(seat->socket);
	}
	log_warn("link.gap", LOG_U(COUNT, lost),
	    LOG_Z(HINT, "messages were missed and cannot be sent again: clients are made to come "
			"back; replay-max of the broker says how many it sends again"));
}

size_t resume_on_linked(void *up)
{
	struct desk *d = up;
	size_t announced = 0;

	recovery_on_linked(d);
	for (const struct seat *seat = d->seats; seat; seat = seat->next) {
		if (!seat->is_connected)
			continue;
		announce(d, seat);
		announced++;
	}
	return announced;
}

/* A message that may have been stored already says so, for the broker to look. */
static void ask_again(void *ctx, const struct pending_request *r)
{
	struct desk *d = ctx;
	struct wire_reader in = wire_reader(frame_bytes(r->message));
	struct wire_message m;

	if (wire_next(&in, &m))
		return;
	if (m.type == WIRE_PUBLISH)
		m.as.publish.resent = r->was_sent;
	if (uplink_send(d->uplink, &m) == ERR_OK)
		pending_mark_sent(d->parts.pending, r->id);
}

void resume_on_up(void *up)
{
	struct desk *d = up;

	pending_each(d->parts.pending, ask_again, d);
}

static void drop_typing(void *ctx, const struct pending_request *r)
{
	const struct desk *d = ctx;
	const struct seat *seat = desk_seat_of(r);
	struct answer_to to = {.has_ack = r->has_ack, .ack_id = r->ack_id};

	if (!seat || !r->has_ack)
		return;
	to.socket = seat->socket;
	to.error_event = str_of(d->parts.error_event);
	answer_error(&to, &(struct answer_fault){.error = CLIENT_ERROR_UNAVAILABLE});
}

void resume_on_down(void *up, const char *why)
{
	struct desk *d = up;

	(void)why;
	recovery_on_down(d);
	/* Who typed then does not type now. */
	pending_drop_type(d->parts.pending, WIRE_TYPING, drop_typing, d);
}
