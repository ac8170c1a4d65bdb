#ifndef ROOMCAST_BROKER_ENTRY_H
#define ROOMCAST_BROKER_ENTRY_H
/*
 * Coming and going of sessions: connecting, disconnecting, being announced again after a broken
 * link, and leaving together when their gateway is gone.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Handlers of the wire messages of the same name. */
void entry_on_connect(struct broker *b, struct peer *p, const struct wire_message *m);
void entry_on_disconnect(struct broker *b, struct peer *p, const struct wire_message *m);
void entry_on_resumed(struct broker *b, struct peer *p, const struct wire_message *m);

/* The peer is gone: so are the connections of its sessions. */
void entry_on_peer_gone(struct broker *b, struct peer *p);

/* Answers CONNECT: {rooms: [...]}, every room the session is in. */
void entry_reply_rooms(struct broker *b, struct peer *p, uint64_t request, struct session *s);

/* Ends a session that its gateway, or time, gives up by itself. */
void entry_end(struct broker *b, struct session *s);

/* The broker stops: members go without a word. */
void entry_forget_all(struct broker *b);

#endif
