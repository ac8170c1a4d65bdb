#ifndef ROOMCAST_GATEWAY_LINK_PULSE_H
#define ROOMCAST_GATEWAY_LINK_PULSE_H
/*
 * The heartbeat of the link: when ours is due, and whether the broker's has been missed too often.
 * Pure; used by uplink, which looks at it tick by tick.
 */
#include "common/clock.h"

struct pulse {
	uint64_t every_ms; /* as the broker said; set by pulse_begin */
	struct mono heard, beaten, ticked;
};

/* A conversation begins whose WELCOME says how often. */
void pulse_begin(struct pulse *p, uint64_t every_ms);

/* Anything came from the broker. */
void pulse_hear(struct pulse *p, struct mono now);

/* Time goes by. A tick that comes late tells that it was us who did not listen: the broker gets its
 * time once more. */
void pulse_tick(struct pulse *p, struct mono now);

/* Nothing was heard for so many heartbeats that the broker counts as gone. */
bool pulse_is_silent(const struct pulse *p, struct mono now);

/* True: ours is due, and counts as sent with this. */
bool pulse_beat(struct pulse *p, struct mono now);

#endif
