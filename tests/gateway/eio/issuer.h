#ifndef ROOMCAST_TESTS_GATEWAY_EIO_ISSUER_H
#define ROOMCAST_TESTS_GATEWAY_EIO_ISSUER_H
/*
 * Issues certificates, each with a key of its own and signed by nobody else, for tests.
 */
#include "gateway/eio/tls_pair.h"
#include "tests/common/tempdir.h"

enum issuer_key { ISSUER_EC, ISSUER_RSA, ISSUER_RSA_WEAK };

struct issuer_order {
	enum issuer_key key;
	int64_t serial;
	int begins_s, expires_s; /* from now */
	const char *passphrase;  /* of the key; NULL = none */
};

/* Writes NAME.pem and NAME.key (mode 0600); paths owned by t. */
struct tls_files issuer_write(
    struct tempdir *t, const char *name, const struct issuer_order *order);

#endif
