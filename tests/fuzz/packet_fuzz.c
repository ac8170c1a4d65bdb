/* Text packets, completed with attachments cut from the same bytes, and written again. */
#include "tests/fuzz/fuzz.h"

#include "gateway/sio/assembly.h"
#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"

static enum err complete(
    struct packet *p, struct bytes text, struct buf *scratch, struct assembly **ret)
{
	struct assembly *a = assembly_new(p, LIMIT_ARGS);
	struct bytes rest = text;
	enum err e = ERR_OK;

	*ret = a;
	while (!e && !assembly_is_complete(a)) {
		e = assembly_add(a, rest);
		rest.len /= 2;
	}
	return e ? e : assembly_finish(a, scratch, p);
}

/* What the head of a whole event tells is what the event says. */
static void peek(struct str text, const struct packet_limits *limits, const struct packet *whole)
{
	struct packet head;
	bool is_event = whole && whole->type == PACKET_EVENT && whole->data.len > 0;

	if (packet_peek_event(text, limits, &head)) {
		assert(!is_event);
		return;
	}
	assert(head.type == PACKET_EVENT && head.ack_id <= PACKET_ACK_ID_MAX);
	assert(str_is_utf8(head.nsp) && head.nsp.len <= LIMIT_NSP);
	if (is_event)
		assert(str_eq(head.nsp, whole->nsp) && head.has_ack == whole->has_ack &&
		       head.ack_id == whole->ack_id && head.attachments == whole->attachments);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Old clients' packets begin alike; the last bit of the size stands for who it is. */
	const struct packet_limits limits = {LIMIT_ATTACHMENTS, LIMIT_ARGS, size & 1};
	struct bytes text = bytes_of(data, size);
	struct buf scratch = {0}, whole = {0}, out = {0};
	struct assembly *a = NULL;
	struct packet p;
	enum err e = packet_decode(bytes_str(text), &limits, &scratch, &p);

	peek(bytes_str(text), &limits, e ? NULL : &p);
	if (!e && p.attachments > 0)
		e = complete(&p, text, &whole, &a);
	if (!e) {
		assert(p.type <= PACKET_ACK && p.ack_id <= PACKET_ACK_ID_MAX);
		assert(str_is_utf8(p.nsp) && p.nsp.len <= LIMIT_NSP && str_is_utf8(p.name));
		assert(!p.data.len || value_check(p.data, LIMIT_VALUE_DEPTH) == ERR_OK);
		packet_put_event(&out, p.nsp, p.name, p.data);
		assert(str_is_utf8(buf_str(&out)));
		buf_reset(&out);
		packet_put_ack(&out, p.nsp, p.ack_id, p.data);
	}
	assembly_free(&a);
	buf_free(&scratch);
	buf_free(&whole);
	buf_free(&out);
	return 0;
}
