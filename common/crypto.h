#ifndef ROOMCAST_COMMON_CRYPTO_H
#define ROOMCAST_COMMON_CRYPTO_H
/*
 * Everything that touches libsodium: randomness, ids, signatures, key pairs, their text forms.
 */
#include "common/buf.h"

enum {
	CRYPTO_HS256_BYTES = 32,
	CRYPTO_ED25519_PUBLIC_BYTES = 32,
	CRYPTO_ED25519_SECRET_BYTES = 64,
	CRYPTO_ED25519_SIGNATURE_BYTES = 64,
	CRYPTO_Z85_KEY_SIZE = 41, /* 40 characters of Z85 (ZeroMQ RFC 32) and NUL */
	CRYPTO_ID_LEN = 20,       /* characters of a socket or session id */
	CRYPTO_SIPHASH_BYTES = 16,
	CRYPTO_SIPHASH_KEY_BYTES = 16,
};

/* Must come first, once per process. ERR_SYSTEM when no randomness is to be had. */
MUST_USE enum err crypto_init(void);

void crypto_random(void *ret, size_t len);
uint64_t crypto_random_u64(void);

/* A fresh unguessable id: base64url of 15 random bytes and NUL. */
void crypto_id(char ret[CRYPTO_ID_LEN + 1]);

/* base64url without padding (RFC 4648 section 5), appended. */
void crypto_base64url_put(struct buf *out, struct bytes b);

/* Strict: no padding, no space, canonical last bits. Appends; ERR_MALFORMED leaves out as it was.
 */
MUST_USE enum err crypto_base64url_decode(struct str text, struct buf *out);

/* Standard base64 with padding, appended. */
void crypto_base64_put(struct buf *out, struct bytes b);

/* Standard base64 (with padding, white space ignored), as in PEM bodies. As above. */
MUST_USE enum err crypto_base64_decode(struct str text, struct buf *out);

/* Standard base64 with or without its padding, which says nothing. As above. */
MUST_USE enum err crypto_base64_decode_any(struct str text, struct buf *out);

/* HMAC-SHA-256 (RFC 2104), any key length. Verification is constant-time. */
void crypto_hs256(struct bytes key, struct bytes data, uint8_t ret_mac[CRYPTO_HS256_BYTES]);
bool crypto_hs256_verify(struct bytes key, struct bytes data, struct bytes mac);

/* SipHash-2-4 of 128 bits: a short name for a long one that nobody can forge without the key. */
void crypto_siphash(const uint8_t key[CRYPTO_SIPHASH_KEY_BYTES], struct bytes data,
    uint8_t ret[CRYPTO_SIPHASH_BYTES]);

/* Ed25519 (RFC 8032). */
bool crypto_ed25519_verify(
    const uint8_t key[CRYPTO_ED25519_PUBLIC_BYTES], struct bytes data, struct bytes signature);
void crypto_ed25519_sign(const uint8_t secret[CRYPTO_ED25519_SECRET_BYTES], struct bytes data,
    uint8_t ret_signature[CRYPTO_ED25519_SIGNATURE_BYTES]);
void crypto_ed25519_from_seed(const uint8_t seed[32],
    uint8_t ret_public[CRYPTO_ED25519_PUBLIC_BYTES],
    uint8_t ret_secret[CRYPTO_ED25519_SECRET_BYTES]);

/* A CurveZMQ key pair in Z85. */
void crypto_curve_keypair(
    char ret_public[CRYPTO_Z85_KEY_SIZE], char ret_secret[CRYPTO_Z85_KEY_SIZE]);

/* The public key of a secret one. ERR_MALFORMED: not 40 characters of Z85. */
MUST_USE enum err crypto_curve_public(const char *secret_z85, char ret_public[CRYPTO_Z85_KEY_SIZE]);

/* Z85 of 32 bytes, as found in a ZAP request. */
void crypto_z85(const uint8_t key[32], char ret[CRYPTO_Z85_KEY_SIZE]);

/* Overwrites secrets so that the compiler cannot drop it. */
void crypto_wipe(void *p, size_t len);

#endif
