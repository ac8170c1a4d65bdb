#include "common/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct frame {
	size_t len;
	struct frame *twin; /* a reference of ours; NULL = none */
	uint32_t refs;
	uint8_t headroom[FRAME_HEADROOM];
	uint8_t data[];
};

/* The one counter of the file; a process has one thread that makes frames. */
static _Thread_local size_t live;

struct frame *frame_alloc(size_t size)
{
	struct frame *f = xrealloc(NULL, sizeof(*f) + size);

	f->len = 0;
	f->twin = NULL;
	f->refs = 0;
	return f;
}

struct frame *frame_resize(struct frame *f, size_t size)
{
	return xrealloc(f, sizeof(*f) + size);
}

void frame_seal(struct frame *f, size_t len)
{
	assert(f->refs == 0);
	f->len = len;
	f->refs = 1;
	live++;
}

void frame_discard(struct frame *f)
{
	free(f);
}

struct frame *frame_new(struct bytes b)
{
	struct frame *f = frame_alloc(b.len);

	if (b.len)
		memcpy(f->data, b.p, b.len);
	frame_seal(f, b.len);
	return f;
}

struct frame *frame_ref(struct frame *f)
{
	assert(f->refs > 0 && f->refs < UINT32_MAX);
	f->refs++;
	return f;
}

void frame_unref(struct frame **f)
{
	struct frame *dead = *f;

	*f = NULL;
	if (!dead)
		return;
	assert(dead->refs > 0);
	if (--dead->refs == 0) {
		live--;
		frame_unref(&dead->twin);
		free(dead);
	}
}

struct bytes frame_bytes(const struct frame *f)
{
	return (struct bytes){f->data, f->len};
}

uint8_t *frame_data(struct frame *f)
{
	return f->data;
}

size_t frame_len(const struct frame *f)
{
	return f->len;
}

struct frame *frame_twin(const struct frame *f)
{
	return f->twin;
}

void frame_set_twin_take(struct frame *f, struct frame **twin)
{
	assert(!f->twin);
	f->twin = *twin;
	*twin = NULL;
}

size_t frame_live(void)
{
	return live;
}
