#ifndef ROOMCAST_BROKER_MESSAGE_H
#define ROOMCAST_BROKER_MESSAGE_H
/*
 * A stored message as clients see it: the object {id, roomId, seq, userId, username, content,
 * type, timestamp}, the same whether it is new, missed or history. In the place of a deleted one
 * stands {id, roomId, seq}, as the event message-deleted or, in a history, marked `deleted`. Used
 * by publish, erase and archive.
 */
#include "broker/reader.h"

/* Appends the object, encoded. */
void message_put(struct buf *out, struct str room, const struct reader_message *m);

/* The same in a history. */
void message_put_kept(struct buf *out, struct str room, const struct reader_message *m);

/* The event that it comes as. */
struct str message_event(const struct reader_message *m);

/* Appends the DELIVER that brings it to the members of its room, encoded. */
void message_put_deliver(struct buf *out, const struct reader_entry *entry);

#endif
