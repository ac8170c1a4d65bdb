#ifndef ROOMCAST_GATEWAY_ROOM_HUB_H
#define ROOMCAST_GATEWAY_ROOM_HUB_H
/*
 * The hub: which sockets of this gateway are in which room, and fanout. A room message is encoded
 * once for each encoding in use and referenced for each member; the membership itself is the
 * broker's, the hub only repeats what it was told.
 */
#include "gateway/sio/client.h"
#include "proto/wire.h"

struct hub;
struct hub_member;
struct hub_room;

struct hub *hub_new(void);
/* Every member must be gone. */
void hub_free(struct hub **h);

/* A socket that may be in rooms of its namespace; the socket must outlive the member. */
struct hub_member *hub_member_new(struct sio_socket *socket);
/* Leaves all rooms. */
void hub_member_free(struct hub *h, struct hub_member **m);

/*
 * Entering twice and leaving where one is not are harmless. since: stored messages up to this gseq
 * were there before the member; when the gateway catches up they come after the answer to the join,
 * for those who were in already.
 */
void hub_join(struct hub *h, struct hub_member *m, struct str room, uint64_t since);
void hub_leave(struct hub *h, struct hub_member *m, struct str room);

bool hub_is_in(const struct hub *h, const struct hub_member *m, struct str room);
size_t hub_member_room_count(const struct hub_member *m);
void hub_each_room_of(
    const struct hub_member *m, void (*fn)(void *ctx, struct str room), void *ctx);

struct hub_reach {
	size_t sockets; /* that got it */
	size_t lagging; /* of these, of what is stored: have to wait for it (door.h) */
};

/* To all members but the excepted one and those who came later. */
struct hub_reach hub_deliver(struct hub *h, const struct wire_deliver *d);

/* The same for an event of a worker; returns how many got it. */
size_t hub_cast(struct hub *h, const struct wire_cast *c);

size_t hub_room_count(const struct hub *h);

#endif
