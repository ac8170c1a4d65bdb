#ifndef ROOMCAST_GATEWAY_EIO_TLS_H
#define ROOMCAST_GATEWAY_EIO_TLS_H
/*
 * TLS of the server's connections: the rules of every handshake (1.2 or later, forward secrecy, no
 * renegotiation, no early data) and the certificate that it shows, which may be exchanged while
 * connections live: a handshake shows what is there when it begins. libwebsockets does the talking.
 */
#include "common/clock.h"
#include "gateway/eio/tls_pair.h"

struct tls;

/* What libwebsockets makes its connections from. */
struct tls_context;

/* Of handshakes. Begun and neither done nor failed: under way, or gone without a word. */
struct tls_counts {
	uint64_t begun, done, failed;
};

/* The files' names must outlive it. Errors of tls_pair_read(). One that has expired is taken, and
 * the log says so. */
MUST_USE enum err tls_new(
    const struct tls_files *files, struct wall now, char ret_why[TLS_WHY_SIZE], struct tls **ret);
void tls_free(struct tls **tls);

/* Puts the rules upon a context and answers for it from now on; once, and the context outlives no
 * tls. false = OpenSSL refuses them. */
MUST_USE bool tls_govern(struct tls *tls, struct tls_context *context);

/* Reads the files again, for the handshakes to come. On failure everything stays as it was. */
MUST_USE enum err tls_reload(struct tls *tls, struct wall now, char ret_why[TLS_WHY_SIZE]);

/* A connection has come: keeps the keys of session tickets young. */
void tls_tend(struct tls *tls, struct mono now);

struct tls_counts tls_counts(const struct tls *tls);
int64_t tls_expires(const struct tls *tls); /* seconds since the epoch */

#endif
