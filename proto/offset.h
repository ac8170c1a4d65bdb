#ifndef ROOMCAST_PROTO_OFFSET_H
#define ROOMCAST_PROTO_OFFSET_H
/*
 * The offset of a client: how far it has heard, as the short text that stands behind the arguments
 * of every event and that the client sends back when it wants its session again. It is a position
 * in the one order of a database: the epoch, which names the database, and a gseq, both in
 * base64url digits, with a dot between.
 */
#include "common/str.h"

enum { OFFSET_DIGITS = 11, OFFSET_LEN = 2 * OFFSET_DIGITS + 1 };

struct offset {
	uint64_t epoch, gseq;
};

/* Writes the text and a NUL. */
void offset_text(const struct offset *o, char ret[OFFSET_LEN + 1]);

/* Strict: only what offset_text() writes. ERR_INVALID. */
MUST_USE enum err offset_parse(struct str text, struct offset *ret);

#endif
