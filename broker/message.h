#ifndef ROOMCAST_BROKER_MESSAGE_H
#define ROOMCAST_BROKER_MESSAGE_H
/*
 * A stored message as clients see it: the object {id, roomId, seq, userId, username, content,
 * type, timestamp}, the same whether it is new, missed or history. Used by publish and archive.
 */
#include "broker/reader.h"

/* Appends the object, encoded. */
void message_put(struct buf *out, struct str room, const struct reader_message *m);

#endif
