#ifndef ROOMCAST_GATEWAY_SIO_QUERY_H
#define ROOMCAST_GATEWAY_SIO_QUERY_H
/*
 * The query that clients of Socket.IO v2 write behind a namespace, "/admin?token=1&name=J%20D":
 * what they have in place of the auth object. Used by packet.c. Pure.
 */
#include "common/buf.h"

/*
 * Appends a map of the parameters, each a string, '+' and %XX decoded as browsers do; of a name
 * that comes more than once the last value counts, as everywhere. ERR_MALFORMED: what comes out is
 * not UTF-8; ERR_TOO_BIG: the map has over max_bytes. On failure out is as it was.
 */
MUST_USE enum err query_read(struct str query, size_t max_bytes, struct buf *out);

#endif
