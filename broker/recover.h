#ifndef ROOMCAST_BROKER_RECOVER_H
#define ROOMCAST_BROKER_RECOVER_H
/*
 * Recovery: a client that comes back with the pid of its session gets it again, on whatever
 * gateway, if nothing of what it missed is in doubt; otherwise it is a new session, and is told
 * so. A connection that the session still had is fenced off: what is said in its name from then on
 * names nobody, and its gateway is told to close it.
 */
#include "broker/broker.h"
#include "common/crypto.h"
#include "proto/wire.h"

/* Is this CONNECT to have a session that can be recovered? */
bool recover_is_wanted(const struct broker *b, const struct wire_connect *c);

/* The pid of a new session: any, or the one that its client was told before we knew of it. */
void recover_choose_pid(
    const struct broker *b, const struct wire_connect *c, char ret[CRYPTO_ID_LEN + 1]);

/* What a session missed is between the two. */
struct recovered {
	uint64_t after;
	bool is_recovered;
	bool is_bare; /* who it is was not said: the answer tells the gateway */
};

/*
 * The session that the client wants back, living at the peer now. NULL: it cannot have it (any
 * more), or asked for none. `facts` are those of its connection. A client that has not said who it
 * is (in a namespace where that may come later) gets it while the token that opened the session
 * lives: the pid is a secret that only its client was told.
 */
struct session *recover_session(struct broker *b, const struct wire_connect *c,
    const struct session_facts *facts, struct recovered *ret);

/*
 * Answers CONNECT: after the commit, exactly between what was decided before it (what is `until`
 * its gseq the client has to be sent again) and what is decided after it.
 */
void recover_reply(
    struct broker *b, const struct session *s, uint64_t request, const struct recovered *how);

/* A gateway announces a connection that its session has given up for another one: it shall close
 * it. False: it is not so. */
bool recover_fence_announced(struct broker *b, struct peer *p, const struct wire_connect *c);

#endif
