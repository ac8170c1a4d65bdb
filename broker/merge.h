#ifndef ROOMCAST_BROKER_MERGE_H
#define ROOMCAST_BROKER_MERGE_H
/*
 * The merge: the messages of several rooms in one order, that of gseq. Within a room seq and gseq
 * have the same order and seq has no gaps, so the beginning of each room is found by halving, and
 * a room in which nothing new was said costs one look. Deletions are part of it, at the gseq of
 * their own, for which another look is taken. Used by the archive, in its thread.
 */
#include "broker/reader.h"

struct merge_room {
	uint64_t id;
	char *name;
	uint64_t after;    /* only what has a greater gseq */
	uint64_t last_seq; /* the newest message it has, as far as the asker knows */
};

struct merge {
	struct merge_room *rooms; /* `count` of them */
	size_t count;
	uint64_t until;   /* nothing with a greater gseq */
	unsigned limit;   /* messages at most, */
	size_t max_bytes; /* and bytes of their contents; but never without the first */
};

struct merge *merge_new(size_t rooms);
/* With the names. */
void merge_free(struct merge **m);

/*
 * ret_more: it ended at a limit; go on after the last gseq. ERR_NOT_FOUND: what comes next after
 * `after` is not stored any more in one of the rooms, so nothing is claimed of it. ERR_IO.
 */
MUST_USE enum err merge_read(struct reader *r, const struct merge *m,
    void (*fn)(void *ctx, const struct merge_room *room, const struct reader_message *message),
    void *ctx, bool *ret_more);

#endif
