#ifndef ROOMCAST_BROKER_DECREE_H
#define ROOMCAST_BROKER_DECREE_H
/*
 * What an operator orders about tokens: revoke, unrevoke. It is in force at once, and answered when
 * the database has it. Owned by the operator's desk (admin.h).
 */
#include "broker/broker.h"

struct decrees;

enum { DECREES_MAX = 1000, DECREES_LISTED = 10000, DECREE_TEXT_SIZE = LIMIT_REASON };

struct decree_asker {
	struct link_address to;
	uint64_t request;
};

/* The answer to what decree_revoke() or decree_lift() took: a map, or an error in words. Views. */
struct decree_answer {
	enum err error;
	const char *text;
	struct bytes value;
};

struct decree_events {
	void (*on_answer)(
	    void *up, const struct decree_asker *asker, const struct decree_answer *answer);
};

struct decrees *decrees_new(struct broker *b, const struct decree_events *events, void *up);
/* Those that wait are dropped. */
void decrees_free(struct decrees **d);

/*
 * args: {user, issued-before?} or {jti, until?}, times in ms since 1970; on_answer follows,
 * {user or jti, before, until, ended}: so many sessions ended. ERR_INVALID, ERR_FULL; ret_text in
 * words.
 */
MUST_USE enum err decree_revoke(struct decrees *d, const struct decree_asker *asker,
    struct bytes args, char ret_text[DECREE_TEXT_SIZE]);

/* args: {user} or {jti}; on_answer follows. ERR_NOT_FOUND: it is not revoked. */
MUST_USE enum err decree_lift(struct decrees *d, const struct decree_asker *asker,
    struct bytes args, char ret_text[DECREE_TEXT_SIZE]);

/* Appends {revocations: [{user or jti, before, until, made}], more}, DECREES_LISTED at most. */
void decree_list(const struct broker *b, struct buf *out);

/* What became of a batch, and, when it failed, of all after it. */
void decrees_on_stored(struct decrees *d, uint64_t batch, enum err error);

#endif
