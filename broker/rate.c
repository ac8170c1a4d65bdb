#include "broker/rate.h"

#include "common/crypto.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum {
	FEW = 4, /* times that need no memory of their own */
	FORGOTTEN_AT_ONCE = 2,
	FORGOTTEN_A_TICK = 10000,
};

/* Times are milliseconds of the clock in 32 bits, of which only differences count: they wrap after
 * 49 days, and nobody is kept that long. */
struct account {
	uint8_t key[CRYPTO_SIPHASH_BYTES];
	union {
		uint32_t few[FEW];
		uint32_t *many;
	} times; /* a ring of size entries, the oldest at first */
	uint16_t first, count, size;
	bool was_refused; /* at refused, for the last time that was news */
	uint32_t refused;
	struct account *prev, *next; /* the latest active first */
	UT_hash_handle hh;
};

struct rate {
	struct rate_conf conf;
	uint8_t key[CRYPTO_SIPHASH_KEY_BYTES];
	struct account *by_key, *recent;
	uint64_t forgotten;
};

struct rate *rate_new(const struct rate_conf *conf)
{
	struct rate *r = xcalloc(1, sizeof(*r));

	assert(conf->max > 0 && conf->max <= RATE_MAX && conf->users_max > 0);
	r->conf = *conf;
	crypto_random(r->key, sizeof(r->key));
	return r;
}

static uint32_t *times_of(struct account *a)
{
	return a->size <= FEW ? a->times.few : a->times.many;
}

static uint32_t time_at(struct account *a, unsigned i)
{
	return times_of(a)[(a->first + i) % a->size];
}

static void forget(struct rate *r, struct account *a)
{
	HASH_DEL(r->by_key, a);
	DL_DELETE(r->recent, a);
	if (a->size > FEW)
		free(a->times.many);
	free(a);
}

void rate_free(struct rate **r)
{
	if (!*r)
		return;
	while ((*r)->recent)
		forget(*r, (*r)->recent);
	free(*r);
	*r = NULL;
}

static uint32_t ms_of(struct mono now)
{
	return (uint32_t)(now.us / 1000);
}

static bool is_over(const struct rate *r, uint32_t then, uint32_t now)
{
	return (uint32_t)(now - then) >= r->conf.window_ms;
}

static void drop_old(const struct rate *r, struct account *a, uint32_t now)
{
	while (a->count > 0 && is_over(r, time_at(a, 0), now)) {
		a->first = (uint16_t)((a->first + 1) % a->size);
		a->count--;
	}
	if (a->was_refused && is_over(r, a->refused, now))
		a->was_refused = false;
}

/* Those at the end of the list that have nothing in their window. */
static void drop_idle(struct rate *r, uint32_t now, int at_most)
{
	while (at_most-- > 0 && r->recent) {
		struct account *last = r->recent->prev;

		drop_old(r, last, now);
		if (last->count > 0)
			return;
		forget(r, last);
	}
}

static void grow(const struct rate *r, struct account *a)
{
	size_t size = (size_t)a->size * 2 < r->conf.max ? (size_t)a->size * 2 : r->conf.max;
	uint32_t *many = xcalloc(size, sizeof(*many));

	for (unsigned i = 0; i < a->count; i++)
		many[i] = time_at(a, i);
	if (a->size > FEW)
		free(a->times.many);
	a->times.many = many;
	a->first = 0;
	a->size = (uint16_t)size;
}

static void note(const struct rate *r, struct account *a, uint32_t now)
{
	if (a->count == a->size)
		grow(r, a);
	times_of(a)[(a->first + a->count) % a->size] = now;
	a->count++;
}

static struct account *open_account(struct rate *r, const uint8_t key[CRYPTO_SIPHASH_BYTES])
{
	struct account *a;

	if (HASH_COUNT(r->by_key) >= r->conf.users_max) {
		forget(r, r->recent->prev);
		r->forgotten++;
	}
	a = xcalloc(1, sizeof(*a));
	memcpy(a->key, key, CRYPTO_SIPHASH_BYTES);
	a->size = (uint16_t)(r->conf.max < FEW ? r->conf.max : FEW);
	HASH_ADD(hh, r->by_key, key, CRYPTO_SIPHASH_BYTES, a);
	DL_PREPEND(r->recent, a);
	return a;
}

static struct account *find_account(struct rate *r, struct str user)
{
	uint8_t key[CRYPTO_SIPHASH_BYTES];
	struct account *a = NULL;

	crypto_siphash(r->key, str_bytes(user), key);
	HASH_FIND(hh, r->by_key, key, CRYPTO_SIPHASH_BYTES, a);
	if (!a)
		return open_account(r, key);
	if (a != r->recent) {
		DL_DELETE(r->recent, a);
		DL_PREPEND(r->recent, a);
	}
	return a;
}

bool rate_take(struct rate *r, struct str user, struct mono now, struct rate_refusal *ret)
{
	uint32_t ms = ms_of(now);

	drop_idle(r, ms, FORGOTTEN_AT_ONCE);
	struct account *a = find_account(r, user);

	drop_old(r, a, ms);
	if (a->count < r->conf.max) {
		note(r, a, ms);
		return true;
	}
	ret->retry_after_ms = r->conf.window_ms - (uint32_t)(ms - time_at(a, 0));
	ret->is_news = !a->was_refused;
	if (ret->is_news) {
		a->was_refused = true;
		a->refused = ms;
	}
	return false;
}

void rate_on_tick(struct rate *r, struct mono now)
{
	drop_idle(r, ms_of(now), FORGOTTEN_A_TICK);
}

size_t rate_users(const struct rate *r)
{
	return HASH_COUNT(r->by_key);
}

uint64_t rate_forgotten(const struct rate *r)
{
	return r->forgotten;
}
