#ifndef ROOMCAST_BROKER_LINK_H
#define ROOMCAST_BROKER_LINK_H
/*
 * The broker's end of the link: the ROUTER sockets that gateways and operators connect to. It
 * moves bytes between addresses and never blocks; what they mean is the peers' business.
 *
 *	ipc      gateways on this machine; the kernel says who connects, only this uid (and root)
 *	tcp      gateways anywhere; CurveZMQ, only keys in the authorized folder (zap.h)
 *	control  roomcastctl; as ipc
 */
#include "common/buf.h"

struct link;

enum link_door { LINK_IPC, LINK_TCP, LINK_CONTROL, LINK_DOORS };

enum { LINK_ID_MAX = 255, LINK_WHY_SIZE = 400 };

/* Where a message came from and an answer goes to. */
struct link_address {
	enum link_door door;
	uint8_t len;
	uint8_t id[LINK_ID_MAX];
};

struct link_conf {
	const char *endpoints[LINK_DOORS]; /* "" = closed */
	const char *curve_secret;          /* Z85, for LINK_TCP; NULL when that is closed */
	uint64_t heartbeat_ms;             /* ZMTP heartbeats, find half-open connections */
};

/*
 * Binds. ERR_BUSY (address in use), ERR_SYSTEM; ret_why names the endpoint and the mend.
 * The ZAP handler must run before (zap.h). zmq_context: shared by everything in the process.
 */
MUST_USE enum err link_new(void *zmq_context, const struct link_conf *conf,
    char ret_why[LINK_WHY_SIZE], struct link **ret);
void link_free(struct link **l);

/* The ZeroMQ socket of a door for turn_on_socket(), NULL when it is closed. */
void *link_socket(const struct link *l, enum link_door door);

/* The endpoint really bound (with the port the system chose), "" when closed. */
const char *link_endpoint(const struct link *l, enum link_door door);

/*
 * One message from a door. ERR_NOT_FOUND: none waiting. `user` is the name of the authenticated
 * key (LINK_TCP), else empty. Views are good until the next call on this door.
 */
struct link_letter {
	struct link_address from;
	struct str user;
	struct bytes body;
};

MUST_USE enum err link_receive(struct link *l, enum link_door door, struct link_letter *ret);

/* Sends without waiting. ERR_FULL: the peer does not take more; ERR_CLOSED: nobody is there. */
MUST_USE enum err link_send(struct link *l, const struct link_address *to, struct bytes body);

bool link_address_eq(const struct link_address *a, const struct link_address *b);

#endif
