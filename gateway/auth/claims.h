#ifndef ROOMCAST_GATEWAY_AUTH_CLAIMS_H
#define ROOMCAST_GATEWAY_AUTH_CLAIMS_H
/*
 * What a token says of its bearer (RFC 7519), once its signature is known to be good: is it of now,
 * for us, and complete? Used by token.h. Pure.
 */
#include "common/clock.h"
#include "common/str.h"

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

struct token_rules {
	const char *issuer;   /* "" = any */
	const char *audience; /* names with spaces or commas between, one is enough; "" = any */
	uint64_t leeway_ms;
};

/* Who the bearer is. Owned; end with token_claims_free. */
struct token_claims {
	char *user;          /* `userId`, else `sub`; 1..LIMIT_USER bytes */
	char *username;      /* `username`, else `name`, else the user id */
	char *id;            /* `jti`; NULL = none */
	struct wall issued;  /* `iat`; 0 = it does not say */
	struct wall expires; /* 0 = never: a guest */
	char **rooms;        /* granted private rooms, room_count of them */
	size_t room_count;
};

/* What came of looking at a token, or at a part of it; detail is a phrase for the log (static). */
struct token_finding {
	enum token_verdict verdict;
	const char *detail;
};

extern const struct token_finding token_accepted;
struct token_finding token_refuse(enum token_verdict verdict, const char *detail);

/* The claims as JSON text. When accepted, fills *ret; else leaves it untouched. */
MUST_USE struct token_finding claims_read(
    struct str json, const struct token_rules *rules, struct wall now, struct token_claims *ret);

/* Of one who need not say who he is: user `guest:<id>`, no name but that, no rooms. */
void token_claims_guest(struct str id, struct token_claims *ret);

void token_claims_free(struct token_claims *claims);

#endif
