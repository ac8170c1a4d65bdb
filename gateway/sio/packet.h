#ifndef ROOMCAST_GATEWAY_SIO_PACKET_H
#define ROOMCAST_GATEWAY_SIO_PACKET_H
/*
 * The text packets of Socket.IO v5, as the default parser of socket.io-client writes and reads
 * them: <type>[<attachments>-][<namespace>,][<ack id>][JSON]. Used by client.c. Pure.
 * Protocol: https://github.com/socketio/socket.io-protocol (revision 5)
 */
#include "common/buf.h"

struct sio_event;

enum packet_type {
	PACKET_CONNECT,
	PACKET_DISCONNECT,
	PACKET_EVENT,
	PACKET_ACK,
	PACKET_CONNECT_ERROR, /* only we send it */
	PACKET_BINARY_EVENT,  /* on the wire only: an EVENT with attachments */
	PACKET_BINARY_ACK,
	PACKET_TYPES
};

/* Ack ids are numbers of JavaScript: integers below it are exact. */
#define PACKET_ACK_ID_MAX ((UINT64_C(1) << 53) - 1)

struct packet_limits {
	unsigned max_attachments;
	size_t max_data_bytes; /* the JSON part as a value */
	bool has_queries; /* a namespace may have a query, which is the data of CONNECT (query.h) */
};

/* A view of the text and of the scratch that it was decoded with. */
struct packet {
	enum packet_type type; /* CONNECT, DISCONNECT, EVENT or ACK */
	struct str nsp;        /* "/" when the packet names none */
	bool has_ack;
	uint64_t ack_id;      /* <= PACKET_ACK_ID_MAX */
	unsigned attachments; /* so many binary messages complete it */
	/* EVENT with data: its name; a number is the text JavaScript makes of it. */
	struct str name;
	/* CONNECT: a map. EVENT: array of the arguments after the name. ACK: array. Empty when the
	 * packet has no data (an array has a byte at least). */
	struct bytes data;
};

/*
 * Reads one packet from the client; text is what follows Engine.IO's type digit. The empty text is
 * CONNECT to "/", as it is to the stock parser.
 * ERR_MALFORMED: not a packet, data that does not fit its type, a reserved event name, or a
 * packet that only servers send. ERR_TOO_BIG: over limits, over LIMIT_NSP, an ack id over
 * PACKET_ACK_ID_MAX, or nested too deep. Either way the connection cannot go on.
 */
MUST_USE enum err packet_decode(
    struct str text, const struct packet_limits *limits, struct buf *scratch, struct packet *ret);

/*
 * What can be known of an event when only the beginning of its text is there: all of ret but name
 * and data. ERR_MALFORMED: it is no event, or its data has not begun; ERR_TOO_BIG as above.
 */
MUST_USE enum err packet_peek_event(
    struct str head, const struct packet_limits *limits, struct packet *ret);

/*
 * For every parser: makes name and data of p from the array [name, argument, ...] that lies at
 * start in scratch, as its last. ERR_MALFORMED: there is no name, or a reserved one.
 */
MUST_USE enum err packet_split_event(struct buf *scratch, size_t start, struct packet *p);

/* Each appends one packet to out. nsp, name and texts are valid UTF-8; data and args values. */

/* pid: empty = none (recovery is off). */
void packet_put_connect(struct buf *out, struct str nsp, struct str sid, struct str pid);

/* data: an encoded value, or empty. */
void packet_put_connect_error(
    struct buf *out, struct str nsp, struct str message, struct bytes data);

void packet_put_disconnect(struct buf *out, struct str nsp);

/* For clients of Socket.IO v2. CONNECT says nothing; a refusal is its data, without any its text.
 */
void packet_put_connect_legacy(struct buf *out, struct str nsp, struct str sid, struct str pid);
void packet_put_refusal_legacy(
    struct buf *out, struct str nsp, struct str message, struct bytes data);

/*
 * args: array of what follows the name. When there are bins in it, the packet is a binary one, and
 * the bins, in the order of the bytes, are the attachments to be sent behind it.
 */
void packet_put_event(struct buf *out, struct str nsp, struct str name, struct bytes args);
/* The same with the ack id of the event. */
void packet_put_question(struct buf *out, struct str nsp, const struct sio_event *event);
void packet_put_ack(struct buf *out, struct str nsp, uint64_t ack_id, struct bytes args);

#endif
