#ifndef ROOMCAST_BROKER_STORE_ROWS_H
#define ROOMCAST_BROKER_STORE_ROWS_H
/*
 * Rows of the database as the turn thread puts them into the store (store.h); all text in them is
 * borrowed.
 */
#include "common/clock.h"
#include "common/str.h"

struct store_room {
	uint64_t id; /* assigned by the caller, unique, never reused */
	struct str nsp, name;
	bool is_public, is_archived;
	struct wall created;
};

struct store_message {
	uint64_t gseq;
	uint64_t room; /* store_room.id */
	uint64_t seq;
	struct str user, username;
	struct str type;
	/* Encoded value, a str or a bin; anything else comes back as a bin of its encoding. */
	struct bytes content;
	struct str message_id; /* the client's idempotency key; empty = none (stored as NULL) */
	uint64_t origin_boot, origin_count; /* unique together, as long as there is a receipt */
	struct wall timestamp;
};

/* As in sanction.h, of which it is the row. */
struct store_sanction {
	struct str kind, user, nsp;
	uint64_t room;
	struct str by, reason;
	struct wall since, until;
};

/* That the message with this gseq is deleted: what it said goes, its numbers stay. */
struct store_deletion {
	uint64_t gseq; /* of the deletion, which is part of the log */
	uint64_t room, seq, target;
	struct wall timestamp;
};

/* The front of a room goes: every message below seq `first`; the newest of them had this gseq, and
 * together they had so many bytes. */
struct store_pruning {
	uint64_t room, first, gseq, bytes;
};

/* A session that can be recovered (session.h); what it is in is put in room by room. */
struct store_session {
	uint64_t id; /* assigned by the caller, never reused */
	struct str pid, socket, sid, nsp, user, username;
	uint64_t gseq;
};

/* A user was seen, from then to then; `first` counts if he never was before. */
struct store_user {
	struct str id, username;
	struct wall first, last;
};

#endif
