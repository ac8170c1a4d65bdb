#ifndef ROOMCAST_GATEWAY_ROOM_TRAIL_H
#define ROOMCAST_GATEWAY_ROOM_TRAIL_H
/*
 * The trail: what became of the latest stored messages at this gateway, for operators who ask. One
 * step for each gseq, in a ring of TRAIL_STEPS numbers: a newer message takes the step of the one
 * that is so many numbers older. 2 MiB, whatever happens; nothing is kept for a receiver. Pure.
 * Written by recovery.c, read by news.c.
 */
#include "common/clock.h"
#include "common/err.h"

struct trail;

enum { TRAIL_STEPS = 1 << 16 };

struct trail_step {
	uint64_t gseq;
	struct wall at;     /* when it was first given to somebody here */
	uint32_t sockets;   /* it was delivered to */
	uint32_t lagging;   /* of these: had to wait for it (door.h) */
	uint32_t recovered; /* clients that came back, for whom it was fetched */
};

struct trail *trail_new(void);
void trail_free(struct trail **t);

/* The link is up. With another database than before, or one that was put back to this place, the
 * trail begins anew: of what was stored up to there it knows nothing. */
void trail_begin(struct trail *t, uint64_t epoch, uint64_t place);

/* Adds to the step of step->gseq, which is not 0; `at` counts for the first time only. */
void trail_note(struct trail *t, const struct trail_step *step);

/*
 * ERR_NOT_FOUND: it was given to nobody here. ERR_EXPIRED: not known any more, or it was stored
 * before the trail began.
 */
MUST_USE enum err trail_find(const struct trail *t, uint64_t gseq, struct trail_step *ret);

#endif
