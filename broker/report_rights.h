#ifndef ROOMCAST_BROKER_REPORT_RIGHTS_H
#define ROOMCAST_BROKER_REPORT_RIGHTS_H
/*
 * What an operator is told of rights: each appends one encoded map. Used by the operator's desk
 * (operate.h), as report.h is.
 */
#include "broker/broker.h"

/* {nsp, room, public, archived, seq, sockets, users, members, moderators, bans, mutes} */
void report_room(const struct broker *b, const struct room *r, struct buf *out);

/* {members: [{userId, role, since, connections}]} */
void report_memberships(const struct broker *b, const struct room *r, struct buf *out);

/* {sanctions: [{userId, nsp, room, by, reason, since, until}]}; until is left out for ever, room
 * and nsp are empty where it is all of them */
void report_sanctions(const struct broker *b, enum sanction_kind kind, struct buf *out);

#endif
