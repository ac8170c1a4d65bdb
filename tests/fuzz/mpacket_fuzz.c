/* msgpack packets: what is accepted is plain, and stays what it is through another packet. */
#include "tests/fuzz/fuzz.h"

#include "gateway/sio/mpacket.h"
#include "gateway/sio/plain.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <string.h>

static const struct packet_limits limits = {LIMIT_ATTACHMENTS, LIMIT_ARGS, false};

static void send_on(const struct packet *p)
{
	struct buf message = {0}, scratch = {0};
	struct packet again;

	mpacket_put_event(&message, p->nsp, p->name, p->data);
	assert(mpacket_decode(buf_bytes(&message), &limits, &scratch, &again) == ERR_OK);
	assert(str_eq(again.nsp, p->nsp) && str_eq(again.name, p->name));
	assert(again.data.len == p->data.len);
	assert(memcmp(again.data.p, p->data.p, p->data.len) == 0);
	buf_free(&message);
	buf_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct plain_limits plain = {LIMIT_ARGS, LIMIT_ATTACHMENTS};
	struct bytes message = bytes_of(data, size);
	struct buf scratch = {0};
	struct packet p;

	if (mpacket_decode(message, &limits, &scratch, &p) == ERR_OK) {
		assert(p.type <= PACKET_ACK && p.ack_id <= PACKET_ACK_ID_MAX);
		assert(str_is_utf8(p.nsp) && p.nsp.len <= LIMIT_NSP && str_is_utf8(p.name));
		assert(!p.data.len || value_check(p.data, LIMIT_VALUE_DEPTH) == ERR_OK);
		if (p.type == PACKET_EVENT)
			send_on(&p);
	}
	buf_reset(&scratch);
	if (plain_read(message, &plain, &scratch) == ERR_OK)
		assert(value_check(buf_bytes(&scratch), LIMIT_VALUE_DEPTH) == ERR_OK);
	buf_free(&scratch);
	return 0;
}
