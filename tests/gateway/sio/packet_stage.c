#include "tests/gateway/sio/packet_stage.h"

#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"

const struct packet_limits stage_limits = {10, LIMIT_ARGS, false};

struct buf stage_scratch, stage_out;

int stage_clean(void **state)
{
	(void)state;
	buf_free(&stage_scratch);
	buf_free(&stage_out);
	return frame_live() == 0 ? 0 : -1;
}

static void describe_head(const struct packet *p)
{
	buf_reset(&stage_out);
	buf_printf(&stage_out, "%d %.*s ", (int)p->type, STR_ARG(p->nsp));
	if (p->has_ack)
		buf_put_u64(&stage_out, p->ack_id);
	else
		buf_putc(&stage_out, '-');
	buf_printf(&stage_out, " %.*s ", STR_ARG(p->name));
	if (p->data.len == 0)
		buf_putc(&stage_out, '-');
	else
		assert_int_equal(value_check(p->data, LIMIT_VALUE_DEPTH), ERR_OK);
}

struct str stage_describe(const struct packet *p)
{
	describe_head(p);
	if (p->data.len > 0)
		json_write(&stage_out, p->data);
	return buf_str(&stage_out);
}

struct str stage_describe_bins(const struct packet *p)
{
	unsigned bins = 0;

	describe_head(p);
	if (p->data.len > 0)
		json_write_attached(&stage_out, p->data, &bins);
	return buf_str(&stage_out);
}
