#ifndef ROOMCAST_GATEWAY_ROOM_SHAPE_H
#define ROOMCAST_GATEWAY_ROOM_SHAPE_H
/*
 * The shape of what a client sends: are the fields of its event there, and as their kind in the
 * table (proto/events.def, which says what each kind has to be) and the rules of its namespace want
 * them? Used by the desk. Pure; says nothing about rights.
 */
#include "common/buf.h"
#include "gateway/room/rulebook.h"
#include "proto/events.h"

/* Views of the arguments. A field that the client did not give is empty. */
struct shape_fields {
	struct str room_id;
	struct str type;        /* the first of the namespace when the client gave none */
	struct bytes content;   /* an encoded value, string or bin, at most LIMIT_CONTENT bytes */
	uint64_t content_chars; /* code points of a string, 0 for bin */
	struct str message_id, token;
	uint64_t before, after, limit; /* of history; limit has a default */
	struct str user_id, reason;    /* of moderators */
	uint64_t duration_ms;          /* 0 = not said */
	bool has_room_id, has_type, has_content, has_message_id, has_after;
};

/*
 * args: a msgpack array that has passed value_check. Its first element must be a map with the
 * fields of e (an event that clients send); further elements and unknown keys are ignored, of
 * duplicate keys the last counts. The type of the fields is a view of the rules.
 * ERR_INVALID: appends an array of {path, message} to details that names every offending field
 * (path "" when there is no map), and leaves *ret untouched. ERR_OK: details is untouched.
 */
MUST_USE enum err shape_check(const struct rulebook *rules, enum event e, struct bytes args,
    struct shape_fields *ret, struct buf *details);

#endif
