#include "gateway/eio/payload3.h"

#include <string.h>

enum {
	LENGTH_END = 0xff,      /* in a binary body */
	LENGTH_DIGITS_MAX = 19, /* any that a size_t can hold */
	HEAD_MAX = LENGTH_DIGITS_MAX + 2,
	TYPE_MAX = 2, /* "b4" */
};

/* ---- reading ---- */

static struct str cut(struct str s, size_t n)
{
	return (struct str){s.p + n, s.len - n};
}

static bool stop(struct payload *p, struct payload_packet *ret)
{
	p->is_over = true;
	*ret = (struct payload_packet){0};
	return true;
}

static bool take(struct payload *p, size_t len, bool is_binary, struct payload_packet *ret)
{
	*ret = (struct payload_packet){bytes_of(p->rest.p, len), is_binary};
	p->rest = cut(p->rest, len);
	p->is_over = !p->rest.len;
	return true;
}

/* "<length>:", taken off. */
static enum err read_length(struct str *rest, uint64_t *ret)
{
	const char *colon = rest->len ? memchr(rest->p, ':', rest->len) : NULL;
	size_t digits = colon ? (size_t)(colon - rest->p) : 0;

	if (!digits || str_to_u64((struct str){rest->p, digits}, rest->len, ret))
		return ERR_MALFORMED;
	*rest = cut(*rest, digits + 1);
	return ERR_OK;
}

/* How many bytes of UTF-8 are so many units of UTF-16. ERR_MALFORMED: there is no such place. */
static enum err find_units(struct str s, uint64_t units, size_t *ret)
{
	size_t at = 0;

	while (units > 0 && at < s.len) {
		size_t bytes = str_utf8_first(cut(s, at));
		uint64_t width = bytes == 4 ? 2 : 1; /* a surrogate pair */

		if (!bytes || width > units)
			return ERR_MALFORMED;
		units -= width;
		at += bytes;
	}
	*ret = at;
	return units ? ERR_MALFORMED : ERR_OK;
}

static bool next_of_text(struct payload *p, struct payload_packet *ret)
{
	uint64_t units;
	size_t len;

	do {
		if (read_length(&p->rest, &units) || find_units(p->rest, units, &len))
			return stop(p, ret);
	} while (!len && p->rest.len);
	if (len)
		return take(p, len, false, ret);
	p->is_over = true;
	return false;
}

/* The digits up to the byte that ends them, taken off. */
static enum err read_binary_length(struct str *rest, uint64_t *ret)
{
	uint64_t len = 0;
	size_t at = 0;

	for (; at < rest->len && (uint8_t)rest->p[at] != LENGTH_END; at++) {
		uint8_t digit = (uint8_t)rest->p[at];

		if (digit > 9 || at == LENGTH_DIGITS_MAX)
			return ERR_MALFORMED;
		len = 10 * len + digit;
	}
	if (!at || at == rest->len)
		return ERR_MALFORMED;
	*rest = cut(*rest, at + 1);
	*ret = len;
	return ERR_OK;
}

static bool next_of_binary(struct payload *p, struct payload_packet *ret)
{
	uint64_t len;

	if (!p->rest.len) {
		p->is_over = true;
		return false;
	}

	uint8_t kind = (uint8_t)p->rest.p[0];

	p->rest = cut(p->rest, 1);
	if (kind > 1 || read_binary_length(&p->rest, &len) || len > p->rest.len)
		return stop(p, ret);
	if (kind == 0 && !str_is_utf8((struct str){p->rest.p, (size_t)len}))
		return stop(p, ret);
	return take(p, (size_t)len, kind == 1, ret);
}

bool payload3_next(struct payload *p, struct payload_packet *ret)
{
	if (p->is_over)
		return false;
	return p->is_binary ? next_of_binary(p, ret) : next_of_text(p, ret);
}

/* ---- writing ---- */

static struct bytes data_of(const struct eio_entry *e)
{
	return e->frame ? frame_bytes(e->frame) : (struct bytes){0};
}

/* Each byte that begins a code point, and one more for what UTF-16 has as a surrogate pair. */
static size_t count_units(struct bytes utf8)
{
	size_t n = 0;

	for (size_t i = 0; i < utf8.len; i++)
		n += ((utf8.p[i] & 0xc0) != 0x80) + (utf8.p[i] >= 0xf0);
	return n;
}

static void put_text_entry(struct buf *out, const struct eio_entry *e)
{
	bool is_base64 = e->form == EIO_FORM_BASE64;

	buf_put_u64(out, 1 + is_base64 + count_units(data_of(e)));
	buf_putc(out, ':');
	if (is_base64)
		buf_putc(out, 'b');
	buf_putc(out, eio_packet_digit(e->type));
	buf_put(out, data_of(e));
}

static void put_binary_length(struct buf *out, size_t len)
{
	uint8_t digits[LENGTH_DIGITS_MAX + 1];
	size_t n = 0;

	do
		digits[n++] = len % 10;
	while (len /= 10);
	while (n > 0)
		buf_putc(out, (char)digits[--n]);
	buf_putc(out, (char)LENGTH_END);
}

/* What is base64 already stays a text. */
static void put_binary_entry(struct buf *out, const struct eio_entry *e)
{
	bool is_binary = e->form == EIO_FORM_TYPED, is_base64 = e->form == EIO_FORM_BASE64;

	buf_putc(out, is_binary ? 1 : 0);
	put_binary_length(out, 1 + is_base64 + data_of(e).len);
	if (is_base64)
		buf_putc(out, 'b');
	buf_putc(out, is_binary ? (char)e->type : eio_packet_digit(e->type));
	buf_put(out, data_of(e));
}

/* How many leave now; in either kind of body they take no more than what is counted here. */
static size_t choose(const struct eio_queue *q, size_t max_bytes, bool *ret_is_binary)
{
	size_t n = 0, bytes = 0;

	for (; n < q->count; n++) {
		const struct eio_entry *e = eio_queue_at(q, n);

		bytes += HEAD_MAX + TYPE_MAX + data_of(e).len;
		if (n && (bytes > max_bytes || eio_queue_at(q, 0)->type == EIO_PACKET_OPEN))
			break;
		*ret_is_binary |= e->form == EIO_FORM_TYPED;
	}
	return n;
}

static void put_entry(struct payload_body *out, const struct eio_entry *e)
{
	(out->is_binary ? put_binary_entry : put_text_entry)(&out->bytes, e);
}

size_t payload3_put(struct payload_body *out, const struct eio_queue *q, size_t max_bytes)
{
	size_t n = choose(q, max_bytes, &out->is_binary);

	for (size_t i = 0; i < n; i++)
		put_entry(out, eio_queue_at(q, i));
	return n;
}

void payload3_put_control(struct payload_body *out, enum eio_packet_type type)
{
	put_entry(out, &(struct eio_entry){.type = type});
}
