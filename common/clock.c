#include "common/clock.h"

#include <time.h>

struct mono clock_mono(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){(uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u};
}

struct wall clock_wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct wall){(int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

struct mono mono_add_ms(struct mono t, uint64_t ms)
{
	return (struct mono){t.us + ms * 1000u};
}

uint64_t mono_us_between(struct mono from, struct mono to)
{
	return to.us > from.us ? to.us - from.us : 0;
}

uint64_t mono_ms_between(struct mono from, struct mono to)
{
	return mono_us_between(from, to) / 1000u;
}

bool mono_before(struct mono a, struct mono b)
{
	return a.us < b.us;
}
