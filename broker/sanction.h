#ifndef ROOMCAST_BROKER_SANCTION_H
#define ROOMCAST_BROKER_SANCTION_H
/*
 * Sanctions: users who are banned or muted, where, until when and why, as they stand in the
 * database. Read by the rules (rights.h), changed when a change is committed (change.h). Pure
 * bookkeeping; time is passed in.
 */
#include "broker/store_rows.h"
#include "common/clock.h"
#include "common/str.h"

struct sanctions;

enum sanction_kind { SANCTION_BAN, SANCTION_MUTE, SANCTION_KINDS };

/* "ban", "mute". */
const char *sanction_kind_name(enum sanction_kind kind);
/* False: no such word. */
bool sanction_kind_find(struct str name, enum sanction_kind *ret);

/* One place a user is banned from or muted in. At most one of a kind for each. */
struct sanction_key {
	enum sanction_kind kind;
	struct str user;
	struct str nsp; /* empty = every namespace; of a room: empty, too */
	uint64_t room;  /* 0 = not one room alone */
};

/* Views into the table, good until it changes. */
struct sanction {
	struct sanction_key key;
	struct str by;     /* the moderator; empty = an operator */
	struct str reason; /* may be empty */
	struct wall since;
	struct wall until; /* 0 = for ever */
};

/* Its row in the database: views as its own. */
struct store_sanction sanction_row(const struct sanction *s);

struct sanctions *sanctions_new(void);
void sanctions_free(struct sanctions **ss);

/* Copies; replaces what has the same key. */
void sanctions_put(struct sanctions *ss, const struct sanction *s);
/* Nothing when there is none. */
void sanctions_remove(struct sanctions *ss, const struct sanction_key *key);

/* NULL: there is none, or it is over. */
const struct sanction *sanctions_find(
    const struct sanctions *ss, const struct sanction_key *key, struct wall now);

/* Forgets what is over; fn is told of each before, and changes nothing. */
void sanctions_expire(struct sanctions *ss, struct wall now,
    void (*fn)(void *ctx, const struct sanction *s), void *ctx);

size_t sanctions_count(const struct sanctions *ss);
void sanctions_each(
    const struct sanctions *ss, void (*fn)(void *ctx, const struct sanction *s), void *ctx);

#endif
