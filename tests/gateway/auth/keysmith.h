#ifndef ROOMCAST_TESTS_GATEWAY_AUTH_KEYSMITH_H
#define ROOMCAST_TESTS_GATEWAY_AUTH_KEYSMITH_H
/*
 * Makes RSA and elliptic pairs by OpenSSL, writes their public halves as JWK and as PEM, and signs
 * as a JWS does. All texts are appended.
 */
#include "common/buf.h"

struct keysmith;

struct keysmith *keysmith_rsa(unsigned bits);
struct keysmith *keysmith_ec(const char *curve); /* "P-256" */
void keysmith_free(struct keysmith **k);

/* {"kty":...,"n":...,"e":...} or x and y, then `more`, such as ,"kid":"a" */
void keysmith_put_jwk(const struct keysmith *k, const char *more, struct buf *out);
void keysmith_put_pem(const struct keysmith *k, struct buf *out);

/* RS256 or ES256. */
void keysmith_sign(const struct keysmith *k, struct bytes data, struct buf *out);

/* HS384 or HS512, by the bytes of the hash. */
void keysmith_mac(size_t hash_bytes, struct bytes secret, struct bytes data, struct buf *out);

#endif
