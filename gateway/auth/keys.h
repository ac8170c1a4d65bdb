#ifndef ROOMCAST_GATEWAY_AUTH_KEYS_H
#define ROOMCAST_GATEWAY_AUTH_KEYS_H
/*
 * The keys that tokens are checked with. Each key fixes its algorithm: a token's header can only
 * agree with it, never choose. Read from files once; pure afterwards.
 */
#include "common/crypto.h"

struct keys;

enum key_algorithm { KEY_HS256, KEY_EDDSA };

struct key {
	enum key_algorithm algorithm;
	const char *id;      /* `kid`, NULL = none */
	struct bytes secret; /* KEY_HS256 */
	uint8_t public_key[CRYPTO_ED25519_PUBLIC_BYTES]; /* KEY_EDDSA */
};

enum { KEYS_WHY_SIZE = 400 };

struct keys_conf {
	const char *hs256_secret_file;      /* "" = none; at least 32 bytes, mode 0600 */
	const char *eddsa_public_key_file;  /* "" = none; PEM (SubjectPublicKeyInfo) or JWK (OKP Ed25519) */
};

/* At least one key must be given. Errors of keyfile_read, ERR_INVALID; ret_why in words. */
MUST_USE enum err keys_load(
    const struct keys_conf *conf, char ret_why[KEYS_WHY_SIZE], struct keys **ret);
/* An empty ring to add to, for tests. */
struct keys *keys_new(void);
void keys_add(struct keys *k, const struct key *key); /* copies */
void keys_free(struct keys **k);                      /* wipes secrets */

/* The n-th key or NULL. */
const struct key *keys_at(const struct keys *k, size_t n);

#endif
