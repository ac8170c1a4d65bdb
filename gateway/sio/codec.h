#ifndef ROOMCAST_GATEWAY_SIO_CODEC_H
#define ROOMCAST_GATEWAY_SIO_CODEC_H
/*
 * How packets are written for a client, by the parser it has: one row of functions each. Used by
 * client.c, socket.c and cast.c. What the functions append is said in packet.h.
 */
#include "common/buf.h"

struct sio_event;

enum codec_kind {
	CODEC_TEXT,    /* the default parser: packet.h */
	CODEC_LEGACY,  /* that of Socket.IO v2: packet.h, but for two packets */
	CODEC_MSGPACK, /* socket.io-msgpack-parser: mpacket.h */
	CODECS
};

struct codec {
	bool is_binary;         /* its packets are binary messages, and have no attachments */
	enum codec_kind events; /* whose events are the same bytes: itself, or one before it */
	void (*put_connect)(struct buf *out, struct str nsp, struct str sid, struct str pid);
	void (*put_connect_error)(
	    struct buf *out, struct str nsp, struct str message, struct bytes data);
	/* The same where the layer above says no, and not the protocol. */
	void (*put_refusal)(struct buf *out, struct str nsp, struct str message, struct bytes data);
	void (*put_disconnect)(struct buf *out, struct str nsp);
	void (*put_event)(struct buf *out, struct str nsp, struct str name, struct bytes args);
	void (*put_question)(struct buf *out, struct str nsp, const struct sio_event *event);
	void (*put_ack)(struct buf *out, struct str nsp, uint64_t ack_id, struct bytes args);
};

extern const struct codec codecs[CODECS];

#endif
