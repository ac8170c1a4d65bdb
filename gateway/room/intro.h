#ifndef ROOMCAST_GATEWAY_ROOM_INTRO_H
#define ROOMCAST_GATEWAY_ROOM_INTRO_H
/*
 * The introduction: what application workers are told of the HTTP request that opened a
 * connection. It goes to programs that need not be trusted with what lets a client in, so no
 * credential is in it: neither the token, wherever it stood, nor cookies. Used by the door.
 */
#include "common/buf.h"
#include "gateway/eio/session.h"

/* Path and query, cut to LIMIT_URL; the value of the parameter `token` is left out. */
void intro_put_url(struct buf *out, struct str url);

/*
 * An encoded map of those of its headers that workers may see, by their names in small letters:
 * host, origin, referer, accept-language. Values that are long are cut, those that are no UTF-8
 * are left out.
 */
void intro_put_headers(struct buf *out, const struct eio_handshake *h);

#endif
