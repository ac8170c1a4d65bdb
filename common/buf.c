#include "common/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BUF_FIRST_SIZE = 256 };

void buf_free(struct buf *b)
{
	frame_discard(b->store);
	*b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
	b->len = 0;
}

void buf_truncate(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
}

static void reserve(struct buf *b, size_t n)
{
	size_t need = b->len + n;

	if (b->store && need <= b->size)
		return;
	size_t size = b->size ? b->size : BUF_FIRST_SIZE;

	while (size < need)
		size *= 2;
	b->store = b->store ? frame_resize(b->store, size) : frame_alloc(size);
	b->size = size;
}

uint8_t *buf_extend(struct buf *b, size_t n)
{
	reserve(b, n);
	uint8_t *at = frame_data(b->store) + b->len;

	b->len += n;
	return at;
}

void buf_put(struct buf *b, struct bytes bytes)
{
	if (bytes.len)
		memcpy(buf_extend(b, bytes.len), bytes.p, bytes.len);
}

void buf_puts(struct buf *b, struct str s)
{
	buf_put(b, str_bytes(s));
}

void buf_putc(struct buf *b, char c)
{
	*buf_extend(b, 1) = (uint8_t)c;
}

void buf_put_u64(struct buf *b, uint64_t decimal)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[sizeof(digits) - ++n] = (char)('0' + decimal % 10);
		decimal /= 10;
	} while (decimal);
	buf_put(b, bytes_of(digits + sizeof(digits) - n, n));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	char small[512];

	va_start(args, format);
	int n = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	assert(n >= 0);
	if ((size_t)n < sizeof(small)) {
		buf_put(b, bytes_of(small, (size_t)n));
		return;
	}
	/* vsnprintf wants room for its NUL; it is cut off again. */
	char *at = (char *)buf_extend(b, (size_t)n + 1);

	va_start(args, format);
	vsnprintf(at, (size_t)n + 1, format, args);
	va_end(args);
	b->len--;
}

struct bytes buf_bytes(const struct buf *b)
{
	if (!b->store)
		return (struct bytes){(const uint8_t *)"", 0};
	return (struct bytes){frame_data(b->store), b->len};
}

struct str buf_str(const struct buf *b)
{
	return bytes_str(buf_bytes(b));
}

struct frame *buf_seal(struct buf *b)
{
	struct frame *f = b->store ? b->store : frame_alloc(0);

	/* Builders double; a frame may wait in queues for long, so the slack is given back. */
	if (b->size > b->len + b->len / 2 + BUF_FIRST_SIZE)
		f = frame_resize(f, b->len);
	frame_seal(f, b->len);
	*b = (struct buf){0};
	return f;
}
