#ifndef ROOMCAST_BROKER_REPORT_H
#define ROOMCAST_BROKER_REPORT_H
/*
 * What an operator is told of the state of the broker: each appends one encoded map. Used by the
 * operator's desk (admin.h). Personal rooms are left out.
 */
#include "broker/broker.h"
#include "broker/member.h"

/* A list ends before it is longer than an answer may be; {more: true} stands beside it then. */
enum { REPORT_LIST_BYTES = LIMIT_LINK_MESSAGE - (64 << 10) };

/* {version, pid, boot, epoch, database, uptimeMs, gateways, connections, users, rooms, gseq,
 * messages, backlog, state: ok or degraded, reason} */
void report_status(const struct broker *b, struct buf *out);

/* {gateways: [{id, boot, endpoint, state, sinceMs, connections, rooms, queuedBytes}]} */
void report_gateways(const struct broker *b, struct buf *out);

/* {rooms: [{nsp, room, public, archived, seq, members, users}]}, those whose name begins so; nsp
 * empty = of all namespaces */
void report_rooms(const struct broker *b, struct str nsp, struct str prefix, struct buf *out);

/* {members: [{userId, username, socketId, gateway, joinedAt, ip}]}; those whose id begins so */
void report_members(const struct room *room, struct str prefix, struct buf *out);

/* {users: [{userId, username, connections, gateways, since}]}; those whose id begins so */
void report_users(const struct broker *b, struct str prefix, struct buf *out);

#endif
