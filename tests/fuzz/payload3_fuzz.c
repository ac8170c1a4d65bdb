/* Polling bodies of revision 3, the first byte says of which kind: cut into packets, and the
 * messages among them written and read again. */
#include "tests/fuzz/fuzz.h"

#include "gateway/eio/payload3.h"

#include <string.h>

enum { BODY_MAX = 1 << 24 };

static void push(struct eio_queue *q, const struct eio_packet *p)
{
	struct frame *f = frame_new(str_bytes(p->data));
	enum eio_form form = p->is_base64   ? EIO_FORM_BASE64
			     : p->is_binary ? EIO_FORM_TYPED
					    : EIO_FORM_TEXT;
	struct eio_entry e = {.frame = f, .type = p->type, .form = form};
	enum err error = eio_queue_push(q, e, BODY_MAX);

	assert(!error);
	frame_unref(&f);
}

static void read_again(const struct eio_queue *q, struct payload_body *body)
{
	struct payload payload = {.rest = buf_str(&body->bytes), .is_binary = body->is_binary};
	struct payload_packet packet;
	struct eio_packet p;

	for (size_t i = 0; i < q->count; i++) {
		const struct eio_entry *e = eio_queue_at(q, i);
		bool has_one = payload3_next(&payload, &packet);

		assert(has_one && packet.is_binary == (e->form == EIO_FORM_TYPED));
		enum err error = eio_packet_parse3(packet.data, packet.is_binary, &p);

		assert(!error && p.type == e->type);
		assert(p.is_base64 == (e->form == EIO_FORM_BASE64));
		assert(str_eq(p.data, bytes_str(frame_bytes(e->frame))));
	}
	assert(!payload3_next(&payload, &packet));
}

static void write_again(const struct eio_queue *q)
{
	struct payload_body body = {0};

	if (q->count == 0)
		return;
	assert(payload3_put(&body, q, SIZE_MAX) == q->count);
	read_again(q, &body);
	buf_free(&body.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct payload payload = {0};
	struct payload_packet packet;
	struct eio_queue q = {0};
	struct eio_packet p;
	size_t bytes = 0;

	if (size == 0)
		return 0;
	payload =
	    (struct payload){.rest = {(const char *)data + 1, size - 1}, .is_binary = data[0] & 1};
	/* That is checked before. */
	if (!payload.is_binary && !str_is_utf8(payload.rest))
		return 0;
	while (payload3_next(&payload, &packet)) {
		bytes += packet.data.len;
		assert(payload.is_binary || !packet.is_binary);
		assert(packet.is_binary || str_is_utf8(bytes_str(packet.data)));
		if (!eio_packet_parse3(packet.data, packet.is_binary, &p) &&
		    p.type == EIO_PACKET_MESSAGE)
			push(&q, &p);
	}
	assert(bytes < size);
	write_again(&q);
	eio_queue_free(&q);
	assert(frame_live() == 0);
	return 0;
}
