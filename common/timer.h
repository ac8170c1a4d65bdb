#ifndef ROOMCAST_COMMON_TIMER_H
#define ROOMCAST_COMMON_TIMER_H
/*
 * Deadlines of one common length, in order of expiry: starting, cancelling and finding the next
 * are O(1), whatever their number. A server has few lengths (ping interval, ping timeout, ...)
 * and very many deadlines of each.
 *
 * The timer is embedded in the object it guards (CONTAINER_OF finds the object); an all-zero
 * timer is stopped. The queue must outlive its timers, and a timer is stopped before its object
 * dies.
 */
#include "common/clock.h"

struct timer {
	struct timer *prev, *next;
	struct timer_queue *queue; /* NULL = stopped */
	struct mono due;
};

struct timer_queue {
	uint64_t length_ms;
	struct timer *head, *tail;
};

void timer_queue_init(struct timer_queue *q, uint64_t length_ms);

/* (Re)starts t: due now + the queue's length. `now` must not go back between calls. */
void timer_start(struct timer *t, struct timer_queue *q, struct mono now);

/* Stops t; harmless when it is stopped. */
void timer_stop(struct timer *t);

bool timer_is_running(const struct timer *t);

/* Removes and returns one timer that is due, NULL when there is none. */
struct timer *timer_queue_expire(struct timer_queue *q, struct mono now);

/* When the next one is due: writes it and returns true, or false when none runs. */
bool timer_queue_next(const struct timer_queue *q, struct mono *ret_due);

#endif
