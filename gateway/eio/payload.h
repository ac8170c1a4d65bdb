#ifndef ROOMCAST_GATEWAY_EIO_PAYLOAD_H
#define ROOMCAST_GATEWAY_EIO_PAYLOAD_H
/*
 * Several packets in one HTTP body (protocol revision 4): texts joined by a record separator; a
 * binary message is 'b' and its base64 form. Pure; for polling.
 */
#include "gateway/eio/queue.h"

/* A body that is being read; start with {body}. */
struct payload {
	struct str rest;
	bool is_over;
};

/* The next packet; false = that was all. Every body has at least one, which may be empty. */
bool payload_next(struct payload *p, struct str *ret_packet);

/*
 * Appends packets from the front of the queue: the first one, and as many more as leave the body
 * within max_bytes. Returns how many.
 */
size_t payload_put(struct buf *out, const struct eio_queue *q, size_t max_bytes);

/* Appends one packet without data. */
void payload_put_control(struct buf *out, enum eio_packet_type type);

#endif
