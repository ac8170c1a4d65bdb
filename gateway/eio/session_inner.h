#ifndef ROOMCAST_GATEWAY_EIO_SESSION_INNER_H
#define ROOMCAST_GATEWAY_EIO_SESSION_INNER_H
/*
 * What sessions and their family are made of. For session.c (the life of one) and family.c (what
 * concerns all of them) alone.
 */
#include "common/crypto.h"
#include "gateway/eio/upgrade.h"

#include <uthash.h>

struct eio_family {
	struct eio_rules rules;
	const struct eio_events *events;
	void *up;
	struct timer_queue ping_due; /* heard of, to be pinged next */
	struct timer_queue pong_due; /* pinged, to be heard of */
	struct timer_queue last_due; /* of revision 3, to ping us */
	struct upgrades upgrades;
	struct eio_session *all; /* by id, also those that wait to be freed */
	size_t open_count;
	uint64_t floods;
	struct buf decoded; /* scratch: a binary message that came as base64 */
};

enum state { STATE_NEW, STATE_OPEN, STATE_OVERRUN, STATE_CLOSED };

struct eio_session {
	struct eio_family *family;
	const struct eio_transport *transport;
	void *wire;
	void *owner;
	UT_hash_handle hh;
	struct timer heartbeat;
	struct upgrade *upgrade; /* NULL = no candidate */
	struct eio_queue queue;
	struct flow flow;
	uint64_t retry_after_ms; /* of the packet that is being read, 0 = it is not too fast */
	size_t expected; /* bytes that it may hold beside its bound */
	enum state state;
	enum eio_revision revision;
	bool is_text_only;
	char id[CRYPTO_ID_LEN + 1];
};

/* Queues a packet of the protocol; data may be NULL. */
void eio_session_send_control(struct eio_session *s, enum eio_packet_type type, struct frame *data);

/* The candidate of the session, which must have one, is none any more. */
void eio_session_turn_away(struct eio_session *s, enum eio_close why);

#endif
