#ifndef ROOMCAST_COMMON_BUF_H
#define ROOMCAST_COMMON_BUF_H
/*
 * A growing builder of bytes. What is built is read in place (buf_bytes), or sealed into a frame
 * without a copy (buf_seal). An all-zero struct buf is an empty builder.
 */
#include "common/frame.h"

struct buf {
	struct frame *store; /* owned, not sealed */
	size_t len;
	size_t size;
};

/* Frees what was built and leaves an empty builder. */
void buf_free(struct buf *b);

/* Empties the builder but keeps its memory. */
void buf_reset(struct buf *b);

/* Cuts what was built back to len bytes (len <= current length). */
void buf_truncate(struct buf *b, size_t len);

/* n writable bytes appended at the end; the pointer is good until the next call on b. */
uint8_t *buf_extend(struct buf *b, size_t n);

void buf_put(struct buf *b, struct bytes bytes);
void buf_puts(struct buf *b, struct str s);
void buf_putc(struct buf *b, char c);
void buf_put_u64(struct buf *b, uint64_t decimal);
void buf_printf(struct buf *b, const char *format, ...) PRINTF(2, 3);

/* A view of what was built so far; good until the next call on b. */
struct bytes buf_bytes(const struct buf *b);
struct str buf_str(const struct buf *b);

/* The built bytes as a frame with one reference, the caller's; b is empty afterwards. */
MUST_USE struct frame *buf_seal(struct buf *b);

#endif
