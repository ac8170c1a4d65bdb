#ifndef ROOMCAST_GATEWAY_EIO_PACKET_H
#define ROOMCAST_GATEWAY_EIO_PACKET_H
/*
 * The Engine.IO packet: its type, then its data. In both revisions of the protocol the type of a
 * text is a digit; a binary packet is a message in revision 4, and begins with a byte for its type
 * in revision 3. Pure; what a packet means is the session's business, how it travels the
 * transport's.
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
	bool is_binary;
	bool is_base64; /* binary, and data is its base64 form */
	struct str data;
};

/*
 * Text or binary, as it came. ERR_MALFORMED: empty where there must be a type, or what stands there
 * is none; 'b' before base64 is, and in revision 3 the type comes behind it.
 */
MUST_USE enum err eio_packet_parse(struct bytes packet, bool is_binary, struct eio_packet *ret);
MUST_USE enum err eio_packet_parse3(struct bytes packet, bool is_binary, struct eio_packet *ret);

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
