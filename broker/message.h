#ifndef ROOMCAST_BROKER_MESSAGE_H
#define ROOMCAST_BROKER_MESSAGE_H
/*
 * The event `message` as clients hear it, whether it is said for the first time or again. Pure.
 */
#include "broker/reader.h"

/* Appends its arguments, an array of {id, roomId, seq, userId, username, content, type,
 * timestamp}. */
void message_put_args(struct buf *out, struct str room, const struct reader_message *m);

#endif
