/*
 * A pace is how a phase publishes: in bursts, each awaited by everybody before the next, or at a
 * rate, whatever has arrived meanwhile.
 */
#ifndef BENCH_PACE_H
#define BENCH_PACE_H

#include <stdint.h>

/* One of the two is 0. */
struct pace {
	uint64_t burst; /* messages back to back */
	uint64_t rate_per_s;
};

#endif
