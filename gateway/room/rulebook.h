#ifndef ROOMCAST_GATEWAY_ROOM_RULEBOOK_H
#define ROOMCAST_GATEWAY_ROOM_RULEBOOK_H
/*
 * What the configuration of a namespace says of the shape of what its clients send: how a room may
 * be called, which types a message may have, how long it may be (proto/namespace.def). Used by
 * shape.h.
 */
#include "proto/namespace.h"

struct rulebook;

enum { RULEBOOK_TYPES_MAX = 16 };

/* An option that is not set (NULL, 0) has the value of the table. ERR_INVALID: ret_why names the
 * option and what to do. */
MUST_USE enum err rulebook_new(
    const struct namespace_conf *n, char *ret_why, size_t why_size, struct rulebook **ret);
void rulebook_free(struct rulebook **r);

/* Those of all namespaces, which rulebook_new() has taken; each is found by its name. */
struct rulebooks;
struct rulebooks *rulebooks_new(const struct namespace_conf *namespaces, size_t count);
void rulebooks_free(struct rulebooks **rs);
const struct rulebook *rulebooks_find(const struct rulebooks *rs, struct str nsp);

/* What is wrong with the name of a room, which is not empty; NULL = nothing. */
const char *rulebook_room_fault(const struct rulebook *r, struct str name);

/* The type as the table of types has it, NULL when it is none; the first of them; all of them, with
 * commas. */
const char *rulebook_type(const struct rulebook *r, struct str type);
const char *rulebook_first_type(const struct rulebook *r);
const char *rulebook_types(const struct rulebook *r);
/* All but text. */
bool rulebook_may_be_binary(const char *type);

/* Of a message: code points of its text; bytes of its binary content. */
unsigned rulebook_max_chars(const struct rulebook *r);
size_t rulebook_max_bytes(const struct rulebook *r);

#endif
