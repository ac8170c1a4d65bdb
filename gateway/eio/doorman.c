#include "gateway/eio/doorman.h"

#include "common/bucket.h"
#include "common/log.h"
#include "gateway/loop.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum {
	BURST_S = 2,
	QUIET_MS = 1000 * BURST_S, /* then the bucket is full again */
	FORGOTTEN_AT_ONCE = 2,
	TOLD_EVERY_MS = 60000,
	PREFIX_BYTES = 8, /* of an IPv6 address */
};

struct caller {
	struct ip key;
	struct bucket bucket;
	struct mono told;           /* the log has it, 0 = never */
	struct caller *prev, *next; /* the last one to come first */
	UT_hash_handle hh;
};

struct doorman {
	const struct loop *loop;
	uint64_t per_second, refused;
	struct caller *by_key, *recent;
};

struct doorman *doorman_new(const struct loop *loop, uint64_t per_second)
{
	struct doorman *d = xcalloc(1, sizeof(*d));

	d->loop = loop;
	d->per_second = per_second;
	return d;
}

static void forget(struct doorman *d, struct caller *c)
{
	HASH_DEL(d->by_key, c);
	DL_DELETE(d->recent, c);
	free(c);
}

void doorman_free(struct doorman **d)
{
	if (!*d)
		return;
	while ((*d)->recent)
		forget(*d, (*d)->recent);
	free(*d);
	*d = NULL;
}

static struct ip key_of(const struct ip *ip)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct ip key = *ip;

	if (memcmp(ip->bytes, mapped, sizeof(mapped)) != 0)
		memset(key.bytes + PREFIX_BYTES, 0, sizeof(key.bytes) - PREFIX_BYTES);
	return key;
}

static void drop_quiet(struct doorman *d, struct mono now)
{
	for (int i = 0; i < FORGOTTEN_AT_ONCE && d->recent; i++) {
		struct caller *last = d->recent->prev;

		if (mono_ms_between(last->bucket.filled, now) < QUIET_MS)
			return;
		forget(d, last);
	}
}

static struct caller *find_or_add(struct doorman *d, const struct ip *ip, struct mono now)
{
	struct ip key = key_of(ip);
	struct caller *c = NULL;

	HASH_FIND(hh, d->by_key, &key, sizeof(key), c);
	if (c) {
		DL_DELETE(d->recent, c);
	} else {
		if (HASH_COUNT(d->by_key) == DOORMAN_MAX)
			forget(d, d->recent->prev);
		c = xcalloc(1, sizeof(*c));
		c->key = key;
		bucket_init(&c->bucket, d->per_second, d->per_second * BURST_S, now);
		HASH_ADD(hh, d->by_key, key, sizeof(c->key), c);
	}
	DL_PREPEND(d->recent, c);
	return c;
}

static void refuse(struct doorman *d, struct caller *c, const struct ip *ip, struct mono now)
{
	char text[IP_TEXT_SIZE];

	d->refused++;
	if (c->told.us && mono_ms_between(c->told, now) < TOLD_EVERY_MS)
		return;
	c->told = now;
	ip_text(ip, text);
	log_info("handshakes.limited", LOG_Z(IP, text), LOG_U(RATE, d->per_second));
}

bool doorman_admit(struct doorman *d, const struct ip *ip)
{
	struct mono now = loop_now(d->loop);

	if (!d->per_second)
		return true;
	drop_quiet(d, now);
	struct caller *c = find_or_add(d, ip, now);

	if (bucket_take(&c->bucket, now))
		return true;
	refuse(d, c, ip, now);
	return false;
}

size_t doorman_known(const struct doorman *d)
{
	return HASH_COUNT(d->by_key);
}

uint64_t doorman_refused(const struct doorman *d)
{
	return d->refused;
}
