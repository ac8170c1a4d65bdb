#ifndef ROOMCAST_BROKER_PEER_PRIV_H
#define ROOMCAST_BROKER_PEER_PRIV_H
/*
 * A peer as peer.c and peers.c see it: peers.c makes, talks to and ends them.
 */
#include "broker/link.h"
#include "common/clock.h"
#include "proto/channel.h"

#include <uthash.h>

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
	uint64_t last_publish;
	struct channel *channel;
	struct mono heard;
	struct wall since;
	UT_hash_handle hh;
};

#endif
