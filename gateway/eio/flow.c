#include "gateway/eio/flow.h"

enum { BURST_S = 2, BORNE = 2 /* times what is allowed */ };

static void init_one(struct bucket *b, uint64_t per_second, struct mono now)
{
	bucket_init(b, per_second, per_second * BURST_S, now);
}

void flow_init(struct flow *f, const struct flow_rules *rules, struct mono now)
{
	init_one(&f->packets, rules->packets_per_second, now);
	init_one(&f->bytes, rules->bytes_per_second, now);
	init_one(&f->all_packets, rules->packets_per_second * BORNE, now);
	init_one(&f->all_bytes, rules->bytes_per_second * BORNE, now);
}

enum flow_verdict flow_take(struct flow *f, size_t bytes, struct mono now, uint64_t *ret_wait_ms)
{
	uint64_t packets_ms = bucket_wait_ms(&f->packets, now);
	uint64_t bytes_ms = bucket_wait_many_ms(&f->bytes, bytes, now);
	bool is_borne = bucket_take(&f->all_packets, now);

	is_borne = bucket_take_many(&f->all_bytes, bytes, now) && is_borne;
	*ret_wait_ms = packets_ms > bytes_ms ? packets_ms : bytes_ms;
	if (!is_borne)
		return FLOW_FLOOD;
	if (*ret_wait_ms)
		return FLOW_FAST;
	/* Both are there, as was just seen. */
	(void)!bucket_take(&f->packets, now);
	(void)!bucket_take_many(&f->bytes, bytes, now);
	return FLOW_FINE;
}
