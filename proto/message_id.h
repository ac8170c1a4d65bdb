#ifndef ROOMCAST_PROTO_MESSAGE_ID_H
#define ROOMCAST_PROTO_MESSAGE_ID_H
/*
 * The public id of a stored message: its gseq as text of fixed width, so that comparing ids as
 * strings is comparing their order. 13 characters of Crockford's base32
 * (https://www.crockford.com/base32.html) in lower case. (What a client calls `messageId` when it
 * publishes is something else: its own idempotency key.)
 */
#include "common/str.h"

enum { MESSAGE_ID_LEN = 13 };

/* Writes the id and a NUL. */
void message_id_text(uint64_t gseq, char ret[MESSAGE_ID_LEN + 1]);

/* Strict: only what message_id_text() writes. ERR_INVALID. */
MUST_USE enum err message_id_parse(struct str id, uint64_t *ret_gseq);

#endif
