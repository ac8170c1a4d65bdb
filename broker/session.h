#ifndef ROOMCAST_BROKER_SESSION_H
#define ROOMCAST_BROKER_SESSION_H
/*
 * Who is connected: sessions (one namespace socket of one client, at one gateway) and the users
 * they belong to. A user is known here while he has a session. Pure bookkeeping; what a session
 * is a member of is member.h's.
 */
#include "common/buf.h"
#include "common/clock.h"
#include "common/str.h"
#include "proto/limits.h"

#include <uthash.h>

struct peer;
struct member;
struct ward;
struct sessions;

struct user {
	char *id;
	char *username;
	struct session *sessions; /* list by user_prev/user_next */
	size_t session_count;
	struct wall since; /* of the first session */
	UT_hash_handle hh;
};

struct session {
	char *id;
	char *nsp;
	struct user *user;
	struct peer *peer;
	uint64_t generation; /* of the peer, when it was last announced */
	char *ip, *user_agent, *transport, *url;
	struct buf headers; /* encoded map */
	bool is_secure;
	char **grants; /* private rooms its token opens, grant_count of them */
	size_t grant_count;
	struct wall since;
	struct member *members; /* the rooms it is in, member.h's list */
	size_t member_count;
	struct ward *ward; /* crew.h's, in a worker namespace; else NULL */
	struct session *user_prev, *user_next;
	UT_hash_handle hh;
};

/* What a session is made from; everything is copied. grants: an encoded array of strings. */
struct session_facts {
	struct str id, nsp, user, username;
	struct bytes grants;
	struct str ip, user_agent, transport, url;
	struct bytes headers; /* an encoded map, or nothing */
	bool is_secure;
	struct wall since;
	struct peer *peer;
	uint64_t generation;
};

struct sessions *sessions_new(void);
void sessions_free(struct sessions **ss); /* every session left is freed too */

/* ERR_INVALID: an empty id, user or namespace, or grants that are no array of strings. An id that
 * exists is ERR_EXISTS; *ret is then the existing one. */
MUST_USE enum err sessions_add(
    struct sessions *ss, const struct session_facts *facts, struct session **ret);

/* NULL when there is none. */
struct session *sessions_find(const struct sessions *ss, struct str id);

/* Forgets and frees; it must have left all rooms. */
void sessions_remove(struct sessions *ss, struct session **s);

bool session_is_granted(const struct session *s, struct str room);

size_t sessions_count(const struct sessions *ss);
size_t sessions_user_count(const struct sessions *ss);

/* fn may remove the session it is called with, and no other. */
void sessions_each(
    struct sessions *ss, void (*fn)(void *ctx, struct session *s), void *ctx);
void sessions_each_user(struct sessions *ss, void (*fn)(void *ctx, struct user *u), void *ctx);

#endif
