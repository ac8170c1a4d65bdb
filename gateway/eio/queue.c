#include "gateway/eio/queue.h"

#include <assert.h>
#include <stdlib.h>

/* The queue may move with its owner as long as it uses its inline entries, so no pointer to them
 * is kept. */
static struct eio_entry *slot(const struct eio_queue *q, size_t i)
{
	struct eio_entry *ring = q->ring ? q->ring : (struct eio_entry *)q->first;
	size_t size = q->ring ? q->size : EIO_QUEUE_FIRST;

	return &ring[(q->head + i) & (size - 1)];
}

static size_t cost(const struct eio_entry *e)
{
	return EIO_QUEUE_ENTRY_BYTES + (e->frame ? frame_len(e->frame) : 0);
}

static void grow(struct eio_queue *q)
{
	size_t size = q->ring ? q->size : EIO_QUEUE_FIRST;
	struct eio_entry *ring = xcalloc(2 * size, sizeof(*ring));

	for (size_t i = 0; i < q->count; i++)
		ring[i] = *slot(q, i);
	free(q->ring);
	q->ring = ring;
	q->size = 2 * size;
	q->head = 0;
}

static void append(struct eio_queue *q, struct eio_entry e)
{
	if (q->count == (q->ring ? q->size : EIO_QUEUE_FIRST))
		grow(q);
	if (e.frame)
		frame_ref(e.frame);
	q->bytes += cost(&e);
	if (e.is_volatile)
		q->volatile_bytes += cost(&e);
	*slot(q, q->count++) = e;
}

static void forget(struct eio_queue *q, struct eio_entry *e)
{
	q->bytes -= cost(e);
	if (e->is_volatile)
		q->volatile_bytes -= cost(e);
	frame_unref(&e->frame);
}

/* All at once: dropping just enough would walk the whole queue again for the next message. */
static void drop_volatile(struct eio_queue *q)
{
	size_t kept = 0;

	for (size_t i = 0; i < q->count; i++) {
		struct eio_entry e = *slot(q, i);

		if (e.is_volatile)
			forget(q, &e);
		else
			*slot(q, kept++) = e;
	}
	q->count = kept;
}

void eio_queue_free(struct eio_queue *q)
{
	eio_queue_clear(q);
	free(q->ring);
	*q = (struct eio_queue){0};
}

void eio_queue_clear(struct eio_queue *q)
{
	while (q->count)
		eio_queue_pop(q);
}

enum err eio_queue_push(struct eio_queue *q, struct eio_entry e, uint64_t max_bytes)
{
	if (q->count && q->bytes + cost(&e) > max_bytes) {
		size_t lasting_bytes = q->bytes - q->volatile_bytes;

		if (e.is_volatile)
			return ERR_OK;
		if (lasting_bytes && lasting_bytes + cost(&e) > max_bytes)
			return ERR_FULL;
		drop_volatile(q);
	}
	append(q, e);
	return ERR_OK;
}

void eio_queue_push_control(struct eio_queue *q, enum eio_packet_type type, struct frame *f)
{
	append(q, (struct eio_entry){.frame = f, .type = type});
}

const struct eio_entry *eio_queue_at(const struct eio_queue *q, size_t i)
{
	assert(i < q->count);
	return slot(q, i);
}

void eio_queue_pop(struct eio_queue *q)
{
	assert(q->count > 0);
	forget(q, slot(q, 0));
	q->head++;
	q->count--;
}
