#include "gateway/room/vigil.h"

/* The last one is the resolution; the first one how long a changed clock is not seen. */
static const uint64_t lengths_ms[VIGIL_QUEUES] = {60000, 10000, 1000, 50};

void vigil_init(struct vigil *v)
{
	for (size_t i = 0; i < VIGIL_QUEUES; i++)
		timer_queue_init(&v->queues[i], lengths_ms[i]);
}

static void wait_on(struct vigil *v, struct watch *w, struct vigil_now now)
{
	int64_t left = w->due.ms - now.wall.ms;
	size_t i = 0;

	while (i < VIGIL_QUEUES - 1 && left < (int64_t)lengths_ms[i])
		i++;
	timer_start(&w->timer, &v->queues[i], now.mono);
}

void vigil_start(struct vigil *v, struct watch *w, struct wall due, struct vigil_now now)
{
	w->due = due;
	wait_on(v, w, now);
}

void vigil_stop(struct watch *w)
{
	timer_stop(&w->timer);
}

struct watch *vigil_next(struct vigil *v, struct vigil_now now)
{
	for (size_t i = 0; i < VIGIL_QUEUES; i++) {
		struct timer *t;

		while ((t = timer_queue_expire(&v->queues[i], now.mono))) {
			struct watch *w = CONTAINER_OF(t, struct watch, timer);

			if (now.wall.ms >= w->due.ms)
				return w;
			wait_on(v, w, now);
		}
	}
	return NULL;
}
