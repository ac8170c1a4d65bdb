#ifndef ROOMCAST_BROKER_LOOK_H
#define ROOMCAST_BROKER_LOOK_H
/*
 * Looking into a room: who is there, and what was said. Pages of history are read by the archive
 * in a thread of its own; their requests wait here, bounded by the archive's queue.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Handlers of the wire messages of the same name. */
void look_on_users(struct broker *b, struct peer *p, const struct wire_message *m);
void look_on_history(struct broker *b, struct peer *p, const struct wire_message *m);

/* A page has been read. False: it was not asked for here. */
bool look_on_page(struct broker *b, const struct archive_answer *answer);

/* The peer is gone (NULL: all of them): nobody waits for its pages. */
void look_forget(struct broker *b, const struct peer *p);

#endif
