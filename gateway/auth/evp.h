#ifndef ROOMCAST_GATEWAY_AUTH_EVP_H
#define ROOMCAST_GATEWAY_AUTH_EVP_H
/*
 * Signatures of tokens that libsodium does not have, by OpenSSL: RSA (RS256), ECDSA on P-256
 * (ES256), and the two longer HMACs. A public key is read once and kept ready; it is immutable and
 * counted. Used by the keys; the only file of tokens that knows OpenSSL.
 */
#include "common/str.h"

struct evp_key;

enum evp_kind { EVP_KIND_RSA, EVP_KIND_P256 };

/*
 * All three: ERR_INVALID and a phrase for the operator (static) when it is no such key, or one that
 * is not accepted: RSA of 2048 to 8192 bits, of curves P-256 only. The reference is the caller's.
 */
/* From a SubjectPublicKeyInfo (RFC 5280), DER. */
MUST_USE enum err evp_key_read(struct bytes spki, struct evp_key **ret, const char **ret_fault);
/* From its numbers, big-endian, as a JWK has them. */
MUST_USE enum err evp_key_rsa(
    struct bytes n, struct bytes e, struct evp_key **ret, const char **ret_fault);
MUST_USE enum err evp_key_p256(
    struct bytes x, struct bytes y, struct evp_key **ret, const char **ret_fault);

struct evp_key *evp_key_ref(struct evp_key *k); /* NULL gives NULL */
void evp_key_unref(struct evp_key **k);

enum evp_kind evp_key_kind(const struct evp_key *k);

/* RSASSA-PKCS1-v1_5 or ECDSA (r and s, 32 bytes each, behind each other), with SHA-256. */
bool evp_verify(const struct evp_key *k, struct bytes data, struct bytes signature);

/* HMAC with SHA-384 or SHA-512, by the length of the hash in bytes: 48, 64. Constant-time. */
bool evp_hmac_verify(size_t hash_bytes, struct bytes key, struct bytes data, struct bytes mac);

#endif
