#include "gateway/link/pending.h"

#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

struct pending_entry {
	struct pending_request request;
	struct timer deadline;
	struct pending_entry *owner_prev, *owner_next;
	UT_hash_handle hh;
};

struct pending {
	struct pending_entry *entries; /* by id; uthash keeps the order of insertion */
	struct timer_queue deadlines;
	struct pending_bounds bounds;
	size_t bytes;
	uint64_t last_id;
};

struct pending *pending_new(uint64_t timeout_ms, const struct pending_bounds *bounds)
{
	struct pending *p = xcalloc(1, sizeof(*p));

	timer_queue_init(&p->deadlines, timeout_ms);
	p->bounds = *bounds;
	return p;
}

static struct pending_entry *find(const struct pending *p, uint64_t id)
{
	struct pending_entry *e = NULL;

	HASH_FIND(hh, p->entries, &id, sizeof(id), e);
	return e;
}

static void disown(struct pending_entry *e)
{
	struct pending_owner *owner = e->request.owner;

	if (!owner)
		return;
	DL_DELETE2(owner->entries, e, owner_prev, owner_next);
	owner->count--;
	e->request.owner = NULL;
}

static void drop(struct pending *p, struct pending_entry *e)
{
	disown(e);
	HASH_DEL(p->entries, e);
	timer_stop(&e->deadline);
	p->bytes -= frame_len(e->request.message);
	frame_unref(&e->request.message);
	free(e);
}

void pending_free(struct pending **p)
{
	struct pending_entry *e, *next;

	if (!*p)
		return;
	HASH_ITER (hh, (*p)->entries, e, next)
		drop(*p, e);
	free(*p);
	*p = NULL;
}

uint64_t pending_next_id(struct pending *p)
{
	return ++p->last_id;
}

static bool is_full(const struct pending *p, const struct pending_request *request)
{
	size_t most = p->bounds.requests;

	if (request->type == WIRE_CONNECT)
		most += most / 8;
	return HASH_COUNT(p->entries) >= most ||
	    p->bytes + frame_len(request->message) > p->bounds.bytes ||
	    (request->owner && request->owner->count >= p->bounds.per_owner);
}

enum err pending_add(struct pending *p, const struct pending_request *request, struct mono now)
{
	if (is_full(p, request))
		return ERR_FULL;
	struct pending_entry *e = xcalloc(1, sizeof(*e));

	e->request = *request;
	frame_ref(request->message);
	p->bytes += frame_len(request->message);
	if (e->request.owner) {
		DL_APPEND2(e->request.owner->entries, e, owner_prev, owner_next);
		e->request.owner->count++;
	}
	timer_start(&e->deadline, &p->deadlines, now);
	HASH_ADD(hh, p->entries, request.id, sizeof(e->request.id), e);
	return ERR_OK;
}

const struct pending_request *pending_find(const struct pending *p, uint64_t id)
{
	const struct pending_entry *e = find(p, id);

	return e ? &e->request : NULL;
}

void pending_mark_sent(struct pending *p, uint64_t id)
{
	struct pending_entry *e = find(p, id);

	if (e)
		e->request.was_sent = true;
}

void pending_remove(struct pending *p, uint64_t id)
{
	struct pending_entry *e = find(p, id);

	if (e)
		drop(p, e);
}

void pending_each(
    struct pending *p, void (*fn)(void *ctx, const struct pending_request *r), void *ctx)
{
	for (struct pending_entry *e = p->entries; e; e = e->hh.next)
		fn(ctx, &e->request);
}

void pending_forget(struct pending *p, struct pending_owner *owner)
{
	struct pending_entry *e, *next;

	DL_FOREACH_SAFE2 (owner->entries, e, next, owner_next) {
		if (e->request.type == WIRE_PUBLISH)
			disown(e);
		else
			drop(p, e);
	}
}

bool pending_has(const struct pending_owner *owner, enum wire_type type, struct str room)
{
	const struct pending_entry *e;

	DL_FOREACH2 (owner->entries, e, owner_next) {
		if (e->request.type == type && str_eqz(room, e->request.room))
			return true;
	}
	return false;
}

void pending_drop_type(struct pending *p, enum wire_type type,
    void (*fn)(void *ctx, const struct pending_request *r), void *ctx)
{
	struct pending_entry *e, *next;

	HASH_ITER (hh, p->entries, e, next) {
		if (e->request.type != type)
			continue;
		fn(ctx, &e->request);
		drop(p, e);
	}
}

const struct pending_request *pending_expired(struct pending *p, struct mono now)
{
	struct timer *t = timer_queue_expire(&p->deadlines, now);

	return t ? &CONTAINER_OF(t, struct pending_entry, deadline)->request : NULL;
}

bool pending_next_due(const struct pending *p, struct mono *ret)
{
	return timer_queue_next(&p->deadlines, ret);
}

size_t pending_count(const struct pending *p)
{
	return HASH_COUNT(p->entries);
}
