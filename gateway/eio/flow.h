#ifndef ROOMCAST_GATEWAY_EIO_FLOW_H
#define ROOMCAST_GATEWAY_EIO_FLOW_H
/*
 * How fast a client sends: packets and bytes a second, each with a token bucket for what it may and
 * one for twice as much. What goes over the first is too fast, and does not count as sent; a client
 * that goes over the second, refused or not, is a flood. A bucket holds what fits into two seconds.
 */
#include "common/bucket.h"

struct flow_rules {
	uint64_t packets_per_second, bytes_per_second; /* 0 = as many as there are */
};

struct flow {
	struct bucket packets, bytes;         /* that it may send */
	struct bucket all_packets, all_bytes; /* that are borne */
};

void flow_init(struct flow *f, const struct flow_rules *rules, struct mono now);

enum flow_verdict { FLOW_FINE, FLOW_FAST, FLOW_FLOOD };

/* A packet of so many bytes came. ret_wait_ms: when the same would be fine, if nothing else comes
 * meanwhile; 0 when it is. */
enum flow_verdict flow_take(struct flow *f, size_t bytes, struct mono now, uint64_t *ret_wait_ms);

#endif
