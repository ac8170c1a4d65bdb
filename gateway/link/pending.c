#include "gateway/link/pending.h"

#include <stdlib.h>
#include <uthash.h>

struct entry {
	struct pending_request request;
	struct timer deadline;
	UT_hash_handle hh;
};

struct pending {
	struct entry *entries; /* by id; uthash keeps the order of insertion */
	struct timer_queue deadlines;
	size_t max_requests, max_bytes;
	size_t bytes;
	uint64_t last_id;
};

struct pending *pending_new(uint64_t timeout_ms, size_t max_requests, size_t max_bytes)
{
	struct pending *p = xcalloc(1, sizeof(*p));

	timer_queue_init(&p->deadlines, timeout_ms);
	p->max_requests = max_requests;
	p->max_bytes = max_bytes;
	return p;
}

static struct entry *find(const struct pending *p, uint64_t id)
{
	struct entry *e = NULL;

	HASH_FIND(hh, p->entries, &id, sizeof(id), e);
	return e;
}

static void drop(struct pending *p, struct entry *e)
{
	HASH_DEL(p->entries, e);
	timer_stop(&e->deadline);
	p->bytes -= frame_len(e->request.message);
	frame_unref(&e->request.message);
	free(e);
}

void pending_free(struct pending **p)
{
	struct entry *e, *next;

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

enum err pending_add(struct pending *p, const struct pending_request *request, struct mono now)
{
	size_t bytes = frame_len(request->message);

	if (HASH_COUNT(p->entries) >= p->max_requests || p->bytes + bytes > p->max_bytes)
		return ERR_FULL;
	struct entry *e = xcalloc(1, sizeof(*e));

	e->request = *request;
	frame_ref(request->message);
	p->bytes += bytes;
	timer_start(&e->deadline, &p->deadlines, now);
	HASH_ADD(hh, p->entries, request.id, sizeof(e->request.id), e);
	return ERR_OK;
}

const struct pending_request *pending_find(const struct pending *p, uint64_t id)
{
	const struct entry *e = find(p, id);

	return e ? &e->request : NULL;
}

void pending_mark_sent(struct pending *p, uint64_t id)
{
	struct entry *e = find(p, id);

	if (e)
		e->request.was_sent = true;
}

void pending_remove(struct pending *p, uint64_t id)
{
	struct entry *e = find(p, id);

	if (e)
		drop(p, e);
}

void pending_each(
    struct pending *p, void (*fn)(void *ctx, const struct pending_request *r), void *ctx)
{
	for (struct entry *e = p->entries; e; e = e->hh.next)
		fn(ctx, &e->request);
}

void pending_forget(struct pending *p, const void *owner)
{
	struct entry *e, *next;

	HASH_ITER (hh, p->entries, e, next) {
		if (e->request.owner != owner)
			continue;
		e->request.owner = NULL;
		if (e->request.type != WIRE_PUBLISH)
			drop(p, e);
	}
}

const struct pending_request *pending_expired(struct pending *p, struct mono now)
{
	struct timer *t = timer_queue_expire(&p->deadlines, now);

	return t ? &CONTAINER_OF(t, struct entry, deadline)->request : NULL;
}

bool pending_next_due(const struct pending *p, struct mono *ret)
{
	return timer_queue_next(&p->deadlines, ret);
}

size_t pending_count(const struct pending *p)
{
	return HASH_COUNT(p->entries);
}
