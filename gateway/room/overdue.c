#include "gateway/room/bearer.h"

/* What was asked may have been done all the same: both sides agree on the state without it. */
static void settle(struct desk *d, const struct pending_request *r)
{
	struct seat *seat = desk_seat_of(r);
	struct wire_message m = {.type = WIRE_LEAVE};

	if (!r->was_sent)
		return;
	if (r->type == WIRE_LEAVE)
		hub_leave(d->parts.hub, seat->member, str_of(r->room));
	/* Who was in before stays in. */
	if (r->type != WIRE_JOIN || hub_is_in(d->parts.hub, seat->member, str_of(r->room)))
		return;
	m.as.leave.socket = str_of(seat->id);
	m.as.leave.room = str_of(r->room);
	/* Without a link the next announcement says the same. */
	(void)!uplink_send(d->uplink, &m);
}

static void give_up(struct desk *d, const struct pending_request *r)
{
	struct answer_to to = desk_answer_to(d, r);

	settle(d, r);
	if (r->type == WIRE_AUTH)
		bearer_give_up(desk_seat_of(r));
	/* What never left was not done; of what left nobody knows. */
	answer_error(&to, &(struct answer_fault){.error = r->was_sent ? CLIENT_ERROR_TIMEOUT
								      : CLIENT_ERROR_UNAVAILABLE});
}

void desk_expire(struct desk *d, struct mono now)
{
	const struct pending_request *r;

	bearer_expire(d, now);
	while ((r = pending_expired(d->parts.pending, now))) {
		if (r->owner && desk_is_entering(r))
			entrance_on_timeout(desk_seat_of(r));
		else if (r->owner)
			give_up(d, r);
		pending_remove(d->parts.pending, r->id);
	}
}
