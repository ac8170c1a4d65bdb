#ifndef ROOMCAST_BROKER_REPORT_RIGHTS_H
#define ROOMCAST_BROKER_REPORT_RIGHTS_H
/*
 * What an operator is told of rights: each appends one encoded map. Used by the operator's desk
 * (operate.h), as report.h is.
 */
#include "broker/report.h"

/* {nsp, room, public, archived, seq, sockets, users, members, moderators, bans, mutes} */
void report_room(const struct broker *b, const struct room *r, struct buf *out);

/* {members: [{userId, role, since, connections}]}; those whose id begins so */
void report_memberships(
    const struct broker *b, const struct room *r, struct str prefix, struct buf *out);

/* Of whom and where; what is empty or NULL leaves nobody out. */
struct report_place {
	struct str nsp, prefix; /* prefix: of the user's id */
	const struct room *room;
};

/* {sanctions: [{userId, nsp, room, by, reason, since, until}]}; until is left out for ever, room
 * and nsp are empty where it is all of them */
void report_sanctions(const struct broker *b, enum sanction_kind kind,
    const struct report_place *place, struct buf *out);

#endif
