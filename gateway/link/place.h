#ifndef ROOMCAST_GATEWAY_LINK_PLACE_H
#define ROOMCAST_GATEWAY_LINK_PLACE_H
/*
 * How far the log of stored messages was delivered to this gateway, and in which database. It
 * outlives the link: HELLO says it, and the broker goes on from there. Pure; used by uplink.
 */
#include "proto/wire.h"

struct place {
	uint64_t epoch; /* 0 = no broker was met yet */
	uint64_t gseq;  /* everything stored up to here was delivered */
};

/* A conversation begins. False: it does not go on where the last one ended, something is missed. */
bool place_begin(struct place *p, const struct wire_welcome *w);

/* Everything up to gseq is delivered with this. False: it was before. */
bool place_reach(struct place *p, uint64_t gseq);

#endif
