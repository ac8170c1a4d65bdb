#ifndef ROOMCAST_GATEWAY_AUTH_TOKEN_H
#define ROOMCAST_GATEWAY_AUTH_TOKEN_H
/*
 * Verifies a JWT (RFC 7519, compact JWS of RFC 7515) at the edge. Nothing of a token is used
 * before its signature is verified, except `alg` and `kid` of its header to pick a key whose
 * algorithm must be exactly that one.
 */
#include "gateway/auth/claims.h"
#include "gateway/auth/keys.h"

enum { TOKEN_MAX_BYTES = 8192 };

/* On TOKEN_OK fills *ret; else leaves it untouched. ret_detail is a phrase for the log (static). */
MUST_USE enum token_verdict token_verify(const struct keys *keys, const struct token_rules *rules,
    struct str token, struct wall now, struct token_claims *ret, const char **ret_detail);

/* "token_expired" and so on; "" for TOKEN_OK. */
const char *token_verdict_code(enum token_verdict v);

#endif
