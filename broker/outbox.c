#include "broker/outbox.h"

#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

struct letter {
	struct outbox_letter is; /* to is NULL when its peer is gone */
	struct letter *prev, *next;
};

/* A lane with letters waiting. */
struct lane {
	const void *key;
	size_t waiting;
	UT_hash_handle hh;
};

struct outbox {
	const struct outbox_events *events;
	void *up;
	struct letter *letters;
	size_t length;
	struct lane *lanes;
	uint64_t committed;
};

struct outbox *outbox_new(const struct outbox_events *events, void *up)
{
	struct outbox *o = xcalloc(1, sizeof(*o));

	o->events = events;
	o->up = up;
	return o;
}

static struct lane *find_lane(const struct outbox *o, const void *key)
{
	struct lane *l = NULL;

	HASH_FIND_PTR(o->lanes, &key, l);
	return l;
}

static void enter_lane(struct outbox *o, const void *key)
{
	struct lane *l = find_lane(o, key);

	if (!l) {
		l = xcalloc(1, sizeof(*l));
		l->key = key;
		HASH_ADD_PTR(o->lanes, key, l);
	}
	l->waiting++;
}

static void leave_lane(struct outbox *o, const void *key)
{
	struct lane *l = find_lane(o, key);

	if (--l->waiting > 0)
		return;
	HASH_DEL(o->lanes, l);
	free(l);
}

static void drop_first(struct outbox *o)
{
	struct letter *l = o->letters;

	DL_DELETE(o->letters, l);
	o->length--;
	if (l->is.lane)
		leave_lane(o, l->is.lane);
	frame_unref(&l->is.message);
	frame_unref(&l->is.instead);
	free(l);
}

void outbox_free(struct outbox **o)
{
	if (!*o)
		return;
	while ((*o)->letters)
		drop_first(*o);
	free(*o);
	*o = NULL;
}

bool outbox_is_waiting(const struct outbox *o, const void *lane)
{
	return find_lane(o, lane) != NULL;
}

uint64_t outbox_newest(const struct outbox *o)
{
	const struct letter *l;
	uint64_t newest = 0;

	/* From the end: what stands there depends on the newest batch, or on none. */
	if (!o->letters)
		return 0;
	for (l = o->letters->prev; newest == 0; l = l->prev) {
		newest = l->is.batch;
		if (l == o->letters)
			break;
	}
	return newest > o->committed ? newest : 0;
}

void outbox_hold(struct outbox *o, const struct outbox_letter *letter)
{
	bool is_durable = letter->batch <= o->committed;

	if (is_durable && !(letter->lane && outbox_is_waiting(o, letter->lane))) {
		o->events->on_send(o->up, letter->to, letter->message, letter->gseq);
		return;
	}
	struct letter *l = xcalloc(1, sizeof(*l));

	l->is = *letter;
	frame_ref(letter->message);
	if (letter->instead)
		frame_ref(letter->instead);
	if (letter->lane)
		enter_lane(o, letter->lane);
	DL_APPEND(o->letters, l);
	o->length++;
}

void outbox_commit(struct outbox *o, uint64_t batch)
{
	o->committed = batch;
	while (o->letters && o->letters->is.batch <= batch) {
		const struct outbox_letter *first = &o->letters->is;

		if (first->to)
			o->events->on_send(o->up, first->to, first->message, first->gseq);
		drop_first(o);
	}
}

void outbox_fail(struct outbox *o)
{
	while (o->letters) {
		const struct outbox_letter *first = &o->letters->is;
		bool is_void = first->batch > o->committed;
		struct frame *said = is_void ? first->instead : first->message;

		if (first->to && said)
			o->events->on_send(o->up, first->to, said, is_void ? 0 : first->gseq);
		drop_first(o);
	}
}

void outbox_forget(struct outbox *o, const struct peer *peer)
{
	struct letter *l;

	DL_FOREACH(o->letters, l)
	{
		if (l->is.to == peer)
			l->is.to = NULL;
	}
}

void outbox_forget_answers(struct outbox *o, const struct peer *peer)
{
	struct letter *l;

	DL_FOREACH(o->letters, l)
	{
		if (l->is.to == peer && l->is.is_answer)
			l->is.to = NULL;
	}
}

bool outbox_has_for(const struct outbox *o, const struct peer *peer)
{
	const struct letter *l;

	DL_FOREACH(o->letters, l)
	{
		if (l->is.to == peer)
			return true;
	}
	return false;
}

size_t outbox_length(const struct outbox *o)
{
	return o->length;
}
