#ifndef ROOMCAST_GATEWAY_SIO_CAST_H
#define ROOMCAST_GATEWAY_SIO_CAST_H
/*
 * What leaves for clients: a parcel is the frames of one packet, a cast (client.h) an event with a
 * parcel for each encoding. Used by client.c and socket.c.
 */
#include "gateway/sio/codec.h"
#include "gateway/sio/socket.h"

/* A packet and, behind it and with nothing between, its attachments as binary messages. */
struct sio_parcel {
	struct frame *packet; /* a reference of the parcel's; NULL = not packed yet */
	bool is_binary;       /* the packet itself */
	unsigned count;
	struct frame **attachments;
};

/* Of what was built with that codec and is now empty; data: what the packet was given to carry. */
struct sio_parcel sio_parcel_pack(enum codec_kind kind, struct buf *built, struct bytes data);
/* The same once more, by reference. */
struct sio_parcel sio_parcel_share(const struct sio_parcel *p);
void sio_parcel_end(struct sio_parcel *p);

/* The parcel for clients of that encoding, packed when it is first asked for; the cast's. */
const struct sio_parcel *sio_cast_parcel(struct sio_cast *c, enum codec_kind kind);

#endif
