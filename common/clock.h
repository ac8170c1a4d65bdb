#ifndef ROOMCAST_COMMON_CLOCK_H
#define ROOMCAST_COMMON_CLOCK_H
/*
 * Two kinds of time that cannot be mixed up: struct mono measures (never jumps, means nothing
 * outside this process), struct wall dates (milliseconds since 1970-01-01 UTC, may jump).
 * Only the event loops read the clock; everything else is handed `now`, so that tests hold
 * time in their hand.
 */
#include "common/base.h"

struct mono {
	uint64_t us;
};

struct wall {
	int64_t ms;
};

struct mono clock_mono(void);
struct wall clock_wall(void);

struct mono mono_add_ms(struct mono t, uint64_t ms);

/* Whole milliseconds from `from` to `to`; 0 when `to` is earlier. */
uint64_t mono_ms_between(struct mono from, struct mono to);
uint64_t mono_us_between(struct mono from, struct mono to);

bool mono_before(struct mono a, struct mono b);

#endif
