#ifndef ROOMCAST_GATEWAY_PAGES_H
#define ROOMCAST_GATEWAY_PAGES_H
/*
 * The pages beside Engine.IO: /health, /ready and /metrics, made from what the rooms of the house
 * say of themselves.
 */
#include "common/metrics.h"
#include "gateway/eio/server.h"

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
	bool are_files_short;  /* no new session is let in */
	struct eio_server_excess excess;
};

/* false = there is no such page. */
MUST_USE bool pages_answer(const struct pages *p, struct str path, struct eio_page *page);

#endif
