#ifndef ROOMCAST_BROKER_CLI_PEM_H
#define ROOMCAST_BROKER_CLI_PEM_H
/*
 * Ed25519 keys as PEM text (RFC 7468): the private one as PKCS#8, the public one as
 * SubjectPublicKeyInfo (both RFC 8410), as other programs write and read them.
 */
#include "common/crypto.h"

enum { PEM_SEED_BYTES = 32 };

/* Is it meant to be PEM, of whatever kind? */
bool pem_is_block(struct str text);

/* ERR_MALFORMED: not one block PRIVATE KEY of base64; ERR_INVALID: of another kind of key. */
MUST_USE enum err pem_read_private(struct str text, uint8_t ret_seed[PEM_SEED_BYTES]);

/* Overwrites and frees a text that has a secret in it. */
void pem_wipe(struct buf *text);

/* Append a block, without a newline at its end. */
void pem_put_private(struct buf *out, const uint8_t seed[PEM_SEED_BYTES]);
void pem_put_public(struct buf *out, const uint8_t key[CRYPTO_ED25519_PUBLIC_BYTES]);

#endif
