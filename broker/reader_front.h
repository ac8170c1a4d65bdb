#ifndef ROOMCAST_BROKER_READER_FRONT_H
#define ROOMCAST_BROKER_READER_FRONT_H
/*
 * The front of what is kept: where each room begins, how old its first messages are, and where a
 * message stands. For those who prune and delete, and those who must notice it.
 */
#include "broker/reader.h"

struct reader_front {
	uint64_t first_seq, pruned_gseq; /* the oldest that is kept; of the newest that is not */
};

/* ERR_NOT_FOUND: no such room. */
MUST_USE enum err reader_room_front(struct reader *r, uint64_t room, struct reader_front *ret);

struct reader_oldest {
	uint64_t seq, gseq, bytes;
	struct wall timestamp;
};

/* The oldest messages of a room above from->after, from->limit at most, for as long as fn says so.
 */
MUST_USE enum err reader_each_oldest(struct reader *r, const struct reader_page *from,
    bool (*fn)(void *ctx, const struct reader_oldest *message), void *ctx);

/* When the oldest receipt was given. ERR_NOT_FOUND: there is none. */
MUST_USE enum err reader_oldest_receipt(struct reader *r, struct wall *ret);

struct reader_place {
	uint64_t room, seq, bytes;
	bool is_deleted;
};

/* The message with that gseq. ERR_NOT_FOUND. */
MUST_USE enum err reader_find_gseq(struct reader *r, uint64_t gseq, struct reader_place *ret);

#endif
