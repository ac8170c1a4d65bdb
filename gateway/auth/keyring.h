#ifndef ROOMCAST_GATEWAY_AUTH_KEYRING_H
#define ROOMCAST_GATEWAY_AUTH_KEYRING_H
/*
 * The keyring: the keys of a gateway, read from files at start and again when one of them changes.
 * New files that are wrong leave the keys as they are, and the log says so. Nothing is ever fetched
 * from elsewhere. Owned by main; the desk looks at the keys.
 */
#include "gateway/auth/keydoc.h"

struct keyring;

enum { KEYRING_WHY_SIZE = KEYDOC_WHY_SIZE };

/* Files; "" or NULL = none. */
struct keyring_conf {
	const char *hs256_secret_file;     /* at least 32 bytes, mode 0600 */
	const char *eddsa_public_key_file; /* PEM or JWK of Ed25519 */
	const char *keys_file;             /* any document of keydoc.h; mode 0600 with a secret */
	/* As the first and the third, good until that time; afterwards not even read. */
	const char *previous_hs256_secret_file, *previous_keys_file;
	struct wall previous_until;
	uint32_t algorithms; /* the only ones that count */
};

/*
 * The texts are copied. At least one key must be given that is no previous one. Errors of
 * keyfile_read and keydoc_read; ret_why in words.
 */
MUST_USE enum err keyring_open(const struct keyring_conf *conf, struct wall now,
    char ret_why[KEYRING_WHY_SIZE], struct keyring **ret);
void keyring_free(struct keyring **r);

/* The same object for the life of the ring; what is in it changes. */
const struct keys *keyring_keys(const struct keyring *r);

/* About once a second: reads the files again if one of them is another than before. */
void keyring_look(struct keyring *r, struct wall now);

/* Reads them again. */
void keyring_reload(struct keyring *r, struct wall now);

#endif
