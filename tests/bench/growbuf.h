/*
 * A growbuf is bytes in one piece that grow as needed. Used by wsclient for what waits to be sent
 * and for the beginning of a frame whose end has not come. All zero is an empty one.
 */
#ifndef BENCH_GROWBUF_H
#define BENCH_GROWBUF_H

#include <stddef.h>
#include <stdint.h>

struct growbuf {
	uint8_t *data;
	size_t len;
	size_t room;
};

/* Makes room for `more` bytes behind the last one and returns where they go. */
uint8_t *growbuf_reserve(struct growbuf *, size_t more);
void growbuf_append(struct growbuf *, const void *data, size_t len);
/* Forgets the contents, keeps the memory. */
void growbuf_clear(struct growbuf *);
void growbuf_release(struct growbuf *);

#endif
