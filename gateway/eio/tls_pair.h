#ifndef ROOMCAST_GATEWAY_EIO_TLS_PAIR_H
#define ROOMCAST_GATEWAY_EIO_TLS_PAIR_H
/*
 * A certificate with its chain and the key that belongs to it, read from two PEM files. What can be
 * read is good for handshakes: the two are one pair, and strong enough for the system's rules. A
 * pair does not change; a renewed one is another.
 */
#include "common/keyfile.h"

enum { TLS_WHY_SIZE = 2 * KEYFILE_WHY_SIZE };

struct tls_files {
	const char *certificate; /* the server's own first, then its chain; NULL or "" = no TLS */
	const char *key;         /* mode 0600; may be the same file */
};

struct tls_pair;

/* One connection of OpenSSL. */
struct tls_wire;

bool tls_is_wanted(const struct tls_files *files);

/* Errors of keyfile_read(), ERR_INVALID (no PEM, not a pair, too weak); ret_why in words. */
MUST_USE enum err tls_pair_read(
    const struct tls_files *files, char ret_why[TLS_WHY_SIZE], struct tls_pair **ret);
void tls_pair_free(struct tls_pair **pair);

/* Seconds since the epoch until which the certificate is good, and from which on. */
int64_t tls_pair_expires(const struct tls_pair *pair);
int64_t tls_pair_begins(const struct tls_pair *pair);

/* Shows this pair, and no other, in the handshake of w. false = OpenSSL does not take it. */
MUST_USE bool tls_pair_show(const struct tls_pair *pair, struct tls_wire *w);

#endif
