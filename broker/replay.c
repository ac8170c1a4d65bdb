#include "broker/replay.h"

#include <stdlib.h>
#include <utlist.h>

/* A message released while a page is being read. */
struct late {
	uint64_t gseq;
	struct frame *message;
	struct late *prev, *next;
};

struct replay {
	bool is_live;
	uint64_t place;    /* everything up to here is queued, or behind the peer */
	uint64_t required; /* LIVE not before this is read */
	uint64_t ticket;   /* of the page that is being read, 0 = none */
	uint64_t upto;     /* where that page ends */
	struct late *tail;
	size_t tail_bytes;
	bool is_tail_cut; /* it grew too large: the next page has it */
};

struct replay *replay_new(void)
{
	return xcalloc(1, sizeof(struct replay));
}

static void drop_first(struct replay *r)
{
	struct late *l = r->tail;

	DL_DELETE(r->tail, l);
	frame_unref(&l->message);
	free(l);
}

static void drop_tail(struct replay *r)
{
	while (r->tail)
		drop_first(r);
	r->tail_bytes = 0;
	r->is_tail_cut = false;
}

void replay_free(struct replay **r)
{
	if (!*r)
		return;
	drop_tail(*r);
	free(*r);
	*r = NULL;
}

void replay_begin(struct replay *r, uint64_t place)
{
	drop_tail(r);
	*r = (struct replay){.place = place};
}

void replay_require(struct replay *r, uint64_t upto)
{
	r->required = upto;
}

void replay_void(struct replay *r, uint64_t above)
{
	if (r->required > above)
		r->required = above;
}

static void keep_aside(struct replay *r, uint64_t gseq, struct frame *message)
{
	if (r->is_tail_cut)
		return;
	if (r->tail_bytes + frame_bytes(message).len > REPLAY_TAIL_MAX_BYTES) {
		drop_tail(r);
		r->is_tail_cut = true;
		return;
	}
	struct late *l = xcalloc(1, sizeof(*l));

	l->gseq = gseq;
	l->message = frame_ref(message);
	r->tail_bytes += frame_bytes(message).len;
	DL_APPEND(r->tail, l);
}

bool replay_pass(struct replay *r, uint64_t gseq, struct frame *message, bool is_full)
{
	if (r->is_live && !is_full) {
		r->place = gseq;
		return true;
	}
	r->is_live = false;
	if (r->ticket && gseq > r->upto)
		keep_aside(r, gseq, message);
	return false;
}

void replay_advance(struct replay *r, uint64_t gseq)
{
	if (gseq > r->place)
		r->place = gseq;
}

bool replay_is_live(const struct replay *r)
{
	return r->is_live;
}

uint64_t replay_place(const struct replay *r)
{
	return r->place;
}

bool replay_wants_page(const struct replay *r, uint64_t released)
{
	return !r->is_live && r->ticket == 0 && r->required <= released;
}

void replay_ask(struct replay *r, uint64_t ticket, uint64_t upto)
{
	r->ticket = ticket;
	r->upto = upto;
}

bool replay_is_waiting_for(const struct replay *r, uint64_t ticket)
{
	return ticket && r->ticket == ticket;
}

void replay_fail(struct replay *r)
{
	r->ticket = 0;
	drop_tail(r);
}

void replay_reach(struct replay *r, uint64_t reached)
{
	r->is_live = reached >= r->upto && reached >= r->required && !r->is_tail_cut;
	r->ticket = 0;
	replay_advance(r, reached);
	if (!r->is_live)
		drop_tail(r);
}

struct frame *replay_next_of_tail(struct replay *r)
{
	if (!r->tail)
		return NULL;
	struct frame *message = frame_ref(r->tail->message);

	replay_advance(r, r->tail->gseq);
	r->tail_bytes -= frame_bytes(message).len;
	drop_first(r);
	return message;
}
