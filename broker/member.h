#ifndef ROOMCAST_BROKER_MEMBER_H
#define ROOMCAST_BROKER_MEMBER_H
/*
 * Membership: which session is in which room. A user is present in a room while one of his
 * sessions is; `attendance` is that user there. Keeps the route of the room as well.
 */
#include "broker/room.h"
#include "broker/session.h"

/* One session in one room. */
struct member {
	struct room *room;
	struct session *session;
	struct attendance *attendance;
	struct wall joined;
	uint64_t gseq; /* the newest message when it joined: older ones are not for it */
	uint32_t round; /* presence.h's, as the room's: when it joined; 0 = before */
	struct member *session_prev, *session_next; /* in session->members */
	struct member *user_prev, *user_next;       /* in attendance->members */
};

/* One user in one room. */
struct attendance {
	char *user; /* id */
	struct member *members;
	size_t connections;
	struct wall joined; /* of his first connection there */
	UT_hash_handle hh;  /* in room->users */
};

/* NULL when it is not in the room. */
struct member *member_find(const struct room *room, const struct session *session);

/* It must not be in the room yet. ret_is_first: the user was not there before. */
struct member *member_add(struct room *room, struct session *session, struct wall now,
    bool *ret_is_first);

/* The session has its connection at another peer, NULL = nowhere: so have its memberships, and
 * nobody comes or goes. */
void member_move_all(struct sessions *ss, struct session *session, struct peer *to);

/* ret_is_last: the user is not there any more. Leaves NULL. */
void member_remove(struct member **m, bool *ret_is_last);

/* Different users in the room. */
size_t room_user_count(const struct room *room);

void room_each_member(
    const struct room *room, void (*fn)(void *ctx, const struct member *m), void *ctx);

#endif
