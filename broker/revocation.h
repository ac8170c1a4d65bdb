#ifndef ROOMCAST_BROKER_REVOCATION_H
#define ROOMCAST_BROKER_REVOCATION_H
/*
 * Revocations: tokens that are not accepted any more although they have not expired. One is of all
 * tokens of a user that were issued before a time, or of one token by its id (`jti`). Each is kept
 * until the tokens would have expired anyway. Bounded. Pure bookkeeping; what follows from one is
 * revoke.h's.
 */
#include "common/clock.h"
#include "common/str.h"

#include <uthash.h>

struct revocations;

enum revocation_kind { REVOCATION_USER, REVOCATION_TOKEN, REVOCATION_KINDS };

struct revocation {
	enum revocation_kind kind;
	char *subject; /* id of the user, or of the token */
	struct wall
	    before; /* REVOCATION_USER: tokens issued before it; none that says no time is later */
	struct wall until; /* of no use any more */
	struct wall made;
	uint64_t batch; /* revoke.h's: that it is under way in, 0 = none; when it is in the list */
	bool is_unwritten;
	struct revocation *prev, *next;
	UT_hash_handle hh;
};

/* What one is made from; copied. */
struct revocation_facts {
	enum revocation_kind kind;
	struct str subject;
	struct wall before, until, made;
};

/* What is asked of a token. */
struct revocation_token {
	struct str user, id; /* id: empty = it has none */
	struct wall issued;  /* 0 = it does not say */
};

struct revocations *revocations_new(size_t max);
void revocations_free(struct revocations **rs);

/*
 * Adds one, or widens the one of that subject: the later times count. ERR_FULL: there are `max`;
 * ERR_INVALID: no subject.
 */
MUST_USE enum err revocations_put(
    struct revocations *rs, const struct revocation_facts *facts, struct revocation **ret);

/* NULL when there is none. */
struct revocation *revocations_find(
    const struct revocations *rs, enum revocation_kind kind, struct str subject);

/* Forgets and frees. */
void revocations_remove(struct revocations *rs, struct revocation **r);

bool revocations_has(
    const struct revocations *rs, const struct revocation_token *token, struct wall now);

size_t revocations_count(const struct revocations *rs);

/* fn may remove the one it is called with, and no other. */
void revocations_each(
    struct revocations *rs, void (*fn)(void *ctx, struct revocation *r), void *ctx);

#endif
