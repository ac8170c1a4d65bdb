#ifndef ROOMCAST_BROKER_ERASE_H
#define ROOMCAST_BROKER_ERASE_H
/*
 * Deleting one message: what it said goes, its place (id, seq) stays as a tombstone. The deletion
 * is a part of the log, with a gseq of its own, so that everybody who heard the message hears of it
 * in the order of everything, whoever was away or behind. Who may delete is the caller's to decide.
 */
#include "broker/broker.h"

enum { ERASE_WHY_SIZE = LIMIT_REASON };

/* Who is told what came of it, after the commit; NULL = nobody. ERR_CLOSED: the broker stops, and
 * what comes of it is not known. */
typedef void erase_done(void *ctx, enum err error);

struct erase_order {
	uint64_t target; /* gseq: what the id of the message stands for */
	erase_done *done;
	void *ctx;
};

struct erased {
	struct room *room;
	uint64_t seq, batch; /* it commits with this batch, and members hear of it then */
};

/*
 * ERR_NOT_FOUND: there is no such message (any more); ERR_EXISTS: it is deleted already, or about
 * to be; ERR_UNAVAILABLE: it, or anything, cannot be written now. ret_why: one sentence. After an
 * error nobody is told.
 */
MUST_USE enum err erase_message(struct broker *b, const struct erase_order *order,
    char ret_why[ERASE_WHY_SIZE], struct erased *ret);

void erase_on_committed(struct broker *b, uint64_t batch);
/* Nothing that was decided is committed, or will be. */
void erase_on_failed(struct broker *b);
/* The broker stops; what is in a batch may still be committed. */
void erase_forget_all(struct broker *b);

#endif
