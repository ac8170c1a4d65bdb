#ifndef ROOMCAST_TESTS_GATEWAY_EIO_ROUTES_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_EIO_ROUTES_STAGE_H
/*
 * What http_routes.c stands on, replaced: http.c, polling.c and family.c. The "connection" is the
 * request, and takes note of the answer; the session "known" is carried by polling.
 */
#include "gateway/eio/http_routes.h"

struct wire {
	const char *path;
	struct eio_request engine;
	bool is_gone; /* nobody knows any more whose it was */
	unsigned bad_body;
	uint64_t body_bytes;
	const char *asked_headers, *known_etag;
	const char *cors;
	/* the answer */
	bool is_written;
	unsigned status;
	enum eio_refusal why;
	bool is_refused, was_upgrade, is_last;
	char body[64];
	char answer_cors[300]; /* instead of those of the request */
};

#define STAGE_PROXIES ((const struct proxies *)(const void *)&stage_open_count)

extern const struct eio_server_events stage_events;

/* How many sessions there are; the layer above wants no more. */
extern size_t stage_open_count;
extern bool stage_is_full;
/* One address comes too often. */
extern bool stage_is_crowded;

/* A handshake of WebSocket; a poll. */
struct wire stage_opening(const char *path);
struct wire stage_poll(const char *sid);

/* true = it was handed to polling, false = answered here, but not in the callback. */
bool stage_is_poll(const struct http_routes *routes, struct wire *w);

#endif
