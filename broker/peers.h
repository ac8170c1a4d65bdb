#ifndef ROOMCAST_BROKER_PEERS_H
#define ROOMCAST_BROKER_PEERS_H
/*
 * Peers: the gateways the broker is in conversation with. A peer begins with HELLO, holds a lease
 * that everything it says renews, and ends when the lease runs out, another run of the same
 * gateway takes its place, or it said GOODBYE and has what it was owed. Batching, numbers and
 * credit are the channel's.
 */
#include "broker/peer.h"

struct peers;

struct peers_conf {
	uint64_t boot, epoch;     /* of this broker and its database */
	uint64_t heartbeat_ms;    /* told to the gateways in WELCOME */
	uint64_t lease_ms;        /* silent for so long = dead */
	size_t backlog_max_bytes; /* queued for one peer; over it the peer has to begin anew */
	uint64_t replay_max;      /* messages that are replayed for a peer that missed them */
};

/* News for the layer above. */
struct peers_events {
	/* The highest gseq given out, and the highest that was said. */
	uint64_t (*get_gseq)(void *up);
	uint64_t (*get_released)(void *up);
	/* All stored later than this is there still. */
	uint64_t (*get_pruned)(void *up);
	/* Does something wait to be said to it, an answer before all? */
	bool (*is_owed)(void *up, const struct peer *p);
	/* A conversation begins, perhaps in the place of one that broke: its answers are void. */
	void (*on_begun)(void *up, struct peer *p);
	/* A message that is not about the conversation itself. */
	void (*on_message)(void *up, struct peer *p, const struct wire_message *m);
	/* The peer is gone with all it held; the pointer is dead afterwards. */
	void (*on_gone)(void *up, struct peer *p, const char *why);
};

struct peers *peers_new(
    struct link *link, const struct peers_conf *conf, const struct peers_events *events, void *up);
/* on_gone is not called. */
void peers_free(struct peers **ps);

/*
 * The end: nothing that is asked is heard any more; then GOODBYE to each, behind all that is
 * queued for it; then, while the turn goes on, until every gateway in reach has answered.
 */
void peers_hush(struct peers *ps);
void peers_part(struct peers *ps);
bool peers_have_parted(const struct peers *ps);

/* A letter from LINK_IPC or LINK_TCP. */
void peers_receive(struct peers *ps, const struct link_letter *letter, struct mono now);

/* Sends what gathered, as far as credit goes. End of turn. */
void peers_flush(struct peers *ps);

/* It missed too much to be brought up to date: it has to begin anew, and hears so then. */
void peers_give_up(struct peers *ps, struct peer *p);

/* Heartbeats and leases; about every heartbeat_ms. */
void peers_tick(struct peers *ps, struct mono now);

size_t peers_count(const struct peers *ps);
void peers_each(struct peers *ps, void (*fn)(void *ctx, struct peer *p), void *ctx);

#endif
