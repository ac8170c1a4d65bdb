#ifndef ROOMCAST_BROKER_ROOM_H
#define ROOMCAST_BROKER_ROOM_H
/*
 * The rooms: what they are called, of what kind they are, what number the next message gets. Rooms
 * of two namespaces never meet. Who may do what in them is rights.h's. A personal room `user:<id>`
 * exists while somebody is in it, is never stored and takes no messages from clients.
 */
#include "broker/route.h"
#include "common/clock.h"
#include "common/str.h"
#include "common/timer.h"

#include <uthash.h>

struct rooms;
struct attendance;

struct room {
	uint64_t id; /* in the database; 0 for fleeting rooms */
	char *nsp, *name;
	bool is_public;
	bool is_archived; /* nobody speaks there, and only its members read */
	bool is_personal;
	bool is_fleeting; /* personal, or a worker's: exists while somebody is in it, never stored */
	bool is_stored;  /* its row is in the database or in a batch before us */
	uint64_t seq;    /* last number given out */
	uint64_t committed_seq; /* last number in the database, as far as is known */
	uint64_t gseq; /* of its last message, or greater than that and less than the next one's */
	uint64_t committed_gseq;   /* the same of the last one in the database */
	uint64_t erased_gseq;      /* of the last deletion in it since the start; 0 = none */
	uint64_t batch;            /* the batch of the last message, 0 = none since the start */
	uint64_t first_seq, bytes; /* the oldest message that is kept; what all contents have */
	struct wall front; /* how old the oldest one is, as prune.h found it; 0 = not known */
	struct wall created;
	struct route route;
	struct attendance *users; /* who is there, member.h's table by user id */
	size_t member_count;      /* sockets */
	/* presence.h's: while users come and go untold, how many more there are, and how many
	 * members are from since then; the round begins anew when they are told. */
	struct timer presence;
	int64_t presence_change;
	uint32_t presence_fresh, presence_round;
	char *key;
	UT_hash_handle hh;
};

#define ROOM_PERSONAL_PREFIX "user:"

struct rooms *rooms_new(void);
void rooms_free(struct rooms **rs);

/* NULL when there is none. */
struct room *rooms_find(const struct rooms *rs, struct str nsp, struct str name);
struct room *rooms_find_id(const struct rooms *rs, uint64_t id);

/* A room that is in the database already; id must be fresh. */
struct room *rooms_load(
    struct rooms *rs, uint64_t id, struct str nsp, struct str name, bool is_public, uint64_t seq);

/* A room that a worker makes; its name may be empty: that is the whole namespace. */
struct room *rooms_create_fleeting(
    struct rooms *rs, struct str nsp, struct str name, struct wall now);

/* A new public room (or personal, by its name) that is not stored yet. It must not exist. */
struct room *rooms_create(struct rooms *rs, struct str nsp, struct str name, struct wall now);

/* Fleeting rooms go when nobody is left in them; others stay. NULL afterwards if it went. */
void rooms_release(struct rooms *rs, struct room **r);

/* It goes whatever it is; nobody is in it, and nobody comes back to it. */
void rooms_remove(struct rooms *rs, struct room **r);

/* Every id given so far is less. */
uint64_t rooms_end(const struct rooms *rs);
size_t rooms_count(const struct rooms *rs);
void rooms_each(struct rooms *rs, void (*fn)(void *ctx, struct room *r), void *ctx);

bool room_name_is_personal(struct str name);

#endif
