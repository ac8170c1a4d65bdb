#ifndef ROOMCAST_GATEWAY_ROOM_HASTE_H
#define ROOMCAST_GATEWAY_ROOM_HASTE_H
/*
 * Haste: events of a client that sends faster than it may (gateway/eio/flow.h) are answered
 * rate_limited, with the time after which the same would do, and go nowhere. For the desk.
 */
#include "gateway/room/desk_priv.h"

/* Was the event that is being told of answered so? */
MUST_USE bool haste_refuses(struct seat *seat, const struct answer_to *to);

#endif
