#ifndef ROOMCAST_BROKER_REGISTRY_H
#define ROOMCAST_BROKER_REGISTRY_H
/*
 * Who is connected where, for the operator's desk (admin.h): each appends one encoded map. What
 * it says is the broker's own state, so nobody is asked, and nobody is in it who is gone.
 */
#include "broker/broker.h"

/* Which connections are asked for: those for which all that is given is so. */
struct registry_filter {
	struct str user, gateway, nsp; /* empty = any */
	const struct room *room;       /* NULL = any */
};

/*
 * {connections: [{userId, username, nsp, socketId, gateway, transport, ip, userAgent, since,
 * rooms}], more}: at most REGISTRY_LISTED of them.
 */
enum { REGISTRY_LISTED = 1000 };
void registry_connections(
    const struct broker *b, const struct registry_filter *filter, struct buf *out);

/* Appends the names of the gateways where he is, separated by commas. */
void registry_put_gateways(const struct user *u, struct buf *out);

/*
 * {userId, username, online, count, gateways, rooms, firstSeen, lastSeen, connections: as above}.
 * rooms: those of all namespaces, "/chat lobby", of connections that are awaited, too; gateways and
 * rooms are separated by commas. ERR_NOT_FOUND: never heard of; ERR_IO.
 */
MUST_USE enum err registry_user(struct broker *b, struct str user, struct buf *out);

#endif
