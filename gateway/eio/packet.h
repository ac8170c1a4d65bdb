#ifndef ROOMCAST_GATEWAY_EIO_PACKET_H
#define ROOMCAST_GATEWAY_EIO_PACKET_H
/*
 * The Engine.IO packet (protocol revision 4): one digit for its type, then its data. Pure text in
 * and out; what a packet means is the session's business, how it travels the transport's.
 */
#include "common/buf.h"

enum eio_packet_type {
	EIO_PACKET_OPEN,
	EIO_PACKET_CLOSE,
	EIO_PACKET_PING,
	EIO_PACKET_PONG,
	EIO_PACKET_MESSAGE,
	EIO_PACKET_UPGRADE,
	EIO_PACKET_NOOP,
	EIO_PACKETS
};

/* A packet as it was read: data is a view into the text it was read from. */
struct eio_packet {
	enum eio_packet_type type;
	bool is_base64; /* a binary message, data is its base64 form */
	struct str data;
};

/* ERR_MALFORMED: empty, or the first character is neither a type nor 'b'. */
MUST_USE enum err eio_packet_parse(struct str text, struct eio_packet *ret);

/* The character that stands for a type. */
char eio_packet_digit(enum eio_packet_type type);

/* What the open packet tells the client. */
struct eio_packet_open {
	struct str sid;
	bool may_upgrade; /* to WebSocket */
	uint64_t ping_interval_ms, ping_timeout_ms;
	uint64_t max_payload_bytes;
};

/* Appends the data of an open packet: a JSON object of exactly five keys, in their usual order. */
void eio_packet_put_open(struct buf *out, const struct eio_packet_open *open);

#endif
