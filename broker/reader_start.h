#ifndef ROOMCAST_BROKER_READER_START_H
#define ROOMCAST_BROKER_READER_START_H
/*
 * What the database holds when a broker starts, or has to look anew: rooms, memberships, sanctions,
 * sessions, and the numbers that go on from there.
 */
#include "broker/reader.h"
#include "broker/revocation.h"
#include "broker/store_rows.h"

struct reader_room {
	uint64_t id;
	struct str nsp, name;
	bool is_public, is_archived;
	uint64_t seq;              /* highest ever stored, 0 = none */
	uint64_t first_seq, bytes; /* the oldest that is kept; what all contents have */
};

struct reader_membership {
	uint64_t room;
	struct str user, role;
	struct wall since;
};

/* Views are good during the callback. ERR_IO, as for all that follow (ERR_MALFORMED: damaged). */
MUST_USE enum err reader_each_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_room *room), void *ctx);
MUST_USE enum err reader_each_membership(
    struct reader *r, void (*fn)(void *ctx, const struct reader_membership *membership), void *ctx);

MUST_USE enum err reader_each_sanction(
    struct reader *r, void (*fn)(void *ctx, const struct store_sanction *sanction), void *ctx);

MUST_USE enum err reader_each_revocation(
    struct reader *r, void (*fn)(void *ctx, const struct revocation_facts *revocation), void *ctx);

struct reader_session {
	uint64_t id, gseq;
	struct str pid, socket, sid, nsp, user, username;
};

struct reader_session_room {
	uint64_t session, room, gseq;
};

/* In the order of their ids. */
MUST_USE enum err reader_each_session(
    struct reader *r, void (*fn)(void *ctx, const struct reader_session *session), void *ctx);
MUST_USE enum err reader_each_session_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_session_room *room), void *ctx);

/* Highest gseq ever stored, 0 = none; the random id of this database, made with it;
 * and the highest that was pruned. */
MUST_USE enum err reader_last_gseq(struct reader *r, uint64_t *ret);
MUST_USE enum err reader_epoch(struct reader *r, uint64_t *ret);
MUST_USE enum err reader_pruned_gseq(struct reader *r, uint64_t *ret);

#endif
