#ifndef ROOMCAST_BROKER_DEDUP_H
#define ROOMCAST_BROKER_DEDUP_H
/*
 * What was published and is not committed yet, so that the same message sent again meanwhile is
 * recognised; what is committed is looked up in the database. Two names identify a message: the
 * client's (user, messageId) and the origin (boot of the gateway, its request number).
 */
#include "broker/reader.h"

struct dedup;

struct dedup_names {
	struct str user, message_id; /* message_id empty = none given */
	uint64_t boot, request;
	bool may_be_resent; /* it may have been committed under its origin */
};

struct dedup_hit {
	struct reader_receipt receipt;
	bool is_resent; /* found by its origin: it is the same request, not a second one */
	uint64_t batch; /* it commits with this one; 0 = committed already */
};

struct dedup_window {
	struct wall now;
	uint64_t ms;
};

/* Lends the reader for committed messages. */
struct dedup *dedup_new(struct reader *reader);
void dedup_free(struct dedup **d);

/*
 * Was it published before? Committed messages are looked for by origin only when may_be_resent.
 * ERR_NOT_FOUND: no, it is new. ERR_EXPIRED: it is new, but the client's name was another message's
 * before the window: that one's receipt, *ret, is in the way and has to go with the new message.
 * ERR_IO: the database cannot be asked now.
 */
MUST_USE enum err dedup_find(struct dedup *d, const struct dedup_names *names,
    const struct dedup_window *window, struct dedup_hit *ret);

/* It was numbered and put into a batch. */
void dedup_remember(struct dedup *d, const struct dedup_names *names, const struct dedup_hit *what);

/* All batches up to this one are committed: the database knows them now. fn(ctx) hears of each
 * message. */
void dedup_commit(struct dedup *d, uint64_t batch,
    void (*fn)(void *ctx, const struct reader_receipt *receipt), void *ctx);

/* Nothing remembered was committed. */
void dedup_fail(struct dedup *d);

#endif
