#ifndef ROOMCAST_BROKER_PEER_H
#define ROOMCAST_BROKER_PEER_H
/*
 * A peer: one gateway that the broker is in conversation with. Who wants to tell it something
 * queues it here; peers.h keeps the conversation.
 */
#include "broker/link.h"
#include "common/clock.h"
#include "proto/wire.h"

struct peer;

/* Queues for the peer; encoded: by wire_put. */
void peer_put(struct peer *p, const struct wire_message *m);
void peer_put_encoded(struct peer *p, struct bytes message);

const char *peer_name(const struct peer *p);
uint64_t peer_boot(const struct peer *p);
/* Goes up with every HELLO: what was announced under an older one is stale. */
uint64_t peer_generation(const struct peer *p);
/* Notes the number of a PUBLISH. False: that number, or a later one, was noted before. */
bool peer_note_publish(struct peer *p, uint64_t request);
/* Its earlier conversation was ended and the others were told that its members left. */
bool peer_was_ended(const struct peer *p);
bool peer_is_resuming(const struct peer *p); /* between WELCOME and RESUMED */
enum link_door peer_door(const struct peer *p);
struct wall peer_since(const struct peer *p);
size_t peer_queued_bytes(const struct peer *p);

#endif
