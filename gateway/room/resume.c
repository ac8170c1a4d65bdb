#include "gateway/room/desk_priv.h"
#include "proto/value.h"

static void put_room(void *ctx, struct str room)
{
	value_put_str(ctx, room);
}

static void announce(struct desk *d, const struct seat *seat)
{
	struct buf grants = {0}, rooms = {0};
	struct wire_message m;

	entrance_put_grants(seat, &grants);
	value_put_array(&rooms, (uint32_t)hub_member_room_count(seat->member));
	hub_each_room_of(seat->member, put_room, &rooms);
	entrance_put_connect(seat, 0, buf_bytes(&grants), buf_bytes(&rooms), &m);
	/* Within on_linked the link takes it. */
	(void)!uplink_send(d->uplink, &m);
	buf_free(&grants);
	buf_free(&rooms);
}

size_t resume_on_linked(void *up)
{
	struct desk *d = up;
	size_t announced = 0;

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

void resume_on_down(void *up, const char *why)
{
	(void)up;
	(void)why;
}
