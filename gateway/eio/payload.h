#ifndef ROOMCAST_GATEWAY_EIO_PAYLOAD_H
#define ROOMCAST_GATEWAY_EIO_PAYLOAD_H
/*
 * Several packets in one HTTP body (protocol revision 4): texts joined by a record separator; a
 * binary message is 'b' and its base64 form. payload3.h is its counterpart. Pure; for polling,
 * which knows both by their revision.
 */
#include "gateway/eio/queue.h"

/* A body that is being read; start with {body, is_binary}. */
struct payload {
	struct str rest;
	bool is_binary; /* what kind of body it is; revision 4 has text only */
	bool is_over;
};

/* A view of the body. */
struct payload_packet {
	struct bytes data;
	bool is_binary;
};

/* The next packet; false = that was all. Every body has at least one, which may be empty. */
bool payload_next(struct payload *p, struct payload_packet *ret);

/* A body that is being written; start with {0}. */
struct payload_body {
	struct buf bytes;
	bool is_binary;
};

/*
 * Begins the body with packets from the front of the queue: the first one, and as many more as
 * leave the body within max_bytes. Returns how many.
 */
size_t payload_put(struct payload_body *out, const struct eio_queue *q, size_t max_bytes);

/* Appends one packet without data. */
void payload_put_control(struct payload_body *out, enum eio_packet_type type);

#endif
