#ifndef ROOMCAST_GATEWAY_AUTH_TOKEN_H
#define ROOMCAST_GATEWAY_AUTH_TOKEN_H
/*
 * Verifies a JWT (RFC 7519, compact JWS of RFC 7515) at the edge. Nothing of a token is used
 * before its signature is verified, except `alg` and `kid` of its header to pick a key whose
 * algorithm must be exactly that one.
 */
#include "common/clock.h"
#include "gateway/auth/keys.h"

/* code = what err.data.code says to the client. */
enum token_verdict {
	TOKEN_OK,
	TOKEN_MISSING,       /* token_missing */
	TOKEN_MALFORMED,     /* token_malformed: also none, unknown alg, crit, > 8 KiB */
	TOKEN_SIGNATURE,     /* token_signature: no key fits or it does not verify */
	TOKEN_EXPIRED,       /* token_expired */
	TOKEN_NOT_YET_VALID, /* token_not_yet_valid */
	TOKEN_AUDIENCE,      /* token_audience */
	TOKEN_ISSUER,        /* token_issuer */
	TOKEN_VERDICTS
};

enum { TOKEN_MAX_BYTES = 8192 };

struct token_rules {
	const char *issuer;   /* "" = any */
	const char *audience; /* "" = any */
	uint64_t leeway_ms;
};

/* Who the bearer is. Owned; end with token_claims_free. */
struct token_claims {
	char *user;     /* `userId`, else `sub`; 1..LIMIT_USER bytes */
	char *username; /* `username`, else `name`, else the user id */
	struct wall expires;
	char **rooms; /* granted private rooms, room_count of them */
	size_t room_count;
};

/* On TOKEN_OK fills *ret; else leaves it untouched. ret_detail is a phrase for the log (static). */
MUST_USE enum token_verdict token_verify(const struct keys *keys, const struct token_rules *rules,
    struct str token, struct wall now, struct token_claims *ret, const char **ret_detail);

/* Of one who need not say who he is: user `guest:<id>`, no name but that, no rooms. */
void token_claims_guest(struct str id, struct token_claims *ret);

void token_claims_free(struct token_claims *claims);

/* "token_expired" and so on; "" for TOKEN_OK. */
const char *token_verdict_code(enum token_verdict v);

#endif
