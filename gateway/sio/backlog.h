#ifndef ROOMCAST_GATEWAY_SIO_BACKLOG_H
#define ROOMCAST_GATEWAY_SIO_BACKLOG_H
/*
 * A backlog: packets kept for a namespace socket until its CONNECT is written. What the client
 * missed goes before the CONNECT, what came in the meantime behind it. By reference, and bounded in
 * bytes.
 */
#include "gateway/sio/cast.h"

enum backlog_part { BACKLOG_MISSED, BACKLOG_NEW, BACKLOG_PARTS };

struct backlog;

/* max_bytes: three quarters are for what was missed, a quarter is for what is new. */
struct backlog *backlog_new(size_t max_bytes);
void backlog_free(struct backlog **b);

/* Appends it, with references of its own. ERR_FULL. */
MUST_USE enum err backlog_put(
    struct backlog *b, enum backlog_part part, const struct sio_parcel *parcel);

/* All of it. */
size_t backlog_bytes(const struct backlog *b);

/* In the order of coming. */
void backlog_each(const struct backlog *b, enum backlog_part part,
    void (*fn)(void *ctx, const struct sio_parcel *parcel), void *ctx);

#endif
