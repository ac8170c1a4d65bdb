#ifndef ROOMCAST_TESTS_BROKER_VISITOR_H
#define ROOMCAST_TESTS_BROKER_VISITOR_H
/*
 * Somebody at a door of the link, in the hand of a test: a ZeroMQ DEALER socket with a context of
 * its own and an eye on what becomes of its connection.
 */
#include "common/str.h"

struct visitor;

/* Z85; for CURVE. */
struct visitor_keys {
	const char *broker_public, *secret;
};

/* DROPPED: the other side closed the connection; it tries again by itself. */
enum visitor_fate { VISITOR_WAITING, VISITOR_IN, VISITOR_DROPPED };

enum { VISITOR_DEADLINE_MS = 10000 };

/* id: NULL = a new one for each connection, as gateways have it. keys: NULL = no CURVE. */
struct visitor *visitor_new(const char *id, const char *endpoint, const struct visitor_keys *keys);
void visitor_free(struct visitor **v);

void visitor_send(struct visitor *v, struct bytes body);
void visitor_send_parts(struct visitor *v, const char *const *parts, size_t count);

/* The next message as text, "" when none comes before the deadline; good until the next call. */
const char *visitor_receive(struct visitor *v);

/* What became of the connection since the last call, WAITING when nothing did. */
enum visitor_fate visitor_fate(struct visitor *v);

/* The ZeroMQ socket to poll for reading; then call visitor_fate(). */
void *visitor_watch(const struct visitor *v);

#endif
