#ifndef ROOMCAST_GATEWAY_EIO_QUEUE_H
#define ROOMCAST_GATEWAY_EIO_QUEUE_H
/*
 * What waits to go out to one client: packets in order, bounded in bytes. Messages that may be
 * lost (volatile) make room for those that may not; packets of the protocol itself are few and
 * always find room. An all-zero struct eio_queue is an empty queue; its memory only grows, so
 * that a session that has once been busy queues without allocating.
 */
#include "gateway/eio/packet.h"

/* Added to the data of each entry, so that many small ones are bounded too. */
enum { EIO_QUEUE_ENTRY_BYTES = 16, EIO_QUEUE_FIRST = 4 };

/* What the data of a packet is, and so how the packet is written (wsframe.h, payload.h). */
enum eio_form {
	EIO_FORM_TEXT,
	EIO_FORM_BINARY, /* a binary message of revision 4, whose type goes without saying */
	EIO_FORM_TYPED,  /* one of revision 3, which says it */
	EIO_FORM_BASE64, /* one of revision 3, written in base64 for who can read text only */
};

struct eio_entry {
	struct frame *frame; /* a reference of the queue's; NULL = a packet without data */
	enum eio_packet_type type : 8;
	enum eio_form form : 8;
	bool is_volatile;
};

struct eio_queue {
	struct eio_entry *ring; /* NULL = first */
	size_t size;            /* of the ring, a power of two */
	size_t head, count;
	size_t bytes, volatile_bytes;
	struct eio_entry first[EIO_QUEUE_FIRST];
};

/* Empties the queue and frees its memory. */
void eio_queue_free(struct eio_queue *q);

/* Empties the queue. */
void eio_queue_clear(struct eio_queue *q);

/*
 * Appends a message; takes its own reference of the frame. When the queue would hold more than
 * max_bytes, e is forgotten if it is volatile, else the queued volatile messages are dropped.
 * ERR_FULL: that was not enough, nothing was appended. An empty queue takes any one message: who
 * has read everything is not slow.
 */
MUST_USE enum err eio_queue_push(struct eio_queue *q, struct eio_entry e, uint64_t max_bytes);

/* Appends a packet of the protocol, bound or no bound. The frame may be NULL. */
void eio_queue_push_control(struct eio_queue *q, enum eio_packet_type type, struct frame *f);

/* The i-th from the front, i < count; good until the queue changes. */
const struct eio_entry *eio_queue_at(const struct eio_queue *q, size_t i);

/* Removes the front one. */
void eio_queue_pop(struct eio_queue *q);

#endif
