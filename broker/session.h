#ifndef ROOMCAST_BROKER_SESSION_H
#define ROOMCAST_BROKER_SESSION_H
/*
 * Who is connected: sessions (one namespace socket of one client, at one gateway) and the users
 * they belong to. A user is known here while he has a session. Pure bookkeeping; what a session
 * is a member of is member.h's.
 *
 * A session is live while a peer has its connection. One with a pid may outlive it: then it is
 * dormant (dormancy.h) until its client comes back with another connection (recover.h). Each
 * connection has an id of its own, so that what an old one still says names nobody.
 */
#include "broker/berth.h"
#include "broker/session_facts.h"
#include "common/buf.h"
#include "common/timer.h"
#include "common/str.h"
#include "proto/limits.h"

#include <uthash.h>

struct peer;
struct room;
struct member;
struct ward;
struct question;
struct sessions;

struct user {
	char *id;
	char *username;
	struct session *sessions; /* list by user_prev/user_next */
	size_t session_count;
	size_t live_count; /* of these */
	struct wall since; /* of the first session */
	UT_hash_handle hh;
};

/* What is known here and not in the database: nothing, what is in a batch, or more; that it is
 * over. */
enum roll_state { ROLL_WRITTEN, ROLL_UNDER_WAY, ROLL_UNWRITTEN, ROLL_ENDED };

struct session {
	char *id;                /* of its connection */
	char *sid;               /* that the client knows itself by: its first connection's */
	char pid[LIMIT_PID + 1]; /* by which it is recovered; "" = it is not */
	char *nsp;
	struct user *user;
	struct peer *peer;   /* NULL = dormant */
	uint64_t generation; /* of the peer, when it was last announced */
	char *ip, *user_agent, *transport, *url;
	struct buf headers; /* encoded map */
	bool is_secure;
	char **grants; /* private rooms its token opens, grant_count of them */
	size_t grant_count;
	char *token_id;              /* of its token; "" = it has none */
	struct wall issued, expires; /* of its token; 0 = it does not say, never or not known */
	struct wall since;
	struct member *members; /* the rooms it is in, member.h's list */
	size_t member_count;
	uint64_t gseq;        /* the newest message when it began */
	enum roll_state roll; /* roll.h's, as all of its row in the database */
	uint64_t row;         /* its id, 0 = none */
	uint64_t row_batch;   /* of the last change */
	uint64_t row_made;    /* the first that has it, 0 = it was there at the start */
	struct session *roll_prev, *roll_next;
	struct berth *berths; /* dormancy.h's, berth_count of them, as the timers */
	size_t berth_count;
	bool is_away; /* has left its rooms for the berths */
	struct timer grace, window;
	struct ward *ward;          /* crew.h's, in a worker namespace; else NULL */
	struct question *questions; /* survey.h's list: what it is to answer yet */
	struct session *user_prev, *user_next;
	UT_hash_handle hh, pid_hh;
};

struct sessions *sessions_new(void);
void sessions_free(struct sessions **ss); /* every session left is freed too */

/* ERR_INVALID: an empty id, user or namespace, or grants that are no array of strings. An id that
 * exists is ERR_EXISTS; *ret is then the existing one. */
MUST_USE enum err sessions_add(
    struct sessions *ss, const struct session_facts *facts, struct session **ret);

/* NULL when there is none; a user who has no session is none. */
struct session *sessions_find(const struct sessions *ss, struct str id);
struct session *sessions_find_pid(const struct sessions *ss, struct str pid);
struct user *sessions_find_user(const struct sessions *ss, struct str id);

/* It has another connection: takes over all that is not the client's own (sid, pid, nsp, user),
 * but for the peer. ERR_INVALID as above, ERR_EXISTS: another session has that id. */
MUST_USE enum err sessions_renew(
    struct sessions *ss, struct session *s, const struct session_facts *facts);

/* It has another token: takes over name, grants and what else is said of it. ERR_INVALID: grants
 * that are no array of strings. */
MUST_USE enum err sessions_set_token(
    struct sessions *ss, struct session *s, const struct session_facts *facts);

/* NULL: its connection is lost. What it is a member of is moved by member_move_all(). */
void sessions_move(struct sessions *ss, struct session *s, struct peer *to);

/* Nobody gets it back. */
void sessions_forget_pid(struct sessions *ss, struct session *s);

/* Forgets and frees; it must have left all rooms. */
void sessions_remove(struct sessions *ss, struct session **s);

/* Appends its grants as an encoded array. */
void session_put_grants(const struct session *s, struct buf *out);

bool session_is_granted(const struct session *s, struct str room);

size_t sessions_count(const struct sessions *ss); /* dormant ones too */
size_t sessions_live_count(const struct sessions *ss);
size_t sessions_user_count(const struct sessions *ss); /* with a live session */

/* fn may remove the session it is called with, and no other. */
void sessions_each(struct sessions *ss, void (*fn)(void *ctx, struct session *s), void *ctx);
void sessions_each_user(struct sessions *ss, void (*fn)(void *ctx, struct user *u), void *ctx);

#endif
