#ifndef ROOMCAST_BROKER_PRUNE_H
#define ROOMCAST_BROKER_PRUNE_H
/*
 * Pruning: the oldest messages of a room go when its namespace's retention says so, and receipts
 * when the idempotency window is over. Rooms are looked at in turns, and what may go is read by the
 * archive (plan.h); it goes in small steps, each in the batch that gathers: PRUNE_STEP rows when
 * nothing else is to do, twice as many as were just stored under load, so that it keeps up with
 * what comes and never stalls it.
 *
 * What is younger than recovery-window-ms stays, and so does what a gateway on the link has not
 * been sent; nothing goes before a broker has run for that long, because sessions of before its
 * start may still come back. Owned by the broker; used by the turn thread only.
 */
#include "broker/broker.h"

enum {
	PRUNE_STEP = 64,       /* rows in one step, when idle */
	PRUNE_STEP_MAX = 4096, /* under load */
	PRUNE_ROOMS = 64,      /* rooms in one plan */
};

struct prune *prune_new(struct broker *b);
void prune_free(struct prune **p);

/* An operator's order: all messages of before go, in this namespace (empty = in all), as far as
 * anything may go; once, whatever the retention says. It replaces an earlier one. */
void prune_order(struct broker *b, struct str nsp, struct wall before);

/* Begins the next step, if the last one is done; about 20 times a second. */
void prune_on_pace(void *broker);
/* The archive has filled in a plan. */
void prune_on_plan(struct broker *b, uint64_t request, enum err error, const struct plan *plan);

/* A batch was committed: under load the next step does not wait for the pace. */
void prune_on_committed(struct broker *b);
/* Nothing of the last step was. */
void prune_on_failed(struct broker *b);

#endif
