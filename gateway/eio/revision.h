#ifndef ROOMCAST_GATEWAY_EIO_REVISION_H
#define ROOMCAST_GATEWAY_EIO_REVISION_H
/*
 * The two revisions of the Engine.IO protocol that we speak, and all that differs between them: a
 * row for each. Whoever has to do something in one way or the other looks into the row of the
 * session.
 *
 *	                  4                        3
 *	who pings         the server               the client
 *	binary message    the bytes, or 'b' and    a type byte and the bytes, or "b4" and
 *	                  base64 where text is     base64 where text is
 *	body of polling   payload.h                payload3.h
 *
 * Protocol: https://github.com/socketio/engine.io-protocol
 */
#include "gateway/eio/payload.h"
#include "gateway/eio/session.h"

struct eio_revision_row {
	/* Reads what came as one text or binary message. */
	enum err (*parse)(struct bytes packet, bool is_binary, struct eio_packet *ret);
	/* Reads and writes the bodies of polling. */
	bool (*next)(struct payload *p, struct payload_packet *ret);
	size_t (*put)(struct payload_body *out, const struct eio_queue *q, size_t max_bytes);
	void (*put_control)(struct payload_body *out, enum eio_packet_type type);
	/* As what binary messages wait, for who can read them and for who reads text only. */
	enum eio_form binary, binary_as_text;
	bool has_binary_bodies;
	bool client_pings;
};

const struct eio_revision_row *eio_revision_row(enum eio_revision revision);

#endif
