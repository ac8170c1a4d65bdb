#ifndef ROOMCAST_GATEWAY_AUTH_KEYS_H
#define ROOMCAST_GATEWAY_AUTH_KEYS_H
/*
 * The keys that tokens are checked with. Each key fixes its algorithm: a token's header can only
 * agree with it, never choose. A key may be good for a time only. Pure; who reads them from files
 * is the keyring (keyring.h).
 */
#include "common/clock.h"
#include "common/crypto.h"
#include "gateway/auth/algorithm.h"
#include "gateway/auth/evp.h"

struct keys;

struct key {
	enum key_algorithm algorithm;
	const char *id;                                  /* `kid`, NULL = none */
	struct bytes secret;                             /* HS* */
	uint8_t public_key[CRYPTO_ED25519_PUBLIC_BYTES]; /* EdDSA */
	struct evp_key *evp;                             /* RS256, ES256 */
	struct wall from, until; /* good at from <= now < until; 0 = since ever, for ever */
};

enum { KEYS_MAX = 64 };

struct keys *keys_new(void);
void keys_free(struct keys **k); /* wipes secrets */

/* Copies; of `evp` it takes its own reference. ERR_FULL: there are KEYS_MAX; ERR_EXISTS: another
 * key of that id is of another algorithm. */
MUST_USE enum err keys_add(struct keys *k, const struct key *key);

/* What each has, the other has afterwards. */
void keys_swap(struct keys *a, struct keys *b);

/* The n-th key or NULL. */
const struct key *keys_at(const struct keys *k, size_t n);
size_t keys_count(const struct keys *k);

bool key_is_good_at(const struct key *key, struct wall now);

/* Is this the signature of that key's owner under the data? */
bool key_verify(const struct key *key, struct bytes data, struct bytes signature);

#endif
