#include "gateway/sio/backlog.h"

#include <stdlib.h>

/* What a queue adds to a message, generously: many small ones are bounded too. */
enum { MESSAGE_BYTES = 64 };

struct part {
	struct sio_parcel *parcels;
	size_t count, size;
	size_t bytes, max_bytes;
};

struct backlog {
	struct part parts[BACKLOG_PARTS];
};

struct backlog *backlog_new(size_t max_bytes)
{
	struct backlog *b = xcalloc(1, sizeof(*b));

	b->parts[BACKLOG_MISSED].max_bytes = max_bytes / 4 * 3;
	b->parts[BACKLOG_NEW].max_bytes = max_bytes / 4;
	return b;
}

void backlog_free(struct backlog **b)
{
	struct backlog *dead = *b;

	*b = NULL;
	if (!dead)
		return;
	for (size_t i = 0; i < BACKLOG_PARTS; i++) {
		struct part *part = &dead->parts[i];

		while (part->count > 0)
			sio_parcel_end(&part->parcels[--part->count]);
		free(part->parcels);
	}
	free(dead);
}

static size_t cost(const struct sio_parcel *parcel)
{
	size_t bytes = MESSAGE_BYTES + frame_len(parcel->packet);

	for (unsigned i = 0; i < parcel->count; i++)
		bytes += MESSAGE_BYTES + frame_len(parcel->attachments[i]);
	return bytes;
}

enum err backlog_put(struct backlog *b, enum backlog_part which, const struct sio_parcel *parcel)
{
	struct part *part = &b->parts[which];

	if (part->bytes + cost(parcel) > part->max_bytes)
		return ERR_FULL;
	if (part->count == part->size) {
		part->size = part->size ? part->size * 2 : 16;
		part->parcels = xrealloc(part->parcels, part->size * sizeof(*part->parcels));
	}
	part->bytes += cost(parcel);
	part->parcels[part->count++] = sio_parcel_share(parcel);
	return ERR_OK;
}

size_t backlog_bytes(const struct backlog *b)
{
	return b->parts[BACKLOG_MISSED].bytes + b->parts[BACKLOG_NEW].bytes;
}

void backlog_each(const struct backlog *b, enum backlog_part which,
    void (*fn)(void *ctx, const struct sio_parcel *parcel), void *ctx)
{
	const struct part *part = &b->parts[which];

	for (size_t i = 0; i < part->count; i++)
		fn(ctx, &part->parcels[i]);
}
