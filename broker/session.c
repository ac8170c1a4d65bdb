#include "broker/session.h"

#include "proto/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct sessions {
	struct session *all;  /* by id */
	struct session *pids; /* by pid */
	struct user *users;   /* by id */
	size_t live, live_users;
};

struct sessions *sessions_new(void)
{
	return xcalloc(1, sizeof(struct sessions));
}

static void free_token(struct session *s)
{
	for (size_t i = 0; i < s->grant_count; i++)
		free(s->grants[i]);
	free(s->grants);
	free(s->token_id);
	s->grants = NULL;
	s->grant_count = 0;
	s->token_id = NULL;
}

/* What it has of its connection. */
static void free_connection(struct session *s)
{
	free_token(s);
	free(s->id);
	free(s->ip);
	free(s->user_agent);
	free(s->transport);
	free(s->url);
	buf_free(&s->headers);
}

static void free_session(struct session *s)
{
	timer_stop(&s->grace);
	timer_stop(&s->window);
	free_connection(s);
	free(s->berths);
	free(s->sid);
	free(s->nsp);
	free(s);
}

void sessions_free(struct sessions **ss)
{
	struct session *s, *next;

	if (!*ss)
		return;
	HASH_ITER(hh, (*ss)->all, s, next)
	sessions_remove(*ss, &s);
	free(*ss);
	*ss = NULL;
}

static bool are_grants(struct bytes grants)
{
	struct value_reader r = value_reader(grants);
	struct value head, room;

	if (value_next(&r, &head))
		return false;
	if (head.type == VALUE_NIL)
		return true;
	if (head.type != VALUE_ARRAY || head.as.count > LIMIT_ROOMS_PER_SOCKET)
		return false;
	for (uint32_t i = 0; i < head.as.count; i++) {
		if (value_next(&r, &room) || room.type != VALUE_STR)
			return false;
	}
	return true;
}

/* They were looked at. */
static void copy_grants(struct session *s, struct bytes grants)
{
	struct value_reader r = value_reader(grants);
	struct value head, room;

	if (value_next(&r, &head) || head.type != VALUE_ARRAY)
		return;
	s->grants = xcalloc(head.as.count, sizeof(*s->grants));
	while (s->grant_count < head.as.count && value_next(&r, &room) == ERR_OK)
		s->grants[s->grant_count++] = str_dup(room.as.s);
}

static void copy_token(struct session *s, const struct session_facts *facts)
{
	copy_grants(s, facts->grants);
	s->token_id = str_dup(facts->token_id);
	s->issued = facts->issued;
	s->expires = facts->expires;
}

static void copy_connection(struct session *s, const struct session_facts *facts)
{
	s->id = str_dup(facts->id);
	copy_token(s, facts);
	s->ip = str_dup(facts->ip);
	s->user_agent = str_dup(facts->user_agent);
	s->transport = str_dup(facts->transport);
	s->url = str_dup(facts->url);
	buf_put(&s->headers, facts->headers);
	s->is_secure = facts->is_secure;
	s->since = facts->since;
	s->generation = facts->generation;
}

struct user *sessions_find_user(const struct sessions *ss, struct str id)
{
	struct user *u = NULL;

	HASH_FIND(hh, ss->users, id.p, id.len, u);
	return u;
}

static struct user *find_or_add_user(struct sessions *ss, const struct session_facts *facts)
{
	struct user *u = sessions_find_user(ss, facts->user);

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

static bool are_valid(const struct session_facts *facts)
{
	return facts->id.len > 0 && facts->id.len <= LIMIT_SOCKET_ID &&
	       facts->sid.len <= LIMIT_SOCKET_ID && facts->pid.len <= LIMIT_PID &&
	       facts->user.len > 0 && facts->nsp.len > 0 && are_grants(facts->grants);
}

static void index_pid(struct sessions *ss, struct session *s, struct str pid)
{
	if (pid.len == 0)
		return;
	memcpy(s->pid, pid.p, pid.len);
	HASH_ADD(pid_hh, ss->pids, pid, pid.len, s);
}

enum err sessions_add(struct sessions *ss, const struct session_facts *facts, struct session **ret)
{
	struct session *s = sessions_find(ss, facts->id);
	struct str sid = facts->sid.len ? facts->sid : facts->id;

	if (s) {
		*ret = s;
		return ERR_EXISTS;
	}
	if (!are_valid(facts) || sessions_find_pid(ss, facts->pid))
		return ERR_INVALID;
	s = xcalloc(1, sizeof(*s));
	copy_connection(s, facts);
	s->sid = str_dup(sid);
	s->nsp = str_dup(facts->nsp);
	s->user = find_or_add_user(ss, facts);
	s->user->session_count++;
	DL_APPEND2(s->user->sessions, s, user_prev, user_next);
	HASH_ADD_KEYPTR(hh, ss->all, s->id, facts->id.len, s);
	index_pid(ss, s, facts->pid);
	sessions_move(ss, s, facts->peer);
	*ret = s;
	return ERR_OK;
}

struct session *sessions_find(const struct sessions *ss, struct str id)
{
	struct session *s = NULL;

	HASH_FIND(hh, ss->all, id.p, id.len, s);
	return s;
}

struct session *sessions_find_pid(const struct sessions *ss, struct str pid)
{
	struct session *s = NULL;

	if (pid.len == 0)
		return NULL;
	HASH_FIND(pid_hh, ss->pids, pid.p, pid.len, s);
	return s;
}

enum err sessions_renew(struct sessions *ss, struct session *s, const struct session_facts *facts)
{
	const struct session *same = sessions_find(ss, facts->id);

	if (!are_valid(facts))
		return ERR_INVALID;
	if (same && same != s)
		return ERR_EXISTS;
	HASH_DEL(ss->all, s);
	free_connection(s);
	copy_connection(s, facts);
	HASH_ADD_KEYPTR(hh, ss->all, s->id, facts->id.len, s);
	(void)find_or_add_user(ss, facts);
	return ERR_OK;
}

enum err sessions_set_token(
    struct sessions *ss, struct session *s, const struct session_facts *facts)
{
	if (!are_grants(facts->grants))
		return ERR_INVALID;
	free_token(s);
	copy_token(s, facts);
	(void)find_or_add_user(ss, facts);
	return ERR_OK;
}

void sessions_move(struct sessions *ss, struct session *s, struct peer *to)
{
	struct user *u = s->user;

	if (!s->peer && to) {
		ss->live++;
		ss->live_users += u->live_count++ == 0;
	} else if (s->peer && !to) {
		ss->live--;
		ss->live_users -= --u->live_count == 0;
	}
	s->peer = to;
}

void sessions_forget_pid(struct sessions *ss, struct session *s)
{
	if (!s->pid[0])
		return;
	HASH_DELETE(pid_hh, ss->pids, s);
	s->pid[0] = '\0';
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
	sessions_forget_pid(ss, dead);
	sessions_move(ss, dead, NULL);
	HASH_DEL(ss->all, dead);
	DL_DELETE2(dead->user->sessions, dead, user_prev, user_next);
	dead->user->session_count--;
	release_user(ss, dead->user);
	free_session(dead);
}

void session_put_grants(const struct session *s, struct buf *out)
{
	value_put_array(out, (uint32_t)s->grant_count);
	for (size_t i = 0; i < s->grant_count; i++)
		value_put_str(out, str_of(s->grants[i]));
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

size_t sessions_live_count(const struct sessions *ss)
{
	return ss->live;
}

size_t sessions_user_count(const struct sessions *ss)
{
	return ss->live_users;
}

void sessions_each(struct sessions *ss, void (*fn)(void *ctx, struct session *s), void *ctx)
{
	struct session *s, *next;

	HASH_ITER(hh, ss->all, s, next)
	fn(ctx, s);
}

void sessions_each_user(struct sessions *ss, void (*fn)(void *ctx, struct user *u), void *ctx)
{
	struct user *u, *next;

	HASH_ITER(hh, ss->users, u, next)
	fn(ctx, u);
}
