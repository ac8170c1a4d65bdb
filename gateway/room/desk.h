#ifndef ROOMCAST_GATEWAY_ROOM_DESK_H
#define ROOMCAST_GATEWAY_ROOM_DESK_H
/*
 * The desk: what clients ask for becomes a message to the broker, and what the broker answers
 * becomes an ack, an event, a membership. Every ack id is answered exactly once.
 *
 *	desk.c      events of connected sockets, and their answers
 *	errand.c    worker namespaces: what clients and application workers say to each other
 *	entrance.c  who may connect: tokens, accepting, refusing, leaving
 *	recovery.c  clients that come back to their session: what they missed, offsets
 *	bearer.c    who says later who he is; newer tokens, tokens that expire
 *	passport.c  what the broker is told of who comes
 *	overdue.c   requests that were not answered in time
 *	resume.c    the link broke: announcing sockets again, asking again, giving up
 */
#include "common/metrics.h"
#include "gateway/auth/token.h"
#include "gateway/link/pending.h"
#include "gateway/link/uplink.h"
#include "gateway/room/hub.h"
#include "gateway/room/trail.h"
#include "proto/namespace.h"

struct desk;

/* What the desk works with; all of it outlives the desk. */
struct desk_parts {
	struct loop *loop;
	struct hub *hub;
	struct trail *trail;
	struct pending *pending;
	const struct keys *keys;
	struct token_rules rules;
	struct metrics *metrics;
	const char *error_event;
	const struct namespace_conf *namespaces; /* namespace_count of them */
	size_t namespace_count;
	uint64_t auth_timeout_ms;  /* for who says later who he is */
	uint64_t auth_expiring_ms; /* so long before a token expires its bearer is warned */
	bool recovery;             /* clients may come back to their sessions */
	size_t recovery_max_bytes; /* kept for one client that comes back */
};

struct desk *desk_new(const struct desk_parts *parts);
/* Every socket must be gone. */
void desk_free(struct desk **d);

/* The link, once it is made (it needs the desk for its news). */
void desk_set_uplink(struct desk *d, struct uplink *u);

/* News for the desk; `up` is the struct desk. */
extern const struct sio_events desk_sio_events;
extern const struct uplink_events desk_uplink_events;

/* What is due: requests not answered in time, tokens. About 20 times a second. */
void desk_expire(struct desk *d, struct mono now);

size_t desk_connected(const struct desk *d);

#endif
