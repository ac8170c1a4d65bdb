#include "common/timer.h"

void timer_queue_init(struct timer_queue *q, uint64_t length_ms)
{
	*q = (struct timer_queue){.length_ms = length_ms};
}

void timer_stop(struct timer *t)
{
	struct timer_queue *q = t->queue;

	if (!q)
		return;
	if (t->prev)
		t->prev->next = t->next;
	else
		q->head = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else
		q->tail = t->prev;
	*t = (struct timer){0};
}

void timer_start(struct timer *t, struct timer_queue *q, struct mono now)
{
	timer_stop(t);
	t->queue = q;
	t->due = mono_add_ms(now, q->length_ms);
	t->prev = q->tail;
	if (q->tail)
		q->tail->next = t;
	else
		q->head = t;
	q->tail = t;
}

bool timer_is_running(const struct timer *t)
{
	return t->queue != NULL;
}

struct timer *timer_queue_expire(struct timer_queue *q, struct mono now)
{
	struct timer *t = q->head;

	if (!t || mono_before(now, t->due))
		return NULL;
	timer_stop(t);
	return t;
}

bool timer_queue_next(const struct timer_queue *q, struct mono *ret_due)
{
	if (!q->head)
		return false;
	*ret_due = q->head->due;
	return true;
}
