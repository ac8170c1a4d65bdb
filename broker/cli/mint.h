#ifndef ROOMCAST_BROKER_CLI_MINT_H
#define ROOMCAST_BROKER_CLI_MINT_H
/*
 * Makes tokens as the gateways accept them: a JWT signed with a key from a file. The file's
 * content decides how: a PEM block or JWK of an Ed25519 private key signs with EdDSA, any other
 * text is an HS256 secret as it stands.
 */
#include "common/clock.h"
#include "common/keyfile.h"

/* No gateway looks at a longer one. */
enum { MINT_MAX_BYTES = 8192 };

struct mint_order {
	const char *user, *username;
	const char *const *rooms; /* private rooms that the token opens */
	size_t room_count;
	const char *id;                /* of the token (`jti`); NULL = none */
	const char *issuer, *audience; /* NULL = none */
	struct wall now;
	uint64_t lifetime_s;
	const char *key_file;
};

/*
 * Appends the token, which is valid from the second of `now`. Errors of keyfile_read, ERR_INVALID
 * (no key to sign with), ERR_TOO_BIG (the token is longer than MINT_MAX_BYTES); ret_why in words.
 */
MUST_USE enum err mint_token(const struct mint_order *order, struct buf *ret_token,
    struct wall *ret_expires, char ret_why[KEYFILE_WHY_SIZE]);

#endif
