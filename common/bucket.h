#ifndef ROOMCAST_COMMON_BUCKET_H
#define ROOMCAST_COMMON_BUCKET_H
/*
 * A token bucket: lets through so many a second, and after a quiet time as many at once as fit
 * into it. Used for admission and for pacing; it costs two words and no timer.
 */
#include "common/clock.h"

struct bucket {
	uint64_t per_second; /* 0 = lets everything through */
	uint64_t burst;      /* whole tokens that fit in, at least 1 */
	uint64_t millionths; /* of a token that are in it */
	struct mono filled;  /* when that was so */
};

/* Full at first. per_second at most 2^32. */
void bucket_init(struct bucket *b, uint64_t per_second, uint64_t burst, struct mono now);

/* From now on another rate; what is in it stays, as far as it fits. One that let everything through
 * begins full. */
void bucket_set_rate(struct bucket *b, uint64_t per_second, uint64_t burst, struct mono now);

/* Takes one token. false: there is none. */
MUST_USE bool bucket_take(struct bucket *b, struct mono now);

/* How long until there is one, in ms, rounded up; 0 = now. */
uint64_t bucket_wait_ms(const struct bucket *b, struct mono now);

/* The same for many at once. What would never fit in takes all that does. */
MUST_USE bool bucket_take_many(struct bucket *b, uint64_t tokens, struct mono now);
uint64_t bucket_wait_many_ms(const struct bucket *b, uint64_t tokens, struct mono now);

#endif
