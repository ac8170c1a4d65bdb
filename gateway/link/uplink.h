#ifndef ROOMCAST_GATEWAY_LINK_UPLINK_H
#define ROOMCAST_GATEWAY_LINK_UPLINK_H
/*
 * The gateway's end of the link to the broker (a ZeroMQ DEALER in the gateway's loop). It finds
 * the broker and finds it again, says HELLO, keeps the heartbeat, and moves messages in batches
 * within credit. What the messages mean is the desk's business.
 *
 *	DOWN --WELCOME--> on_linked: announce what lives --> UP --silence, gap, REFUSED--> DOWN
 *
 * It knows up to which gseq stored messages were delivered; the broker goes on from there, whatever
 * broke in between.
 */
#include "gateway/loop.h"
#include "proto/wire.h"

struct uplink;

enum { UPLINK_WHY_SIZE = 400 };

struct uplink_conf {
	const char *endpoint;      /* ipc:// or tcp:// of the broker */
	const char *gateway;       /* gateway id */
	uint64_t boot;             /* of this process */
	const char *curve_secret;  /* Z85; NULL = no CURVE */
	const char *broker_public; /* Z85; with curve_secret */
	size_t queue_max_bytes;    /* waiting for credit; over it the link is full */
};

/* News for the layer above. */
struct uplink_events {
	/* Comes before on_linked: stored messages were missed that the broker cannot send again.
	 * Whoever was in a room has to come back, for what he hears now has a gap. */
	void (*on_gap)(void *up);
	/* The broker knows us: announce every living socket now with uplink_send; returns how many.
	 */
	size_t (*on_linked)(void *up);
	/* Everything is announced: requests without an answer are to be sent again. */
	void (*on_up)(void *up);
	void (*on_down)(void *up, const char *why);
	/* A message that is not about the conversation itself. */
	void (*on_message)(void *up, const struct wire_message *m);
};

/* Strings in conf are copied. ERR_INVALID, ERR_SYSTEM; ret_why in words. */
MUST_USE enum err uplink_new(struct loop *loop, const struct uplink_conf *conf,
    const struct uplink_events *events, void *up, char ret_why[UPLINK_WHY_SIZE],
    struct uplink **ret);

/* Says GOODBYE when up and that was not said before. on_down is not called. */
void uplink_free(struct uplink **u);

/* Takes leave: GOODBYE behind all that was sent; nothing is taken for the broker any more, its
 * answers still come. It has left when the broker has answered all it owes, is gone, or takes too
 * long. */
void uplink_leave(struct uplink *u);
bool uplink_has_left(const struct uplink *u);

bool uplink_is_up(const struct uplink *u);

/* Why it is not up, for /ready; "" when it is. */
const char *uplink_state_text(const struct uplink *u);

/* The database of the broker, once it has been linked; and up to which gseq everything stored that
 * concerns this gateway has been delivered to it. */
uint64_t uplink_epoch(const struct uplink *u);
uint64_t uplink_place(const struct uplink *u);

/* Queues for the broker; leaves at the end of the turn. ERR_UNAVAILABLE: not linked. */
MUST_USE enum err uplink_send(struct uplink *u, const struct wire_message *m);

/* The broker does not take in what waits already: ask for nothing new now. */
bool uplink_is_full(const struct uplink *u);

#endif
