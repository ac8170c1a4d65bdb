#ifndef ROOMCAST_GATEWAY_NEWS_H
#define ROOMCAST_GATEWAY_NEWS_H
/*
 * What the link tells, and who hears it: the desk, but for what concerns the process as a whole.
 * Used by main.
 */
#include "common/bucket.h"
#include "gateway/drain.h"
#include "gateway/room/desk.h"
#include "gateway/room/trail.h"

/* Whom it concerns; lent, and filled in before the loop runs. */
struct news {
	struct loop *loop;
	struct desk *desk;
	struct drain *drain;
	struct trail *trail;
	struct uplink *uplink;
	struct bucket *admission;
};

/* `up` is the struct news. */
extern const struct uplink_events news_of_link;

#endif
