#ifndef ROOMCAST_GATEWAY_LINK_DEALER_H
#define ROOMCAST_GATEWAY_LINK_DEALER_H
/*
 * The socket of the link: a ZeroMQ DEALER in the gateway's loop that moves bytes and never waits.
 * It can be made anew at any time, so that nothing under way in the old one is ever seen again.
 * Used by the uplink, which knows what the bytes mean.
 */
#include "common/str.h"
#include "gateway/loop.h"

struct dealer;

struct dealer_conf {
	const char *endpoint;
	const char *curve_secret;  /* Z85; NULL = no CURVE */
	const char *broker_public; /* Z85; with curve_secret */
};

/* Closed at first. Strings are copied. Calls on_readable(ctx) when there is something to receive. */
struct dealer *dealer_new(struct loop *loop, const struct dealer_conf *conf,
    void (*on_readable)(void *ctx), void *ctx);
/* What was sent has linger_ms to leave. */
void dealer_free(struct dealer **d, int linger_ms);

/* ERR_INVALID: no endpoint of ZeroMQ; ERR_SYSTEM. errno says more; it is closed then. */
MUST_USE enum err dealer_open(struct dealer *d);
/* Closes; what was sent has linger_ms to leave. */
void dealer_close_after(struct dealer *d, int linger_ms);
void dealer_close(struct dealer *d);

bool dealer_is_open(const struct dealer *d);
/* Somebody is connected who takes what is sent. */
bool dealer_is_connected(const struct dealer *d);
/* Something waits; ask before the loop sleeps, for the descriptor tells of edges only. */
bool dealer_has_more(const struct dealer *d);

/* ERR_NOT_FOUND: nothing waits. The view is good until the next call of this function, also when
 * the dealer is closed meanwhile. */
MUST_USE enum err dealer_receive(struct dealer *d, struct bytes *ret);

/* ERR_UNAVAILABLE: not connected, or it takes no more now. */
MUST_USE enum err dealer_send(struct dealer *d, struct bytes b);

/* The words for an errno of these calls. Static. */
const char *dealer_strerror(int fault);

#endif
