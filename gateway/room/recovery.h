#ifndef ROOMCAST_GATEWAY_ROOM_RECOVERY_H
#define ROOMCAST_GATEWAY_ROOM_RECOVERY_H
/*
 * Recovery at the desk (connection state recovery of Socket.IO). Every event that a client hears
 * ends in an offset, and when its connection broke it comes back with the pid of its session and
 * the last offset. The broker finds the session; what was missed is fetched here page by page and
 * kept until all of it is there, then it is written, the answer to CONNECT behind it, and behind
 * that what came meanwhile. What cannot be had whole is not begun: the client is a new session.
 * A few fetch at a time, the others wait for their turn.
 *
 * None of it in worker namespaces.
 */
#include "gateway/room/desk_priv.h"

/* Can this client come back? Whoever speaks a protocol without recovery cannot: the place to say
 * so. */
bool recovery_is_for(const struct seat *seat);

/* Does it want a session back? auth: what it sent, or empty. */
bool recovery_has_claim(const struct seat *seat, struct bytes auth);

/* What a CONNECT says of it: which session the client wants back. auth: what it sent, or empty. */
void recovery_put_claim(const struct seat *seat, struct bytes auth, struct wire_connect *c);

/* The broker's good answer to CONNECT. True: it is a session of before, and the client hears of it
 * when what it missed is there; false: let it in. */
bool recovery_on_connected(struct seat *seat, const struct wire_reply *reply);

/* The answer to REPLAY. */
void recovery_on_page(struct seat *seat, const struct wire_reply *reply);

/* The seat goes. */
void recovery_free(struct recovery **r);

/* The link is up, perhaps with another database; or down: what is being fetched never comes. */
void recovery_on_linked(struct desk *d);
void recovery_on_down(struct desk *d);

/* The offset of what is not stored, to stand behind its arguments; empty = none. A view that is
 * good until the next message of the broker. */
struct str recovery_offset(const struct seat *seat);

/* The same for all sockets of a namespace. */
struct str recovery_offset_in(struct desk *d, struct str nsp);

/* Puts it behind encoded arguments. */
void recovery_append(struct buf *args, struct str offset);

/* A delivery, with its offset behind the arguments, to the hub; how many got it. */
size_t recovery_deliver(struct desk *d, const struct wire_deliver *deliver);

#endif
