#ifndef ROOMCAST_GATEWAY_ROOM_ERRAND_H
#define ROOMCAST_GATEWAY_ROOM_ERRAND_H
/*
 * Errands: what application workers do, at the desk. What a client of theirs says is carried to the
 * broker as it is, in a worker namespace all of it and in a namespace of rooms what has no name
 * there, and what a worker wants said or done comes back. Values of workers are made plain here:
 * whatever they hold, it is something that clients of both parsers can read.
 */
#include "gateway/room/desk_priv.h"
#include "gateway/sio/client.h"

/* A client's event, answered through the pending request. ERR_FULL: too much waits already;
 * ERR_TOO_BIG: its name is too long. */
MUST_USE enum err errand_event(struct seat *seat, const struct sio_event *event);
void errand_ack(const struct seat *seat, uint64_t ack_id, struct bytes args);

/* The good answer to an event: its ack, if the client wants one. */
void errand_on_reply(const struct pending_request *r, const struct wire_reply *reply);

/* A client that was not let in, by the worker or because its user is banned; its socket, or its
 * connection, ends. */
void errand_refuse(struct seat *seat, const struct wire_reply *reply);

/* From the broker: SEND, CAST, MOVE, EXPEL. False: it is none of these. */
bool errand_on_message(struct desk *d, const struct wire_message *m);

#endif
