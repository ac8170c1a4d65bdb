/*
 * A trial is the fleet in its room with one publisher (member 0) and a ledger: it publishes, waits
 * until every member has everything, and times it. Used by measure.
 *
 * A delivery found wrong is reported on stderr and counted; if it makes the rest impossible, or if
 * nothing arrives any more, the run dies and says who waits for what.
 */
#ifndef BENCH_TRIAL_H
#define BENCH_TRIAL_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/pace.h"

struct histogram;
struct loop;
struct options;
struct trial;

/* What publishing has brought; each call adds to it. */
struct trial_result {
	uint64_t messages;
	uint64_t deliveries;
	uint64_t other_events; /* presence and the like, which the room sent meanwhile */
	uint64_t wall_ns;
	struct histogram *delivery; /* due -> read by the member */
	struct histogram *ack;      /* due -> read by the publisher */
};

/* The options are lent for the trial's life. */
struct trial *trial_new(const struct options *, struct loop *);
void trial_free(struct trial **);

/* Returns when all have joined. */
void trial_connect(struct trial *);

/* Returns when all is delivered and acknowledged. */
void trial_publish(struct trial *, struct pace, uint64_t messages, struct trial_result *);

/* Returns when the room is quiet: what should not come has had its chance. */
void trial_settle(struct trial *);

/* The frame that brought the last publishing's first message to member 0. Lent until the next. */
const uint8_t *trial_frame(const struct trial *, size_t *ret_len);

/* How many deliveries were wrong, of anything. */
uint64_t trial_wrong(const struct trial *);

#endif
