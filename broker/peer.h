#ifndef ROOMCAST_BROKER_PEER_H
#define ROOMCAST_BROKER_PEER_H
/*
 * A peer: one gateway that the broker is in conversation with. Who wants to tell it something
 * queues it here; peers.h keeps the conversation.
 */
#include "broker/link.h"
#include "common/clock.h"
#include "common/frame.h"
#include "proto/wire.h"

struct peer;

/* Queues for the peer; encoded: by wire_put. */
void peer_put(struct peer *p, const struct wire_message *m);
void peer_put_encoded(struct peer *p, struct bytes message);

/*
 * Stored messages, in the order of gseq. A peer that is LIVE has them queued at once; for one that
 * is BEHIND (replay.h) the log has them, and catchup reads it. Wants one the page after *ret_after?
 * Then: ask, deliver what the page has by peer_put_encoded, end (or fail) it.
 */
void peer_deliver(struct peer *p, uint64_t gseq, struct frame *message);
bool peer_wants_page(const struct peer *p, uint64_t released, uint64_t *ret_after);
void peer_ask_page(struct peer *p, uint64_t ticket, uint64_t upto);
bool peer_asked_page(const struct peer *p, uint64_t ticket);
void peer_end_page(struct peer *p, uint64_t reached);
void peer_fail_page(struct peer *p);
/* Numbers above this one that were given out are void. */
void peer_void(struct peer *p, uint64_t above);
bool peer_is_live(const struct peer *p);

/* Its place in the log, which has to have all that is later; UINT64_MAX: it does not need it. */
uint64_t peer_place(const struct peer *p);

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
