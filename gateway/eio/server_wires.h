#ifndef ROOMCAST_GATEWAY_EIO_SERVER_WIRES_H
#define ROOMCAST_GATEWAY_EIO_SERVER_WIRES_H
/*
 * The wires of a server: libwebsockets as a guest in the loop, with all the connections it has.
 * What it tells of them is turned into calls of routes, exchanges and WebSockets here and nowhere
 * else. For the server alone.
 */
#include "gateway/eio/http_routes.h"
#include "gateway/eio/tls.h"
#include "gateway/eio/websocket.h"

struct server_wires;

/* All of it must outlive the wires. */
struct server_wires_conf {
	struct loop *loop;
	const struct http_routes *routes;
	struct eio_family *family;
	struct websockets *websockets;
	const char *path; /* of Engine.IO, without the slash at its end */
	const char *static_dir;
	struct tls *tls; /* NULL = plain HTTP */
};

/* ERR_SYSTEM with ret_why in words. */
MUST_USE enum err server_wires_new(const struct server_wires_conf *conf, char *ret_why,
    size_t why_size, struct server_wires **ret);

/* Closes all connections. */
void server_wires_free(struct server_wires **s);

/* A connection has come; fd is closed when it goes, or at once if it cannot be had. */
void server_wires_adopt(struct server_wires *s, int fd);

/* libwebsockets was given deadlines outside its callbacks, which it does not notice by itself. */
void server_wires_wake(struct server_wires *s);

#endif
