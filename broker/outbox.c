#include "broker/outbox.h"

#include <stdlib.h>
#include <utlist.h>

struct letter {
	uint64_t batch;
	struct peer *to; /* NULL: its peer is gone */
	struct frame *message, *instead;
	struct letter *prev, *next;
};

struct outbox {
	const struct outbox_events *events;
	void *up;
	struct letter *letters;
	size_t length;
	uint64_t committed;
};

struct outbox *outbox_new(const struct outbox_events *events, void *up)
{
	struct outbox *o = xcalloc(1, sizeof(*o));

	o->events = events;
	o->up = up;
	return o;
}

static void drop_first(struct outbox *o)
{
	struct letter *l = o->letters;

	DL_DELETE(o->letters, l);
	o->length--;
	frame_unref(&l->message);
	frame_unref(&l->instead);
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

void outbox_hold(struct outbox *o, uint64_t batch, struct peer *to, struct frame *message,
    struct frame *instead)
{
	if (!o->letters && batch <= o->committed) {
		o->events->on_send(o->up, to, message);
		return;
	}
	struct letter *l = xcalloc(1, sizeof(*l));

	*l = (struct letter){.batch = batch, .to = to, .message = frame_ref(message)};
	if (instead)
		l->instead = frame_ref(instead);
	DL_APPEND(o->letters, l);
	o->length++;
}

void outbox_commit(struct outbox *o, uint64_t batch)
{
	o->committed = batch;
	while (o->letters && o->letters->batch <= batch) {
		if (o->letters->to)
			o->events->on_send(o->up, o->letters->to, o->letters->message);
		drop_first(o);
	}
}

void outbox_fail(struct outbox *o)
{
	while (o->letters) {
		struct letter *l = o->letters;
		struct frame *said = l->batch > o->committed ? l->instead : l->message;

		if (l->to && said)
			o->events->on_send(o->up, l->to, said);
		drop_first(o);
	}
}

void outbox_forget(struct outbox *o, const struct peer *peer)
{
	struct letter *l;

	DL_FOREACH (o->letters, l) {
		if (l->to == peer)
			l->to = NULL;
	}
}

size_t outbox_length(const struct outbox *o)
{
	return o->length;
}
