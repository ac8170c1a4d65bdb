#ifndef ROOMCAST_BROKER_BATCH_H
#define ROOMCAST_BROKER_BATCH_H
/*
 * A batch: operations for the database in the order they were put in, with copies of all their
 * text, in memory that does not move. It is filled by one thread and read by another, one after
 * the other. The store fills it, the writer executes it.
 */
#include "broker/store.h"

enum batch_kind {
	BATCH_ROOM,
	BATCH_MESSAGE,
	BATCH_PUT_MEMBERSHIP,
	BATCH_REMOVE_MEMBERSHIP,
	BATCH_PUT_SANCTION,
	BATCH_REMOVE_SANCTION,
	BATCH_EXPIRE_SANCTION,
	BATCH_PUT_SESSION,
	BATCH_REMOVE_SESSION, /* only its id counts */
	BATCH_PUT_SESSION_ROOM,
	BATCH_REMOVE_SESSION_ROOM,
	BATCH_PUT_USER,
	BATCH_DELETION,
	BATCH_PRUNING,
	BATCH_EXPIRY,
	BATCH_REMOVE_RECEIPT,
	BATCH_PUT_REVOCATION,
	BATCH_REMOVE_REVOCATION,
};

struct batch_membership {
	uint64_t room;
	struct str user, role; /* role: when it is put */
	struct wall since;
};

struct batch_session_room {
	uint64_t session, room;
	uint64_t gseq; /* when it is put */
};

struct batch_expiry {
	struct wall before;
	unsigned limit;
};

struct batch_op {
	enum batch_kind kind;
	union {
		struct store_room room;
		struct store_message message;
		struct batch_membership membership;
		struct store_sanction sanction;
		struct store_session session;
		struct batch_session_room session_room;
		struct store_user user;
		struct store_deletion deletion;
		struct store_pruning pruning;
		struct batch_expiry expiry;
		uint64_t receipt; /* gseq */
		struct revocation_facts revocation;
	} as;                     /* views into the batch */
};

struct batch;

struct batch *batch_new(void);
void batch_free(struct batch **b);

/* Empties it; keeps a modest part of its memory for the next operations. */
void batch_reset(struct batch *b);

/* Appends a copy of op and of what its views show. */
void batch_put(struct batch *b, const struct batch_op *op);

/* Operations, and the memory they take. */
size_t batch_count(const struct batch *b);
size_t batch_bytes(const struct batch *b);

/* i < batch_count(); good until the batch changes. */
const struct batch_op *batch_at(const struct batch *b, size_t i);

#endif
