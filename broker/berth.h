#ifndef ROOMCAST_BROKER_BERTH_H
#define ROOMCAST_BROKER_BERTH_H
/*
 * A berth: the place that a session whose connection is lost keeps in a room. Made and used by
 * dormancy.h; a session owns its own (session.h).
 */
#include <stdbool.h>
#include <stdint.h>

struct room;

/* A room that a dormant session is not a member of any more, and comes back to. */
struct berth {
	struct room *room;
	uint64_t gseq; /* member.gseq */
	bool is_lost;  /* it does not: it was put out, and its client may not have heard of it */
	int reason;    /* enum usher_reason */
};

#endif
