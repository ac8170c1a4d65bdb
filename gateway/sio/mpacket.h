#ifndef ROOMCAST_GATEWAY_SIO_MPACKET_H
#define ROOMCAST_GATEWAY_SIO_MPACKET_H
/*
 * The packets of Socket.IO v5 as socket.io-msgpack-parser writes and reads them: one binary message
 * each, a map of type, nsp, data and id, where binary data is what it is. The counterpart of
 * packet.h. Used by client.c. Pure.
 */
#include "gateway/sio/packet.h"

struct sio_event;

/*
 * Reads one packet from the client, as packet_decode does: views of message and scratch, data made
 * plain (plain.h). A key that is undefined counts as left out, others than those four are ignored.
 * ERR_MALFORMED: not such a map, data that does not fit its type, a reserved event name, or a
 * packet that only servers send. ERR_TOO_BIG: as for packet_decode; max_attachments bounds bins.
 */
MUST_USE enum err mpacket_decode(struct bytes message, const struct packet_limits *limits,
    struct buf *scratch, struct packet *ret);

/* As packet_put_*; stock clients do not bear nil, so what there is not has no key. */
void mpacket_put_connect(struct buf *out, struct str nsp, struct str sid, struct str pid);
void mpacket_put_connect_error(
    struct buf *out, struct str nsp, struct str message, struct bytes data);
void mpacket_put_disconnect(struct buf *out, struct str nsp);
void mpacket_put_event(struct buf *out, struct str nsp, struct str name, struct bytes args);
void mpacket_put_question(struct buf *out, struct str nsp, const struct sio_event *event);
void mpacket_put_ack(struct buf *out, struct str nsp, uint64_t ack_id, struct bytes args);

#endif
