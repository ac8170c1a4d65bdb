#ifndef ROOMCAST_TESTS_GATEWAY_EIO_HANDSHAKE_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_EIO_HANDSHAKE_STAGE_H
/*
 * A request that opens a session by WebSocket, the same with one field changed, and what may become
 * of a request in revision 4, for the tests of handshake.c.
 */
#include "common/buf.h"
#include "gateway/eio/handshake.h"
#include "tests/check.h"

#define STAGE_KEY "dGhlIHNhbXBsZSBub25jZQ=="

extern const struct eio_request stage_good;

/* The good one with one field changed; good until the next call. */
#define BUT(field, text) stage_changed(offsetof(struct eio_request, field), text)
const struct eio_request *stage_changed(size_t offset, const char *text);

/* A WebSocket is refused for this reason, or not at all. A sid stands for nothing. */
void stage_refused(const struct eio_request *r, enum eio_refusal expected);
void stage_allowed(const struct eio_request *r);

/* A plain request is refused for this reason; the caller says what its sid stands for. */
void stage_no_poll(const struct eio_request *r, enum eio_sid sid, enum eio_refusal expected);

#endif
