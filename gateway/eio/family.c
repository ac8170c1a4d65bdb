#include "gateway/eio/session_inner.h"

#include <assert.h>
#include <stdlib.h>

struct eio_family *eio_family_new(
    const struct eio_rules *rules, const struct eio_events *events, void *up)
{
	struct eio_family *f = xcalloc(1, sizeof(*f));

	f->rules = *rules;
	f->events = events;
	f->up = up;
	timer_queue_init(&f->ping_due, rules->ping_interval_ms);
	timer_queue_init(&f->pong_due, rules->ping_timeout_ms);
	timer_queue_init(&f->last_due, rules->ping_interval_ms + rules->ping_timeout_ms);
	upgrades_init(&f->upgrades, rules->upgrade_timeout_ms);
	return f;
}

void eio_family_free(struct eio_family **f)
{
	struct eio_family *dead = *f;

	*f = NULL;
	if (!dead)
		return;
	assert(!dead->all);
	buf_free(&dead->decoded);
	free(dead);
}

static void expire_upgrades(struct eio_family *f, struct mono now)
{
	struct upgrade *u;

	while ((u = upgrades_expire(&f->upgrades, now)))
		eio_session_turn_away(u->session, EIO_CLOSE_UPGRADE_ERROR);
	while ((u = upgrades_release(&f->upgrades, now)))
		u->session->transport->release(u->session->wire);
}

static void close_silent(struct timer_queue *due, struct mono now)
{
	struct timer *t;

	while ((t = timer_queue_expire(due, now)))
		eio_session_close(
		    CONTAINER_OF(t, struct eio_session, heartbeat), EIO_CLOSE_PING_TIMEOUT);
}

void eio_family_expire(struct eio_family *f, struct mono now)
{
	struct timer *t;

	/* The silent first: who is closed here needs no ping any more. */
	close_silent(&f->pong_due, now);
	close_silent(&f->last_due, now);
	while ((t = timer_queue_expire(&f->ping_due, now))) {
		struct eio_session *s = CONTAINER_OF(t, struct eio_session, heartbeat);

		timer_start(&s->heartbeat, &f->pong_due, now);
		eio_session_send_control(s, EIO_PACKET_PING, NULL);
	}
	expire_upgrades(f, now);
}

bool eio_family_next_due(const struct eio_family *f, struct mono *ret_due)
{
	const struct timer_queue *const queues[] = {
	    &f->ping_due, &f->pong_due, &f->last_due, &f->upgrades.timeout, &f->upgrades.release};
	struct mono due;
	bool has_any = false;

	for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
		if (!timer_queue_next(queues[i], &due))
			continue;
		if (!has_any || mono_before(due, *ret_due))
			*ret_due = due;
		has_any = true;
	}
	return has_any;
}

uint64_t eio_family_floods(const struct eio_family *f)
{
	return f->floods;
}

size_t eio_family_open_count(const struct eio_family *f)
{
	return f->open_count;
}

void eio_family_each(struct eio_family *f, void (*fn)(void *ctx, struct eio_session *s), void *ctx)
{
	for (struct eio_session *s = f->all; s; s = s->hh.next) {
		if (eio_session_is_open(s))
			fn(ctx, s);
	}
}

struct eio_session *eio_family_find(const struct eio_family *f, struct str id)
{
	struct eio_session *s = NULL;

	if (id.len == CRYPTO_ID_LEN)
		HASH_FIND(hh, f->all, id.p, CRYPTO_ID_LEN, s);
	return s;
}
