#ifndef ROOMCAST_BROKER_OUTBOX_H
#define ROOMCAST_BROKER_OUTBOX_H
/*
 * The outbox: what the broker has decided to say and must not say yet. It is one queue, so that
 * everything leaves in the order in which it was decided. A letter leaves when the batch it
 * depends on is committed and nothing stands before it; nothing visible before it is durable.
 */
#include "common/frame.h"

struct outbox;
struct peer;

struct outbox_events {
	/* Hand the message to the peer's queue. */
	void (*on_send)(void *up, struct peer *to, struct frame *message);
};

struct outbox *outbox_new(const struct outbox_events *events, void *up);
void outbox_free(struct outbox **o);

/*
 * Says `message` to a peer after batch `batch` is committed (0: depends on none, only waits for
 * its turn). If the batch fails, `instead` is said, or nothing when that is NULL. Takes its own
 * references. May send before it returns.
 */
void outbox_hold(struct outbox *o, uint64_t batch, struct peer *to, struct frame *message,
    struct frame *instead);

/* All batches up to this one are committed. */
void outbox_commit(struct outbox *o, uint64_t batch);

/* This batch and all later ones put in so far are not in the database. */
void outbox_fail(struct outbox *o);

/* The peer is gone: nothing more for it. */
void outbox_forget(struct outbox *o, const struct peer *peer);

size_t outbox_length(const struct outbox *o);

#endif
