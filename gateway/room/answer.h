#ifndef ROOMCAST_GATEWAY_ROOM_ANSWER_H
#define ROOMCAST_GATEWAY_ROOM_ANSWER_H
/*
 * How a client is answered: one object, {ok:true, ...} or {ok:false, error:{code, message,
 * details?, retryAfter?}}, as its ack when it asked for one; a failure without an ack goes out as
 * the error event. Pure.
 */
#include "gateway/sio/client.h"
#include "proto/errors.h"

/* Where an answer goes. */
struct answer_to {
	struct sio_socket *socket;
	bool has_ack;
	uint64_t ack_id;
	struct str error_event; /* name of the event for failures without ack */
	struct str offset;      /* that stands behind its arguments (recovery.h); empty = none */
};

/* value: an encoded map whose pairs follow ok:true; empty or nil = none. */
void answer_ok(const struct answer_to *to, struct bytes value);

struct answer_fault {
	enum client_error error;
	struct str text;         /* empty = the error's own */
	struct bytes details;    /* an encoded value, empty = none */
	uint64_t retry_after_ms; /* 0 = not said */
};

void answer_error(const struct answer_to *to, const struct answer_fault *fault);

#endif
