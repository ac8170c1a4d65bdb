#ifndef ROOMCAST_GATEWAY_PAGES_H
#define ROOMCAST_GATEWAY_PAGES_H
/*
 * The pages beside Engine.IO: /health, /ready and /metrics, made from what the rooms of the house
 * say of themselves.
 */
#include "common/metrics.h"
#include "gateway/eio/server.h"

/*
 * Open files that no new session may use: with fewer left the pages say so, and clients are
 * answered 503, over connections that end with that answer.
 */
enum { PAGES_FILES_RESERVE = 24 };

struct desk;
struct doors;
struct drain;
struct hub;
struct pending;
struct uplink;

/* Whom to ask; lent. */
struct pages {
	struct metrics *metrics;
	const struct doors *doors;
	const struct hub *hub;
	const struct desk *desk;
	const struct uplink *uplink;
	const struct pending *pending;
	const struct drain *drain;
	const struct tls *tls; /* NULL = none */
};

/* false = there is no such page. */
MUST_USE bool pages_answer(const struct pages *p, struct str path, struct eio_page *page);

#endif
