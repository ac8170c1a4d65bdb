#ifndef ROOMCAST_BROKER_ROUTE_H
#define ROOMCAST_BROKER_ROUTE_H
/*
 * The route of a room: which peers hold members of it, and how many. A message of the room goes
 * once to each of them and to nobody else. An all-zero route is empty.
 */
#include "common/base.h"

struct peer;

struct route_stop {
	struct peer *peer;
	size_t members;
};

struct route {
	struct route_stop *stops;
	size_t count, size;
};

void route_free(struct route *r);

bool route_has(const struct route *r, const struct peer *peer);

/* One more, one less member at the peer. */
void route_add(struct route *r, struct peer *peer);
void route_remove(struct route *r, struct peer *peer);

#endif
