#include "broker/plan.h"

#include <stdlib.h>

struct plan *plan_new(size_t rooms)
{
	struct plan *p = xcalloc(1, sizeof(*p));

	p->rooms = xcalloc(rooms ? rooms : 1, sizeof(*p->rooms));
	return p;
}

void plan_free(struct plan **p)
{
	if (!*p)
		return;
	free((*p)->rooms);
	free(*p);
	*p = NULL;
}

/* A room that is being looked at. */
struct look {
	const struct plan *plan;
	struct plan_room *room;
	unsigned left; /* messages that may still go */
};

static bool must_stay(const struct plan *p, const struct reader_oldest *m)
{
	return m->gseq > p->place || m->timestamp.ms >= p->young.ms;
}

static bool is_over(const struct plan_room *r, const struct reader_oldest *m)
{
	return m->timestamp.ms < r->before.ms || m->seq < r->below || r->bytes < r->excess;
}

static bool look_at(void *ctx, const struct reader_oldest *m)
{
	struct look *look = ctx;
	struct plan_room *r = look->room;

	r->upto = m->seq;
	r->front = m->timestamp;
	if (look->left == 0 || must_stay(look->plan, m) || !is_over(r, m))
		return false;
	look->left--;
	r->upto = m->seq + 1;
	r->gseq = m->gseq;
	r->bytes += m->bytes;
	r->front = (struct wall){0};
	return true;
}

enum err plan_read(struct reader *r, struct plan *p)
{
	struct look look = {.plan = p, .left = p->limit};
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < p->count; i++) {
		look.room = &p->rooms[i];
		look.room->upto = look.room->first_seq;
		/* One more than may go shows how old what stays is. */
		struct reader_page from = {.room = look.room->room,
		    .after = look.room->first_seq - 1,
		    .limit = look.left + 1};

		e = reader_each_oldest(r, &from, look_at, &look);
	}
	if (!e)
		e = reader_oldest_receipt(r, &p->oldest_receipt);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}
