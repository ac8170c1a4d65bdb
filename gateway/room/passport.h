#ifndef ROOMCAST_GATEWAY_ROOM_PASSPORT_H
#define ROOMCAST_GATEWAY_ROOM_PASSPORT_H
/*
 * The passport: what the broker is told of who sits in a seat, with CONNECT and when the seat is
 * announced.
 */
#include "gateway/room/desk_priv.h"

/* Encoded arrays; rooms: for an announcement, else empty. */
struct passport_lists {
	struct bytes grants, rooms;
};

/* The message that introduces a seat, with what its token says; views into all of them. */
void passport_put_connect(const struct seat *seat, const struct token_claims *claims,
    const struct passport_lists *lists, struct wire_message *ret);

/* Appends the encoded array of rooms the token grants. */
void passport_put_grants(const struct token_claims *claims, struct buf *out);

#endif
