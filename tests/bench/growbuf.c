#include "tests/bench/growbuf.h"

#include <stdlib.h>
#include <string.h>

#include "tests/bench/die.h"

enum { FIRST_ROOM = 256 };

uint8_t *growbuf_reserve(struct growbuf *b, size_t more)
{
	size_t larger = b->room ? b->room : FIRST_ROOM;

	while (larger - b->len < more)
		larger *= 2;
	if (larger != b->room) {
		b->data = realloc(b->data, larger);
		if (!b->data)
			die("out of memory (%zu bytes)", larger);
		b->room = larger;
	}
	return b->data + b->len;
}

void growbuf_append(struct growbuf *b, const void *data, size_t len)
{
	uint8_t *to = growbuf_reserve(b, len);

	if (len > 0)
		memcpy(to, data, len);
	b->len += len;
}

void growbuf_clear(struct growbuf *b)
{
	b->len = 0;
}

void growbuf_release(struct growbuf *b)
{
	free(b->data);
	*b = (struct growbuf){.data = NULL};
}
