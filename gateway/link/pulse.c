#include "gateway/link/pulse.h"

enum {
	LATE_TICK_MS = 1000,   /* ticks are far more frequent */
	SILENT_HEARTBEATS = 3, /* missed ones before the broker counts as gone */
};

void pulse_begin(struct pulse *p, uint64_t every_ms)
{
	p->every_ms = every_ms ? every_ms : 1;
}

void pulse_hear(struct pulse *p, struct mono now)
{
	p->heard = now;
}

void pulse_tick(struct pulse *p, struct mono now)
{
	if (p->ticked.us && mono_ms_between(p->ticked, now) > LATE_TICK_MS)
		p->heard = now;
	p->ticked = now;
}

bool pulse_is_silent(const struct pulse *p, struct mono now)
{
	return mono_ms_between(p->heard, now) > p->every_ms * SILENT_HEARTBEATS;
}

bool pulse_beat(struct pulse *p, struct mono now)
{
	if (mono_ms_between(p->beaten, now) < p->every_ms)
		return false;
	p->beaten = now;
	return true;
}
