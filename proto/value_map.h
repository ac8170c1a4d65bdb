#ifndef ROOMCAST_PROTO_VALUE_MAP_H
#define ROOMCAST_PROTO_VALUE_MAP_H
/*
 * What a map (value.h) has under a key: arguments of commands, answers of the broker, payloads of
 * clients. Read in place, each time from its beginning: for maps of a few keys. Of duplicates the
 * last counts. Safe on any bytes.
 */
#include "proto/value.h"

/* The value of `key`, as a view; ERR_NOT_FOUND (or b is no map). */
MUST_USE enum err value_map_get(struct bytes map, struct str key, struct bytes *ret);

/* Its content; `otherwise` when there is none, or none of that type. */
struct str value_map_str(struct bytes map, struct str key, struct str otherwise);
uint64_t value_map_u64(struct bytes map, struct str key, uint64_t otherwise);

/* It is there, and true. */
bool value_map_is_true(struct bytes map, struct str key);

#endif
