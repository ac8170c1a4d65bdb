/*
 * Sleepers are clients that join the room and then never read, as a telephone in a tunnel does.
 * Used by measure, which times everybody else meanwhile. What the system holds for one that does
 * not read, on its way to it, is found out when it wakes; a server that has had enough of one has
 * let it go by then.
 */
#ifndef BENCH_SLEEPERS_H
#define BENCH_SLEEPERS_H

#include <stdint.h>

struct loop;
struct options;
struct sleepers;

/* What was there for all of them when they woke. */
struct sleepers_found {
	uint64_t woken;
	uint64_t let_go; /* found the connection ended */
	uint64_t bytes;  /* frames that came to be read, of those that were let go */
};

/* The options are lent for the life of the sleepers. */
struct sleepers *sleepers_new(const struct options *, struct loop *);
void sleepers_free(struct sleepers **);

/* Connects all and lets them join; returns when they are asleep. */
void sleepers_start(struct sleepers *);

/* Lets them read what there is, adds up what they found and closes them. */
void sleepers_wake(struct sleepers *, struct sleepers_found *);

#endif
