#include "gateway/eio/payload.h"

#include "common/crypto.h"

#include <string.h>

enum { SEPARATOR = 0x1e };

bool payload_next(struct payload *p, struct payload_packet *ret)
{
	const char *end = p->rest.len ? memchr(p->rest.p, SEPARATOR, p->rest.len) : NULL;
	size_t len = end ? (size_t)(end - p->rest.p) : p->rest.len;

	if (p->is_over)
		return false;
	*ret = (struct payload_packet){.data = bytes_of(p->rest.p, len)};
	p->is_over = !end;
	if (end)
		p->rest = (struct str){end + 1, p->rest.len - len - 1};
	return true;
}

static void separate(struct buf *out)
{
	if (out->len)
		buf_putc(out, SEPARATOR);
}

static bool is_binary(const struct eio_entry *e)
{
	return e->form != EIO_FORM_TEXT;
}

static size_t data_len(const struct eio_entry *e)
{
	size_t len = e->frame ? frame_len(e->frame) : 0;

	return is_binary(e) ? (len + 2) / 3 * 4 : len;
}

static void put_entry(struct buf *out, const struct eio_entry *e)
{
	struct bytes data = e->frame ? frame_bytes(e->frame) : (struct bytes){0};

	separate(out);
	buf_putc(out, is_binary(e) ? 'b' : eio_packet_digit(e->type));
	if (is_binary(e))
		crypto_base64_put(out, data);
	else
		buf_put(out, data);
}

size_t payload_put(struct payload_body *out, const struct eio_queue *q, size_t max_bytes)
{
	size_t n = 0;

	for (; n < q->count; n++) {
		const struct eio_entry *e = eio_queue_at(q, n);

		if (n && out->bytes.len + 2 + data_len(e) > max_bytes)
			break;
		put_entry(&out->bytes, e);
	}
	return n;
}

void payload_put_control(struct payload_body *out, enum eio_packet_type type)
{
	separate(&out->bytes);
	buf_putc(&out->bytes, eio_packet_digit(type));
}
