#ifndef ROOMCAST_GATEWAY_EIO_PROXYHEADER_H
#define ROOMCAST_GATEWAY_EIO_PROXYHEADER_H
/*
 * The header by which a proxy introduces a connection: the PROXY protocol, version 2, the binary
 * one. Pure; the greeter brings the bytes.
 * Protocol: https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt
 */
#include "common/ip.h"

enum {
	PROXYHEADER_FIXED = 16,          /* bytes that every one begins with */
	PROXYHEADER_MAX = 16 + 4 * 1024, /* a proxy may add more than addresses */
};

/* How long it is in all. ERR_MALFORMED: it is none of version 2; ERR_TOO_BIG: over the maximum. */
MUST_USE enum err proxyheader_length(const uint8_t fixed[PROXYHEADER_FIXED], size_t *ret);

/* Whom a whole one introduces; *ret_is_told false = nobody: the proxy speaks for itself, or of
 * what has no address. ERR_MALFORMED. */
MUST_USE enum err proxyheader_parse(struct bytes header, bool *ret_is_told, struct ip *ret);

#endif
