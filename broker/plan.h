#ifndef ROOMCAST_BROKER_PLAN_H
#define ROOMCAST_BROKER_PLAN_H
/*
 * A plan of pruning: how much of the front of some rooms may go. prune.h asks for it, the archive
 * fills it in from the database, in its thread.
 */
#include "broker/reader_front.h"

/* A message at the front goes when one of the three rules has it; the first that stays ends it. */
struct plan_room {
	uint64_t room, first_seq;
	struct wall before; /* what is older; 0 = no rule */
	uint64_t below;     /* what has a smaller seq; 0 = no rule */
	uint64_t excess;    /* what is in the first so many bytes; 0 = no rule */
	/* Filled in: the first that stays, what those before it have, the newest gseq of them
	 * (0 = none goes), and how old the first that stays is (0 = none is left). */
	uint64_t upto, bytes, gseq;
	struct wall front;
};

struct plan {
	struct plan_room *rooms; /* `count` of them */
	size_t count;
	struct wall young; /* nothing that is not older than this, */
	uint64_t place;    /* and nothing with a greater gseq */
	unsigned limit;    /* messages that go, at most */
	/* Filled in: when the oldest receipt was given, 0 = there is none. */
	struct wall oldest_receipt;
};

struct plan *plan_new(size_t rooms);
void plan_free(struct plan **p);

/* Fills it in. ERR_IO. */
MUST_USE enum err plan_read(struct reader *r, struct plan *p);

#endif
