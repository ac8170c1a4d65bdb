#ifndef ROOMCAST_BROKER_OUTBOX_H
#define ROOMCAST_BROKER_OUTBOX_H
/*
 * The outbox: what the broker has decided to say and must not say yet; nothing is visible before
 * it is durable. Letters that depend on a batch leave in the order of the decisions when it is
 * committed. A letter that depends on none leaves at once, unless its lane (a room) has letters
 * waiting: then it stands behind them. So what is said of one room keeps its order, and a slow
 * disk holds up nothing else.
 */
#include "common/frame.h"

struct outbox;
struct peer;

struct outbox_events {
	/* Hand the message to the peer's queue; gseq: of the stored message it is, else 0. */
	void (*on_send)(void *up, struct peer *to, struct frame *message, uint64_t gseq);
};

struct outbox *outbox_new(const struct outbox_events *events, void *up);
void outbox_free(struct outbox **o);

struct outbox_letter {
	struct peer *to;
	uint64_t batch;   /* said after it is committed; 0: depends on none */
	const void *lane; /* keeps its order with what else has this lane; NULL: with nothing */
	struct frame *message;
	struct frame *instead; /* said when the batch fails; NULL: nothing */
	uint64_t gseq;         /* of a stored message */
	bool is_answer;        /* worth nothing in another conversation */
};

/* Takes its own references of the frames. May send before it returns. */
void outbox_hold(struct outbox *o, const struct outbox_letter *letter);

/* Is anything waiting that has this lane? */
bool outbox_is_waiting(const struct outbox *o, const void *lane);

/* The newest batch that something waits for; 0 = nothing waits. */
uint64_t outbox_newest(const struct outbox *o);

/* All batches up to this one are committed. */
void outbox_commit(struct outbox *o, uint64_t batch);

/* This batch and all later ones put in so far are not in the database. */
void outbox_fail(struct outbox *o);

/* The peer is gone: nothing more for it. Or its conversation is: no answers more. */
void outbox_forget(struct outbox *o, const struct peer *peer);
void outbox_forget_answers(struct outbox *o, const struct peer *peer);

/* Does anything wait to be said to it? */
bool outbox_has_for(const struct outbox *o, const struct peer *peer);

size_t outbox_length(const struct outbox *o);

#endif
