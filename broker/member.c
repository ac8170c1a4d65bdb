#include "broker/member.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct attendance *find_attendance(const struct room *room, const char *user)
{
	struct attendance *a = NULL;

	HASH_FIND_STR(room->users, user, a);
	return a;
}

static struct member *find_session(const struct attendance *a, const struct session *session)
{
	/* A user has few connections. */
	for (struct member *m = a ? a->members : NULL; m; m = m->user_next) {
		if (m->session == session)
			return m;
	}
	return NULL;
}

struct member *member_find(const struct room *room, const struct session *session)
{
	return find_session(find_attendance(room, session->user->id), session);
}

struct member *member_add(
    struct room *room, struct session *session, struct wall now, bool *ret_is_first)
{
	struct attendance *a = find_attendance(room, session->user->id);
	struct member *m = xcalloc(1, sizeof(*m));

	assert(!find_session(a, session));
	*ret_is_first = !a;
	if (!a) {
		a = xcalloc(1, sizeof(*a));
		a->user = xstrdup(session->user->id);
		a->joined = now;
		HASH_ADD_KEYPTR(hh, room->users, a->user, strlen(a->user), a);
	}
	*m = (struct member){.room = room, .session = session, .attendance = a, .joined = now};
	DL_APPEND2(a->members, m, user_prev, user_next);
	DL_APPEND2(session->members, m, session_prev, session_next);
	a->connections++;
	session->member_count++;
	room->member_count++;
	if (session->peer)
		route_add(&room->route, session->peer);
	return m;
}

void member_move_all(struct sessions *ss, struct session *session, struct peer *to)
{
	struct peer *from = session->peer;

	for (struct member *m = session->members; m; m = m->session_next) {
		if (from)
			route_remove(&m->room->route, from);
		if (to)
			route_add(&m->room->route, to);
	}
	sessions_move(ss, session, to);
}

void member_remove(struct member **m, bool *ret_is_last)
{
	struct member *dead = *m;
	struct attendance *a = dead->attendance;
	struct room *room = dead->room;

	*m = NULL;
	if (dead->session->peer)
		route_remove(&room->route, dead->session->peer);
	DL_DELETE2(a->members, dead, user_prev, user_next);
	DL_DELETE2(dead->session->members, dead, session_prev, session_next);
	dead->session->member_count--;
	room->member_count--;
	a->connections--;
	*ret_is_last = a->connections == 0;
	if (*ret_is_last) {
		HASH_DEL(room->users, a);
		free(a->user);
		free(a);
	}
	free(dead);
}

size_t room_user_count(const struct room *room)
{
	return HASH_COUNT(room->users);
}

void room_each_member(
    const struct room *room, void (*fn)(void *ctx, const struct member *m), void *ctx)
{
	const struct attendance *a;
	const struct member *m;

	for (a = room->users; a; a = a->hh.next) {
		for (m = a->members; m; m = m->user_next)
			fn(ctx, m);
	}
}
