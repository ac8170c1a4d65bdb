#include "broker/merge.h"

#include "broker/reader_front.h"

#include <stdlib.h>

struct merge *merge_new(size_t rooms)
{
	struct merge *m = xcalloc(1, sizeof(*m));

	m->rooms = xcalloc(rooms ? rooms : 1, sizeof(*m->rooms));
	m->count = rooms;
	return m;
}

void merge_free(struct merge **m)
{
	struct merge *dead = *m;

	*m = NULL;
	if (!dead)
		return;
	for (size_t i = 0; i < dead->count; i++)
		free(dead->rooms[i].name);
	free(dead->rooms);
	free(dead);
}

/* The next message of a room, or (with a target) its next deletion. */
struct cursor {
	const struct merge_room *room;
	uint64_t seq, gseq, target;
};

/* Cursors with the smallest gseq on top: a binary heap. */
struct heap {
	struct cursor *cursors;
	size_t count;
};

static void swap(struct cursor *a, struct cursor *b)
{
	struct cursor c = *a;

	*a = *b;
	*b = c;
}

static void sift_down(struct heap *h, size_t at)
{
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < h->count; child++) {
			if (h->cursors[child].gseq < h->cursors[least].gseq)
				least = child;
		}
		if (least == at)
			return;
		swap(&h->cursors[at], &h->cursors[least]);
		at = least;
	}
}

/* Is the message with that number one that was heard already? What is not stored any more is older
 * than what is. */
static enum err is_heard(
    struct reader *r, const struct merge_room *room, uint64_t seq, bool *ret_is_heard)
{
	uint64_t gseq;
	enum err e = reader_gseq_at(r, room->id, seq, &gseq);

	if (e == ERR_NOT_FOUND)
		gseq = 0;
	else if (e)
		return e;
	*ret_is_heard = gseq <= room->after;
	return ERR_OK;
}

/*
 * The first message that was not heard: steps back from the newest, twice as far each time, until
 * there is one that was, and then halves. Above last_seq nothing is looked for.
 */
static enum err find_first(struct reader *r, const struct merge_room *room, uint64_t *ret_seq)
{
	uint64_t heard = 0, next = room->last_seq + 1; /* heard < the first one <= next */
	uint64_t step = 1;
	enum err e = ERR_OK;

	while (!e && next - heard > 1) {
		uint64_t at = step ? (next > step ? next - step : 1) : heard + (next - heard) / 2;
		bool is_old;

		if (at <= heard)
			at = heard + 1;
		e = is_heard(r, room, at, &is_old);
		if (e)
			return e;
		if (is_old) {
			heard = at;
			step = 0;
		} else {
			next = at;
			step *= 2;
		}
	}
	*ret_seq = next;
	return e;
}

/*
 * Nothing between what was heard and the first message is missing: its predecessor is there to
 * prove it, or all that is not there any more is older than what was heard. The one place that
 * knows of messages that were pruned.
 */
static enum err check_kept(struct reader *r, const struct merge_room *room, uint64_t first)
{
	struct reader_front front;
	uint64_t gseq;

	if (first <= 1)
		return ERR_OK;
	enum err e = reader_gseq_at(r, room->id, first - 1, &gseq);

	if (e != ERR_NOT_FOUND)
		return e;
	e = reader_room_front(r, room->id, &front);
	if (e)
		return e;
	return first <= front.first_seq && front.pruned_gseq <= room->after ? ERR_OK
									    : ERR_NOT_FOUND;
}

/* The next deletion after this one, if there is one; its cursor is put at *c. */
static enum err find_deletion(
    struct reader *r, const struct merge_room *room, uint64_t after, struct cursor *c)
{
	struct reader_deletion d;
	enum err e = reader_deletion_after(r, room->id, after, &d);

	if (!e)
		*c = (struct cursor){room, d.seq, d.gseq, d.target};
	return e;
}

static enum err begin_deletions(struct reader *r, const struct merge_room *room, struct heap *h)
{
	enum err e = find_deletion(r, room, room->after, &h->cursors[h->count]);

	if (!e)
		h->count++;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err begin_room(struct reader *r, const struct merge_room *room, struct heap *h)
{
	struct cursor c = {.room = room};
	enum err e = find_first(r, room, &c.seq);

	if (!e)
		e = check_kept(r, room, c.seq);
	if (!e)
		e = begin_deletions(r, room, h);
	if (e || c.seq > room->last_seq)
		return e;
	e = reader_gseq_at(r, room->id, c.seq, &c.gseq);
	if (!e)
		h->cursors[h->count++] = c;
	return e;
}

static enum err begin(struct reader *r, const struct merge *m, struct heap *h)
{
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < m->count; i++)
		e = begin_room(r, &m->rooms[i], h);
	for (size_t i = h->count / 2; i-- > 0;)
		sift_down(h, i);
	return e;
}

/* ERR_NOT_FOUND: it has no next one. */
static enum err next_message(struct reader *r, struct cursor *c, bool *ret_is_last)
{
	*ret_is_last = c->seq >= c->room->last_seq;
	enum err e = reader_gseq_at(r, c->room->id, c->seq + 1, &c->gseq);

	if (!e)
		c->seq++;
	return e;
}

/* The top cursor goes on to the next message or deletion of its room, or goes. */
static enum err advance(struct reader *r, struct heap *h)
{
	struct cursor *top = &h->cursors[0];
	bool is_last = true;
	enum err e = top->target ? find_deletion(r, top->room, top->gseq, top)
				 : next_message(r, top, &is_last);

	/* A message that was to come was pruned meanwhile. */
	if (e && (e != ERR_NOT_FOUND || !is_last))
		return e;
	if (e)
		*top = h->cursors[--h->count];
	sift_down(h, 0);
	return ERR_OK;
}

/* A message on its way out, and what went before it. */
struct output {
	void (*fn)(void *ctx, const struct merge_room *room, const struct reader_message *message);
	void *ctx;
	const struct merge *merge;
	const struct merge_room *room;
	unsigned count;
	size_t bytes;
	bool is_full;
};

static void put(void *ctx, const struct reader_message *message)
{
	struct output *out = ctx;

	if (out->count > 0 && out->bytes + message->content.len > out->merge->max_bytes) {
		out->is_full = true;
		return;
	}
	out->count++;
	out->bytes += message->content.len;
	out->fn(out->ctx, out->room, message);
}

static enum err read_top(struct reader *r, const struct cursor *top, struct output *out)
{
	static const uint8_t nothing[] = {0xc0}; /* nil */

	if (!top->target)
		return reader_message_at(r, top->room->id, top->seq, put, out);
	put(out, &(struct reader_message){.gseq = top->gseq,
		     .seq = top->seq,
		     .content = bytes_of(nothing, sizeof(nothing)),
		     .deleted = top->target});
	return ERR_OK;
}

static enum err run(struct reader *r, struct heap *h, struct output *out)
{
	enum err e = ERR_OK;

	while (!e && h->count > 0 && h->cursors[0].gseq <= out->merge->until) {
		const struct cursor *top = &h->cursors[0];

		out->is_full = out->count >= out->merge->limit;
		if (out->is_full)
			return ERR_OK;
		out->room = top->room;
		e = read_top(r, top, out);
		if (out->is_full)
			return ERR_OK;
		if (!e)
			e = advance(r, h);
	}
	return e;
}

enum err merge_read(struct reader *r, const struct merge *m,
    void (*fn)(void *ctx, const struct merge_room *room, const struct reader_message *message),
    void *ctx, bool *ret_more)
{
	struct heap heap = {.cursors = xcalloc(2 * m->count + 1, sizeof(struct cursor))};
	struct output out = {.fn = fn, .ctx = ctx, .merge = m};
	enum err e = begin(r, m, &heap);

	if (!e)
		e = run(r, &heap, &out);
	free(heap.cursors);
	if (!e)
		*ret_more = out.is_full;
	return e;
}
