#include "broker/session.h"

#include "proto/value.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

struct sessions {
	struct session *all; /* by id */
	struct user *users;  /* by id */
};

struct sessions *sessions_new(void)
{
	return xcalloc(1, sizeof(struct sessions));
}

static void free_session(struct session *s)
{
	for (size_t i = 0; i < s->grant_count; i++)
		free(s->grants[i]);
	free(s->grants);
	free(s->id);
	free(s->nsp);
	free(s->ip);
	free(s->user_agent);
	free(s->transport);
	free(s->url);
	buf_free(&s->headers);
	free(s);
}

void sessions_free(struct sessions **ss)
{
	struct session *s, *next;

	if (!*ss)
		return;
	HASH_ITER (hh, (*ss)->all, s, next)
		sessions_remove(*ss, &s);
	free(*ss);
	*ss = NULL;
}

static enum err copy_grants(struct session *s, struct bytes grants)
{
	struct value_reader r = value_reader(grants);
	struct value head;

	if (value_next(&r, &head))
		return ERR_INVALID;
	if (head.type == VALUE_NIL)
		return ERR_OK;
	if (head.type != VALUE_ARRAY || head.as.count > LIMIT_ROOMS_PER_SOCKET)
		return ERR_INVALID;
	s->grants = xcalloc(head.as.count, sizeof(*s->grants));
	for (uint32_t i = 0; i < head.as.count; i++) {
		struct value room;

		if (value_next(&r, &room) || room.type != VALUE_STR)
			return ERR_INVALID;
		s->grants[s->grant_count++] = str_dup(room.as.s);
	}
	return ERR_OK;
}

static struct user *find_or_add_user(struct sessions *ss, const struct session_facts *facts)
{
	struct user *u;

	HASH_FIND(hh, ss->users, facts->user.p, facts->user.len, u);
	if (!u) {
		u = xcalloc(1, sizeof(*u));
		u->id = str_dup(facts->user);
		u->since = facts->since;
		HASH_ADD_KEYPTR(hh, ss->users, u->id, facts->user.len, u);
	}
	/* The newest token knows the name best. */
	if (!u->username || !str_eqz(facts->username, u->username)) {
		free(u->username);
		u->username = str_dup(facts->username);
	}
	return u;
}

enum err sessions_add(
    struct sessions *ss, const struct session_facts *facts, struct session **ret)
{
	struct session *s = sessions_find(ss, facts->id);

	if (s) {
		*ret = s;
		return ERR_EXISTS;
	}
	if (facts->id.len == 0 || facts->id.len > LIMIT_SOCKET_ID || facts->user.len == 0 ||
	    facts->nsp.len == 0)
		return ERR_INVALID;
	s = xcalloc(1, sizeof(*s));
	if (copy_grants(s, facts->grants)) {
		free_session(s);
		return ERR_INVALID;
	}
	s->id = str_dup(facts->id);
	s->nsp = str_dup(facts->nsp);
	s->ip = str_dup(facts->ip);
	s->user_agent = str_dup(facts->user_agent);
	s->transport = str_dup(facts->transport);
	s->url = str_dup(facts->url);
	buf_put(&s->headers, facts->headers);
	s->is_secure = facts->is_secure;
	s->since = facts->since;
	s->peer = facts->peer;
	s->generation = facts->generation;
	s->user = find_or_add_user(ss, facts);
	s->user->session_count++;
	DL_APPEND2(s->user->sessions, s, user_prev, user_next);
	HASH_ADD_KEYPTR(hh, ss->all, s->id, facts->id.len, s);
	*ret = s;
	return ERR_OK;
}

struct session *sessions_find(const struct sessions *ss, struct str id)
{
	struct session *s = NULL;

	HASH_FIND(hh, ss->all, id.p, id.len, s);
	return s;
}

static void release_user(struct sessions *ss, struct user *u)
{
	if (u->session_count > 0)
		return;
	HASH_DEL(ss->users, u);
	free(u->id);
	free(u->username);
	free(u);
}

void sessions_remove(struct sessions *ss, struct session **s)
{
	struct session *dead = *s;

	*s = NULL;
	assert(!dead->members);
	HASH_DEL(ss->all, dead);
	DL_DELETE2(dead->user->sessions, dead, user_prev, user_next);
	dead->user->session_count--;
	release_user(ss, dead->user);
	free_session(dead);
}

bool session_is_granted(const struct session *s, struct str room)
{
	for (size_t i = 0; i < s->grant_count; i++) {
		if (str_eqz(room, s->grants[i]))
			return true;
	}
	return false;
}

size_t sessions_count(const struct sessions *ss)
{
	return HASH_COUNT(ss->all);
}

size_t sessions_user_count(const struct sessions *ss)
{
	return HASH_COUNT(ss->users);
}

void sessions_each(
    struct sessions *ss, void (*fn)(void *ctx, struct session *s), void *ctx)
{
	struct session *s, *next;

	HASH_ITER (hh, ss->all, s, next)
		fn(ctx, s);
}

void sessions_each_user(struct sessions *ss, void (*fn)(void *ctx, struct user *u), void *ctx)
{
	struct user *u, *next;

	HASH_ITER (hh, ss->users, u, next)
		fn(ctx, u);
}
