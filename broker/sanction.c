#include "broker/sanction.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct entry {
	struct sanction is; /* its views are into text */
	char *text;
	char *key;
	UT_hash_handle hh;
};

struct sanctions {
	struct entry *all;
	int64_t next_ms; /* nothing is over before; 0 = nothing ever will be */
};

static const char *const kind_names[SANCTION_KINDS] = {
    [SANCTION_BAN] = "ban", [SANCTION_MUTE] = "mute"};

const char *sanction_kind_name(enum sanction_kind kind)
{
	return kind_names[kind];
}

bool sanction_kind_find(struct str name, enum sanction_kind *ret)
{
	for (enum sanction_kind kind = 0; kind < SANCTION_KINDS; kind++) {
		if (!str_eqz(name, kind_names[kind]))
			continue;
		*ret = kind;
		return true;
	}
	return false;
}

struct store_sanction sanction_row(const struct sanction *s)
{
	return (struct store_sanction){
	    .kind = str_of(sanction_kind_name(s->key.kind)),
	    .user = s->key.user,
	    .nsp = s->key.nsp,
	    .room = s->key.room,
	    .by = s->by,
	    .reason = s->reason,
	    .since = s->since,
	    .until = s->until,
	};
}

struct sanctions *sanctions_new(void)
{
	return xcalloc(1, sizeof(struct sanctions));
}

static void free_entry(struct sanctions *ss, struct entry *e)
{
	HASH_DEL(ss->all, e);
	free(e->text);
	free(e->key);
	free(e);
}

void sanctions_free(struct sanctions **ss)
{
	struct entry *e, *next;

	if (!*ss)
		return;
	HASH_ITER(hh, (*ss)->all, e, next)
	free_entry(*ss, e);
	free(*ss);
	*ss = NULL;
}

/* Kind, room, length of the namespace, namespace, user: no two keys have the same bytes. */
static char *make_key(const struct sanction_key *k, size_t *ret_len)
{
	uint64_t head[3] = {k->kind, k->room, k->nsp.len};
	char *key = xcalloc(1, sizeof(head) + k->nsp.len + k->user.len);

	memcpy(key, head, sizeof(head));
	if (k->nsp.len)
		memcpy(key + sizeof(head), k->nsp.p, k->nsp.len);
	if (k->user.len)
		memcpy(key + sizeof(head) + k->nsp.len, k->user.p, k->user.len);
	*ret_len = sizeof(head) + k->nsp.len + k->user.len;
	return key;
}

static struct entry *find(const struct sanctions *ss, const struct sanction_key *k)
{
	struct entry *e = NULL;
	size_t len;
	char *key;

	/* Most brokers have none, and every message asks. */
	if (!ss->all)
		return NULL;
	key = make_key(k, &len);
	HASH_FIND(hh, ss->all, key, len, e);
	free(key);
	return e;
}

static struct str keep(char **at, struct str s)
{
	struct str kept = {*at, s.len};

	if (s.len)
		memcpy(*at, s.p, s.len);
	*at += s.len;
	return kept;
}

static void note_end(struct sanctions *ss, struct wall until)
{
	if (until.ms && (!ss->next_ms || until.ms < ss->next_ms))
		ss->next_ms = until.ms;
}

void sanctions_put(struct sanctions *ss, const struct sanction *s)
{
	struct entry *e = xcalloc(1, sizeof(*e)), *old = find(ss, &s->key);
	size_t len = s->key.user.len + s->key.nsp.len + s->by.len + s->reason.len, key_len;
	char *at = xcalloc(1, len + 1);

	e->is = *s;
	e->text = at;
	e->is.key.user = keep(&at, s->key.user);
	e->is.key.nsp = keep(&at, s->key.nsp);
	e->is.by = keep(&at, s->by);
	e->is.reason = keep(&at, s->reason);
	if (old)
		free_entry(ss, old);
	e->key = make_key(&e->is.key, &key_len);
	HASH_ADD_KEYPTR(hh, ss->all, e->key, key_len, e);
	note_end(ss, e->is.until);
}

void sanctions_remove(struct sanctions *ss, const struct sanction_key *key)
{
	struct entry *e = find(ss, key);

	if (e)
		free_entry(ss, e);
}

static bool is_over(const struct sanction *s, struct wall now)
{
	return s->until.ms && s->until.ms <= now.ms;
}

const struct sanction *sanctions_find(
    const struct sanctions *ss, const struct sanction_key *key, struct wall now)
{
	const struct entry *e = find(ss, key);

	return e && !is_over(&e->is, now) ? &e->is : NULL;
}

void sanctions_expire(struct sanctions *ss, struct wall now,
    void (*fn)(void *ctx, const struct sanction *s), void *ctx)
{
	struct entry *e, *next;

	if (!ss->next_ms || ss->next_ms > now.ms)
		return;
	ss->next_ms = 0;
	HASH_ITER(hh, ss->all, e, next)
	{
		if (!is_over(&e->is, now)) {
			note_end(ss, e->is.until);
			continue;
		}
		fn(ctx, &e->is);
		free_entry(ss, e);
	}
}

size_t sanctions_count(const struct sanctions *ss)
{
	return HASH_COUNT(ss->all);
}

void sanctions_each(
    const struct sanctions *ss, void (*fn)(void *ctx, const struct sanction *s), void *ctx)
{
	for (const struct entry *e = ss->all; e; e = e->hh.next)
		fn(ctx, &e->is);
}
