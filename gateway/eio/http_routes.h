#ifndef ROOMCAST_GATEWAY_EIO_HTTP_ROUTES_H
#define ROOMCAST_GATEWAY_EIO_HTTP_ROUTES_H
/*
 * Which HTTP request gets which answer: Engine.IO under its path, pages of the layer above
 * elsewhere, 404 for the rest. Files are libwebsockets' own affair. For the server alone.
 */
#include "gateway/eio/clientfiles.h"
#include "gateway/eio/doorman.h"
#include "gateway/eio/origins.h"
#include "gateway/eio/polling.h"
#include "gateway/eio/server.h"

struct http_routes {
	struct str path; /* of Engine.IO, without the slash at its end; backed by the server */
	bool has_files;  /* elsewhere, which libwebsockets serves */
	const struct client_files *client_files; /* under the path, too; NULL = none */
	uint64_t sessions_max;
	enum eio_revision oldest;      /* of the protocol that is spoken */
	const struct origins *origins; /* that may connect; NULL = nobody asks */
	const struct proxies *proxies;
	struct doorman *doorman;
	struct eio_family *family;
	struct polls *polls;
	const struct eio_server_events *events;
	void *up;
};

/* A request to upgrade. true = to WebSocket; false = it was refused, hang up. */
MUST_USE bool http_route_upgrade(const struct http_routes *routes, struct wire *w);

/* The headers that its answer carries beside those of WebSocket, each with CRLF; NULL = none. */
const char *http_route_upgrade_headers(const struct http_routes *routes, struct wire *w);

/* Any other, before it is served. true = serve it; false = it was refused, hang up. */
MUST_USE bool http_route_plain(const struct http_routes *routes, struct wire *w);

/* Any other: it waits for its answer. */
MUST_USE struct exchange *http_route_request(
    const struct http_routes *routes, struct wire *w, struct mono now);

#endif
