#ifndef ROOMCAST_BROKER_PEER_H
#define ROOMCAST_BROKER_PEER_H
/*
 * Peers: the gateways the broker is in conversation with. A peer begins with HELLO, holds a lease
 * that everything it says renews, and ends when the lease runs out, it says GOODBYE, or another
 * run of the same gateway takes its place. Batching, numbers and credit are the channel's.
 */
#include "broker/link.h"
#include "common/clock.h"
#include "proto/wire.h"

struct peers;
struct peer;

struct peers_conf {
	uint64_t boot, epoch;     /* of this broker and its database */
	uint64_t heartbeat_ms;    /* told to the gateways in WELCOME */
	uint64_t lease_ms;        /* silent for so long = dead */
	size_t backlog_max_bytes; /* queued for one peer; over it the peer has to begin anew */
};

/* News for the layer above. */
struct peers_events {
	/* The highest gseq given out, for WELCOME. */
	uint64_t (*get_gseq)(void *up);
	/* A message that is not about the conversation itself. */
	void (*on_message)(void *up, struct peer *p, const struct wire_message *m);
	/* The peer is gone with all it held; the pointer is dead afterwards. */
	void (*on_gone)(void *up, struct peer *p, const char *why);
};

struct peers *peers_new(struct link *link, const struct peers_conf *conf,
    const struct peers_events *events, void *up);
/* Says GOODBYE to the living; on_gone is not called. */
void peers_free(struct peers **ps);

/* A letter from LINK_IPC or LINK_TCP. */
void peers_receive(struct peers *ps, const struct link_letter *letter, struct mono now);

/* Sends what gathered, as far as credit goes. End of turn. */
void peers_flush(struct peers *ps);

/* Heartbeats and leases; about every heartbeat_ms. */
void peers_tick(struct peers *ps, struct mono now);

size_t peers_count(const struct peers *ps);
void peers_each(struct peers *ps, void (*fn)(void *ctx, struct peer *p), void *ctx);

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
