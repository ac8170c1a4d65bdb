#ifndef ROOMCAST_GATEWAY_EIO_ORIGINS_H
#define ROOMCAST_GATEWAY_EIO_ORIGINS_H
/*
 * The web origins whose pages may talk to this server, and the CORS headers that tell browsers so,
 * as the middleware `cors` of the reference writes them. The texts are made once and are ours: of
 * what a request says, nothing is ever sent back but names of headers in a preflight, and those
 * only when they are names.
 *
 * For the routes, and for the configuration, which wants to know whether a list is one.
 */
#include "common/buf.h"

struct origins;

/*
 * A list of scheme://host[:port] separated by spaces or commas, written as browsers send them, or
 * "*" = any; "" gives NULL: there is no CORS, and origins are nobody's business. ERR_INVALID with
 * ret_why in words.
 */
MUST_USE enum err origins_new(
    struct str list, bool has_credentials, char *ret_why, size_t why_size, struct origins **ret);
void origins_free(struct origins **o);

/* May a request with this Origin open a session? One without ("") is no browser's, and may. */
bool origins_admit(const struct origins *o, struct str origin);

/* The headers of an answer to such a request, each with CRLF; good as long as o. NULL has none. */
const char *origins_headers(const struct origins *o, struct str origin);

/*
 * The headers of an answer to a preflight that asks for leave to send these headers: they are
 * granted as they stand. Not granted are lists that are too long or not of names; the browser
 * then refuses by itself.
 */
void origins_put_preflight(
    const struct origins *o, struct str origin, struct str requested, struct buf *out);

#endif
