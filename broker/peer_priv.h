#ifndef ROOMCAST_BROKER_PEER_PRIV_H
#define ROOMCAST_BROKER_PEER_PRIV_H
/*
 * A peer as peer.c and peers.c see it: peers.c keeps them, and talks to and ends them.
 */
#include "broker/peer.h"
#include "broker/replay.h"
#include "proto/channel.h"

#include <uthash.h>

/* How it and we part. */
enum peer_parting {
	PEER_STAYS,
	PEER_LEAVES,     /* it said GOODBYE: answered when it has what we owe it */
	PEER_IS_TOLD,    /* we said GOODBYE */
	PEER_HAS_PARTED, /* and it answered */
};

struct peer {
	char name[LIMIT_GATEWAY_ID + 1];
	struct link_address address;
	uint64_t boot;
	uint64_t generation;
	bool is_resuming;
	bool is_fallen_behind;
	bool was_ended;
	bool is_worker;
	bool is_unreachable; /* nobody is at its address */
	enum peer_parting parting;
	uint64_t last_publish;
	struct channel *channel;
	struct replay *replay;
	size_t live_max_bytes; /* queued; over it the peer is BEHIND */
	struct mono heard;
	struct wall since;
	UT_hash_handle hh;
};

/* Not in any table; its name is not longer than LIMIT_GATEWAY_ID. */
struct peer *peer_new(struct str name, uint64_t boot, size_t backlog_max_bytes);
void peer_free(struct peer **p);

/* A conversation begins, at this address and with this place in the log. */
void peer_begin(struct peer *p, const struct link_address *address, uint64_t place);

/* Its sockets are announced; everything numbered up to `gseq` may have been numbered before. */
void peer_resume(struct peer *p, uint64_t gseq);

/* Says GOODBYE, behind all that is queued (a worker: at once, and no answer is awaited). */
void peer_put_goodbye(struct peer *p);

/* POSITION, when the peer is LIVE and what was released did not concern it. */
void peer_put_position(struct peer *p, uint64_t released);

#endif
