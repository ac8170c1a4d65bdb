/* Polling bodies of revision 4: cut into packets, and the messages among them written and read
 * again. */
#include "tests/fuzz/fuzz.h"

#include "gateway/eio/payload.h"

enum { BODY_MAX = 1 << 20 };

static void push(struct eio_queue *q, const struct eio_packet *p)
{
	struct frame *f = frame_new(str_bytes(p->data));
	struct eio_entry e = {.frame = f, .type = p->type};
	enum err error = eio_queue_push(q, e, BODY_MAX);

	assert(!error);
	frame_unref(&f);
}

static void read_again(const struct eio_queue *q, struct str body)
{
	struct payload payload = {.rest = body};
	struct payload_packet packet;
	struct eio_packet p;

	for (size_t i = 0; i < q->count; i++) {
		const struct eio_entry *e = eio_queue_at(q, i);
		bool has_one = payload_next(&payload, &packet);

		assert(has_one);
		enum err error = eio_packet_parse(packet.data, packet.is_binary, &p);

		assert(!error && p.type == e->type && !p.is_binary);
		assert(str_eq(p.data, bytes_str(frame_bytes(e->frame))));
	}
	assert(!payload_next(&payload, &packet));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct payload payload = {.rest = bytes_str(bytes_of(data, size))};
	struct payload_packet packet;
	struct payload_body body = {0};
	struct eio_queue q = {0};
	struct eio_packet p;
	size_t n = 0, bytes = 0;

	for (; payload_next(&payload, &packet); n++) {
		assert(!packet.is_binary);
		bytes += packet.data.len;
		if (!eio_packet_parse(packet.data, false, &p) && !p.is_binary)
			push(&q, &p);
	}
	/* Nothing is lost: packets, and a separator between each two. */
	assert(n > 0 && bytes + n - 1 == size);
	if (q.count > 0) {
		assert(payload_put(&body, &q, BODY_MAX) == q.count);
		read_again(&q, buf_str(&body.bytes));
	}
	buf_free(&body.bytes);
	eio_queue_free(&q);
	assert(frame_live() == 0);
	return 0;
}
