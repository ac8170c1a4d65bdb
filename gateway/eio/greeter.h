#ifndef ROOMCAST_GATEWAY_EIO_GREETER_H
#define ROOMCAST_GATEWAY_EIO_GREETER_H
/*
 * Connections before they are anybody's: one of a trusted proxy begins with a PROXY header that
 * tells whose it is, and is passed on when that has been read; any other is passed on at once. A
 * proxy that sends another thing, or takes too long, is hung up on: to guess whether the header
 * is there would let clients write it.
 *
 * For the server alone.
 */
#include "gateway/eio/proxies.h"
#include "gateway/loop.h"

struct greeter;

/* on_greeted owns each fd it is given; who it is of has been told to proxies. */
struct greeter *greeter_new(
    struct loop *loop, struct proxies *proxies, void (*on_greeted)(void *ctx, int fd), void *ctx);

/* Hangs up on those that are not greeted yet. */
void greeter_free(struct greeter **g);

/* A connection was accepted; fd is the greeter's now. */
void greeter_accept(struct greeter *g, int fd);

#endif
