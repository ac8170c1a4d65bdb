#ifndef ROOMCAST_GATEWAY_DRAIN_H
#define ROOMCAST_GATEWAY_DRAIN_H
/*
 * The end of a gateway in service: it stops listening and closes its sessions at a pace, so that
 * their clients come back elsewhere one after the other and not all at once. Used by main.c.
 */
#include "gateway/eio/server.h"
#include "gateway/loop.h"

struct drain;

struct drain_conf {
	uint64_t per_second;        /* sessions to close; more where the deadline asks for it */
	uint64_t deadline_ms;       /* what is open then is closed at once */
	void (*on_over)(void *ctx); /* no session is open any more, or the deadline has come */
	void *ctx;
};

struct drain *drain_new(
    struct loop *loop, struct eio_server *server, const struct drain_conf *conf);
void drain_free(struct drain **d);

/* per_second: 0 = that of conf. A second call only changes the pace. */
void drain_begin(struct drain *d, uint64_t per_second);

/* Another pace and deadline, for when it begins. */
void drain_set(struct drain *d, uint64_t per_second, uint64_t deadline_ms);

bool drain_is_on(const struct drain *d);

#endif
