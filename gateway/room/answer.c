#include "gateway/room/answer.h"

#include "gateway/sio/socket.h"
#include "proto/value.h"

void answer_ok(const struct answer_to *to, struct bytes value)
{
	struct value_reader r = value_reader(value);
	struct value head = {.type = VALUE_NIL};
	struct buf args = {0};

	if (!to->has_ack)
		return;
	if (value.len == 0 || value_next(&r, &head) || head.type != VALUE_MAP)
		head.as.count = 0;
	value_put_array(&args, 1);
	value_put_map(&args, head.as.count + 1);
	value_put_bool_pair(&args, STR("ok"), true);
	if (head.as.count)
		buf_put(&args, bytes_of(r.p, (size_t)(r.end - r.p)));
	sio_socket_ack(to->socket, to->ack_id, buf_bytes(&args));
	buf_free(&args);
}

static void put_fault(struct buf *out, const struct answer_fault *fault)
{
	const struct client_error_row *row = client_error_row(fault->error);
	uint32_t pairs = 2 + (fault->details.len > 0) + (fault->retry_after_ms > 0);

	value_put_map(out, 2);
	value_put_bool_pair(out, STR("ok"), false);
	value_put_str(out, STR("error"));
	value_put_map(out, pairs);
	value_put_str_pair(out, STR("code"), str_of(row->code));
	value_put_str_pair(
	    out, STR("message"), fault->text.len ? fault->text : str_of(row->message));
	if (fault->details.len)
		value_put_raw_pair(out, STR("details"), fault->details);
	if (fault->retry_after_ms)
		value_put_u64_pair(out, STR("retryAfter"), fault->retry_after_ms);
}

void answer_error(const struct answer_to *to, const struct answer_fault *fault)
{
	struct buf args = {0};

	bool has_offset = !to->has_ack && to->offset.len > 0;

	value_put_array(&args, has_offset ? 2 : 1);
	put_fault(&args, fault);
	if (has_offset)
		value_put_str(&args, to->offset);
	if (to->has_ack)
		sio_socket_ack(to->socket, to->ack_id, buf_bytes(&args));
	else
		sio_socket_emit(to->socket, to->error_event, buf_bytes(&args));
	buf_free(&args);
}
