#ifndef ROOMCAST_PROTO_ROOM_ID_H
#define ROOMCAST_PROTO_ROOM_ID_H
/*
 * What a room may be called by the two rules that `room-id` of a namespace has names for. Gateways
 * ask for what clients choose, the broker for what operators do. A rule that is a pattern is the
 * gateways' alone (gateway/room/rulebook.h).
 */
#include "common/str.h"

/* 1 to LIMIT_ROOM_NAME of A-Z a-z 0-9 _ - : . */
bool room_id_is_name(struct str id);

/* 8-4-4-4-12 hexadecimal digits; whoever made it may have his own idea of versions. */
bool room_id_is_uuid(struct str id);

#endif
