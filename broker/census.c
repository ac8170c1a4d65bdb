#include "broker/census.h"

#include "broker/roll.h"

#include <stdlib.h>
#include <utlist.h>

enum {
	WRITTEN_A_TICK = 2000,
	NOTED_MAX = 200000, /* whoever else comes then is noted when he goes */
};

/* Somebody who was seen, until the database has it. */
struct sighting {
	char *user, *username;
	struct wall first, last;
	uint64_t batch; /* that has it, 0 = none */
	struct sighting *prev, *next;
	UT_hash_handle hh;
};

struct census {
	struct sighting *by_user;
	struct sighting *waiting;   /* for a batch */
	struct sighting *under_way; /* in the order of their batches */
};

struct census *census_new(void)
{
	return xcalloc(1, sizeof(struct census));
}

static void forget(struct census *c, struct sighting *s)
{
	HASH_DEL(c->by_user, s);
	if (s->batch)
		DL_DELETE(c->under_way, s);
	else
		DL_DELETE(c->waiting, s);
	free(s->user);
	free(s->username);
	free(s);
}

void census_free(struct census **c)
{
	struct sighting *s, *next;

	if (!*c)
		return;
	HASH_ITER(hh, (*c)->by_user, s, next)
	forget(*c, s);
	free(*c);
	*c = NULL;
}

static struct sighting *find(const struct census *c, struct str user)
{
	struct sighting *s = NULL;

	HASH_FIND(hh, c->by_user, user.p, user.len, s);
	return s;
}

static void await(struct census *c, struct sighting *s)
{
	DL_DELETE(c->under_way, s);
	s->batch = 0;
	DL_APPEND(c->waiting, s);
}

static struct sighting *add(struct census *c, struct str user)
{
	struct sighting *s = xcalloc(1, sizeof(*s));

	s->user = str_dup(user);
	HASH_ADD_KEYPTR(hh, c->by_user, s->user, user.len, s);
	DL_APPEND(c->waiting, s);
	return s;
}

void census_note(struct broker *b, const struct user *u)
{
	struct census *c = b->census;
	struct str user = str_of(u->id);
	struct sighting *s = find(c, user);

	if (str_has_prefix(user, STR("guest:")) || (!s && HASH_COUNT(c->by_user) >= NOTED_MAX))
		return;
	bool is_new = !s;

	if (is_new)
		s = add(c, user);
	else if (s->batch)
		await(c, s);
	free(s->username);
	s->username = xstrdup(u->username);
	s->last = turn_wall(b->turn);
	if (is_new)
		s->first = s->last;
}

static void write_next(struct broker *b)
{
	struct census *c = b->census;
	struct sighting *s = c->waiting;

	store_put_user(b->store,
	    &(struct store_user){str_of(s->user), str_of(s->username), s->first, s->last});
	DL_DELETE(c->waiting, s);
	s->batch = store_gathering(b->store);
	DL_APPEND(c->under_way, s);
}

void census_on_tick(struct broker *b)
{
	for (int i = 0; i < WRITTEN_A_TICK && b->census->waiting && roll_is_open(b); i++)
		write_next(b);
}

void census_flush(struct broker *b)
{
	while (b->census->waiting)
		write_next(b);
}

void census_on_committed(struct broker *b, uint64_t batch)
{
	struct census *c = b->census;

	while (c->under_way && c->under_way->batch <= batch)
		forget(c, c->under_way);
}

void census_on_failed(struct broker *b)
{
	while (b->census->under_way)
		await(b->census, b->census->under_way);
}

/* What the database says, and what it does not know yet. */
struct question {
	const struct sighting *latest; /* NULL = it knows all */
	void (*fn)(void *ctx, const struct reader_user *user);
	void *ctx;
};

static void on_stored(void *ctx, const struct reader_user *stored)
{
	struct question *q = ctx;
	struct reader_user user = *stored;

	if (q->latest) {
		user.username = str_of(q->latest->username);
		user.last_seen = q->latest->last;
	}
	q->fn(q->ctx, &user);
}

enum err census_find(struct broker *b, struct str user,
    void (*fn)(void *ctx, const struct reader_user *user), void *ctx)
{
	struct question q = {find(b->census, user), fn, ctx};
	enum err e = reader_user(b->reader, user, on_stored, &q);

	if (e != ERR_NOT_FOUND || !q.latest)
		return e;
	fn(ctx, &(struct reader_user){str_of(q.latest->username), q.latest->first, q.latest->last});
	return ERR_OK;
}
