#ifndef ROOMCAST_GATEWAY_EIO_LISTENER_H
#define ROOMCAST_GATEWAY_EIO_LISTENER_H
/*
 * A listening TCP socket of our own, for the server. The one of libwebsockets cannot be shared by
 * processes, spins when descriptors run out, and reports success when it could not bind; this one
 * does none of that. Without descriptors it rests for a second and tries again.
 */
#include "common/err.h"
#include "gateway/loop.h"

struct listener_conf {
	const char *address; /* numeric, IPv4 or IPv6; "::" takes both kinds */
	uint16_t port;       /* 0 = any free one */
	bool reuse_port;
	/* Owns each fd it is given (non-blocking, without delay). */
	void (*on_accept)(void *ctx, int fd);
	void *ctx;
};

struct listener;

/*
 * Listens when it returns. ERR_INVALID: not an address; ERR_SYSTEM: the kernel refused; ret_why
 * says it in words.
 */
MUST_USE enum err listener_new(struct loop *loop, const struct listener_conf *conf, char *ret_why,
    size_t why_size, struct listener **ret);
void listener_free(struct listener **l);

uint16_t listener_port(const struct listener *l);

#endif
