#ifndef ROOMCAST_COMMON_MOMENT_H
#define ROOMCAST_COMMON_MOMENT_H
/*
 * Points in time as people write them: 2026-01-31T12:00:00Z (RFC 3339, with any offset and
 * fraction), or milliseconds since 1970 as digits alone. Pure.
 */
#include "common/clock.h"
#include "common/str.h"

/* ERR_INVALID: neither of them, before 1970 or after 9999. Less than a millisecond is cut off. */
MUST_USE enum err moment_parse(struct str text, struct wall *ret);

#endif
