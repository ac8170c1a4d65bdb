#include "broker/revocation.h"

#include <stdlib.h>

struct revocations {
	size_t max;
	struct revocation *by[REVOCATION_KINDS];
};

struct revocations *revocations_new(size_t max)
{
	struct revocations *rs = xcalloc(1, sizeof(*rs));

	rs->max = max;
	return rs;
}

static void remove_any(void *ctx, struct revocation *r)
{
	revocations_remove(ctx, &r);
}

void revocations_free(struct revocations **rs)
{
	if (!*rs)
		return;
	revocations_each(*rs, remove_any, *rs);
	free(*rs);
	*rs = NULL;
}

static struct wall later(struct wall a, struct wall b)
{
	return a.ms > b.ms ? a : b;
}

enum err revocations_put(
    struct revocations *rs, const struct revocation_facts *facts, struct revocation **ret)
{
	struct revocation *r = revocations_find(rs, facts->kind, facts->subject);

	if (facts->subject.len == 0)
		return ERR_INVALID;
	if (!r && revocations_count(rs) >= rs->max)
		return ERR_FULL;
	if (!r) {
		r = xcalloc(1, sizeof(*r));
		r->kind = facts->kind;
		r->subject = str_dup(facts->subject);
		HASH_ADD_KEYPTR(hh, rs->by[r->kind], r->subject, facts->subject.len, r);
	}
	r->before = later(r->before, facts->before);
	r->until = later(r->until, facts->until);
	r->made = facts->made;
	*ret = r;
	return ERR_OK;
}

struct revocation *revocations_find(
    const struct revocations *rs, enum revocation_kind kind, struct str subject)
{
	struct revocation *r = NULL;

	if (subject.len)
		HASH_FIND(hh, rs->by[kind], subject.p, subject.len, r);
	return r;
}

void revocations_remove(struct revocations *rs, struct revocation **r)
{
	struct revocation *dead = *r;

	*r = NULL;
	HASH_DEL(rs->by[dead->kind], dead);
	free(dead->subject);
	free(dead);
}

bool revocations_has(
    const struct revocations *rs, const struct revocation_token *token, struct wall now)
{
	const struct revocation *of_user = revocations_find(rs, REVOCATION_USER, token->user);
	const struct revocation *of_token = revocations_find(rs, REVOCATION_TOKEN, token->id);

	if (of_token && now.ms < of_token->until.ms)
		return true;
	return of_user && now.ms < of_user->until.ms && token->issued.ms < of_user->before.ms;
}

size_t revocations_count(const struct revocations *rs)
{
	return HASH_COUNT(rs->by[REVOCATION_USER]) + HASH_COUNT(rs->by[REVOCATION_TOKEN]);
}

void revocations_each(
    struct revocations *rs, void (*fn)(void *ctx, struct revocation *r), void *ctx)
{
	struct revocation *r, *next;

	for (size_t kind = 0; kind < REVOCATION_KINDS; kind++) {
		HASH_ITER(hh, rs->by[kind], r, next)
		fn(ctx, r);
	}
}
