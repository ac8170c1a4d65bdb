#ifndef ROOMCAST_BROKER_RATE_H
#define ROOMCAST_BROKER_RATE_H
/*
 * How often users did a thing lately: an exact sliding window for each user. He may do it `max`
 * times in any span of window_ms; what he did is forgotten to the millisecond when it is over.
 *
 * A user costs little: a short name that cannot be forged, and four bytes for each time, up to
 * `max`. Who did nothing for a window is forgotten. When users_max are known, the one that was
 * active the longest time ago is forgotten for a new one, who may thus do more than he should;
 * rate_forgotten() counts how often that happened. Pure; time is passed in and must not go back.
 */
#include "common/clock.h"
#include "common/str.h"

struct rate;

enum { RATE_MAX = 10000 }; /* times in a window */

struct rate_conf {
	uint64_t max; /* 1 to RATE_MAX */
	uint64_t window_ms;
	size_t users_max;
};

struct rate *rate_new(const struct rate_conf *conf);
void rate_free(struct rate **r);

/* What became of it when it was refused. */
struct rate_refusal {
	uint64_t retry_after_ms; /* then it is not refused, unless he does it elsewhere meanwhile */
	bool is_news;            /* the first one in a window */
};

/* He does it once more, which counts. false: he may not, and it does not count. */
MUST_USE bool rate_take(struct rate *r, struct str user, struct mono now, struct rate_refusal *ret);

/* Forgets some who were idle for a window; about once a second. */
void rate_on_tick(struct rate *r, struct mono now);

size_t rate_users(const struct rate *r);
uint64_t rate_forgotten(const struct rate *r);

#endif
