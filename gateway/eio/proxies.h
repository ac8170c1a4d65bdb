#ifndef ROOMCAST_GATEWAY_EIO_PROXIES_H
#define ROOMCAST_GATEWAY_EIO_PROXIES_H
/*
 * Who is at the other end, when proxies stand between: the addresses that are trusted to tell,
 * and what their headers say. Anybody can write X-Forwarded-For; it is read only when it came
 * over a connection of a proxy of ours, and from its end, where our proxies wrote.
 *
 * For the server, http.c, and the configuration, which wants to know whether a list is one.
 */
#include "common/ip.h"

/* The proxies of one server, and what they said about connections (PROXY protocol). */
struct proxies;

/*
 * Addresses and blocks, separated by spaces or commas; "" = nobody is trusted. ERR_INVALID with
 * ret_why in words.
 */
MUST_USE enum err proxies_new(
    struct str list, char *ret_why, size_t why_size, struct proxies **ret);
void proxies_free(struct proxies **p);

bool proxies_trust(const struct proxies *p, const struct ip *peer);

/*
 * The client of a request that `peer` forwarded with this X-Forwarded-For (all of them, joined by
 * commas): the last address that is no proxy of ours; if all are, the first. The peer itself when
 * it is not trusted, or when what it forwards is no list of addresses, or too long to be one.
 */
struct ip proxies_client(const struct proxies *p, const struct ip *peer, struct str forwarded_for);

/* Does X-Forwarded-Proto say that the client speaks TLS? The last word counts. */
bool proxies_is_https(struct str forwarded_proto);

/*
 * The connection of this descriptor is of `ip` (NULL = of whom its socket says), as a proxy has
 * told. To be said of every connection, because descriptors are used again.
 */
void proxies_introduce(struct proxies *p, int fd, const struct ip *ip);

/* The other end of the connection: who was introduced, else who its socket says; false = it is
 * gone. */
bool proxies_peer(const struct proxies *p, int fd, struct ip *ret);

#endif
