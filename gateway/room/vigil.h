#ifndef ROOMCAST_GATEWAY_ROOM_VIGIL_H
#define ROOMCAST_GATEWAY_ROOM_VIGIL_H
/*
 * The vigil: waiting for times of day, very many of them and each another. A watch waits in a queue
 * of equal lengths (common/timer.h), the longest that does not go beyond its time, then in a
 * shorter one; starting and stopping are O(1), and the time of day is looked at again after a
 * minute at the latest, in case somebody has set the clock. Used by the bearer. Pure.
 */
#include "common/timer.h"

enum { VIGIL_QUEUES = 4 };

struct vigil {
	struct timer_queue queues[VIGIL_QUEUES];
};

/* Embedded in what waits; all-zero: waits for nothing. Stopped before its owner dies. */
struct watch {
	struct timer timer;
	struct wall due;
};

/* Now, by both clocks. */
struct vigil_now {
	struct mono mono;
	struct wall wall;
};

void vigil_init(struct vigil *v);

/* (Re)starts. What is due already is found a twentieth of a second later. */
void vigil_start(struct vigil *v, struct watch *w, struct wall due, struct vigil_now now);
void vigil_stop(struct watch *w);

/* Takes out one that is due; NULL when none is. At most a twentieth of a second late, if it is
 * called that often. */
struct watch *vigil_next(struct vigil *v, struct vigil_now now);

#endif
