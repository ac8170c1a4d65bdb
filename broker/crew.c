#include "broker/crew.h"

#include "proto/value.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

struct crew {
	struct hand *hands; /* list */
	struct task *tasks; /* by number */
	uint64_t last_task;
};

struct crew *crew_new(void)
{
	return xcalloc(1, sizeof(struct crew));
}

static void free_hand(struct hand *h)
{
	for (size_t i = 0; i < h->namespace_count; i++)
		free(h->namespaces[i]);
	free(h->namespaces);
	free(h);
}

void crew_free(struct crew **c)
{
	if (!*c)
		return;
	assert(!(*c)->tasks);
	while ((*c)->hands) {
		struct hand *h = (*c)->hands;

		crew_remove(*c, &h);
	}
	free(*c);
	*c = NULL;
}

/* ---- hands ---- */

static enum err copy_namespaces(struct hand *h, struct bytes names)
{
	struct value_reader r = value_reader(names);
	struct value head, name;

	if (value_next(&r, &head) || head.type != VALUE_ARRAY || head.as.count == 0 ||
	    head.as.count > LIMIT_NAMESPACES)
		return ERR_INVALID;
	h->namespaces = xcalloc(head.as.count, sizeof(*h->namespaces));
	for (uint32_t i = 0; i < head.as.count; i++) {
		if (value_next(&r, &name) || name.type != VALUE_STR)
			return ERR_INVALID;
		h->namespaces[h->namespace_count++] = str_dup(name.as.s);
	}
	return ERR_OK;
}

enum err crew_add(struct crew *c, struct peer *peer, struct bytes namespaces)
{
	struct hand *h;

	if (crew_find(c, peer))
		return ERR_EXISTS;
	h = xcalloc(1, sizeof(*h));
	h->peer = peer;
	if (copy_namespaces(h, namespaces)) {
		free_hand(h);
		return ERR_INVALID;
	}
	DL_APPEND(c->hands, h);
	return ERR_OK;
}

struct hand *crew_find(const struct crew *c, const struct peer *peer)
{
	struct hand *h = c->hands;

	while (h && h->peer != peer)
		h = h->next;
	return h;
}

bool hand_serves(const struct hand *h, struct str nsp)
{
	for (size_t i = 0; i < h->namespace_count; i++) {
		if (str_eqz(nsp, h->namespaces[i]))
			return true;
	}
	return false;
}

bool crew_serves(const struct crew *c, struct str nsp)
{
	for (const struct hand *h = c->hands; h; h = h->next) {
		if (!h->is_gone && hand_serves(h, nsp))
			return true;
	}
	return false;
}

void crew_remove(struct crew *c, struct hand **h)
{
	struct hand *dead = *h;

	*h = NULL;
	assert(!dead->wards);
	DL_DELETE(c->hands, dead);
	free_hand(dead);
}

/* ---- wards ---- */

struct ward *ward_new(struct session *s)
{
	struct ward *w = xcalloc(1, sizeof(*w));

	assert(!s->ward);
	w->session = s;
	s->ward = w;
	return w;
}

void ward_free(struct crew *c, struct ward **w)
{
	struct ward *dead = *w;

	*w = NULL;
	if (!dead)
		return;
	while (dead->tasks) {
		struct task *t = dead->tasks;

		crew_end_task(c, &t);
	}
	crew_part(dead);
	dead->session->ward = NULL;
	free(dead);
}

static void count_tasks(struct hand *h, const struct ward *w, bool is_more)
{
	for (const struct task *t = w->tasks; t; t = t->next) {
		size_t bytes = frame_bytes(t->message).len;

		h->task_count += is_more ? 1 : (size_t)-1;
		h->task_bytes += is_more ? bytes : (size_t)-bytes;
	}
}

bool crew_hire(struct crew *c, struct ward *w)
{
	struct hand *best = NULL;

	assert(!w->hand);
	for (struct hand *h = c->hands; h; h = h->next) {
		if (!h->is_gone && hand_serves(h, str_of(w->session->nsp)) &&
		    (!best || h->ward_count < best->ward_count))
			best = h;
	}
	if (!best)
		return false;
	w->hand = best;
	best->ward_count++;
	DL_APPEND(best->wards, w);
	count_tasks(best, w, true);
	return true;
}

void crew_part(struct ward *w)
{
	struct hand *h = w->hand;

	if (!h)
		return;
	count_tasks(h, w, false);
	DL_DELETE(h->wards, w);
	h->ward_count--;
	w->hand = NULL;
}

/* ---- tasks ---- */

uint64_t crew_next_task(struct crew *c)
{
	return ++c->last_task;
}

enum err crew_add_task(struct crew *c, const struct task *facts)
{
	struct hand *h = facts->ward->hand;
	size_t bytes = frame_bytes(facts->message).len;
	struct task *t;

	if (h->task_count >= LIMIT_WORKER_TASKS || h->task_bytes + bytes > LIMIT_WORKER_BYTES)
		return ERR_FULL;
	t = xcalloc(1, sizeof(*t));
	*t = *facts;
	t->message = frame_ref(facts->message);
	h->task_count++;
	h->task_bytes += bytes;
	DL_APPEND(t->ward->tasks, t);
	HASH_ADD(hh, c->tasks, number, sizeof(t->number), t);
	return ERR_OK;
}

struct task *crew_find_task(const struct crew *c, const struct hand *h, uint64_t number)
{
	struct task *t = NULL;

	HASH_FIND(hh, c->tasks, &number, sizeof(number), t);
	return t && t->ward->hand == h ? t : NULL;
}

struct task *ward_find_task(const struct ward *w, uint64_t request)
{
	struct task *t = w->tasks;

	while (t && t->request != request)
		t = t->next;
	return t;
}

void crew_end_task(struct crew *c, struct task **t)
{
	struct task *dead = *t;
	struct hand *h = dead->ward->hand;

	*t = NULL;
	if (h) {
		h->task_count--;
		h->task_bytes -= frame_bytes(dead->message).len;
	}
	DL_DELETE(dead->ward->tasks, dead);
	HASH_DEL(c->tasks, dead);
	frame_unref(&dead->message);
	free(dead);
}
