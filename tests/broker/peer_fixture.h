#ifndef ROOMCAST_TESTS_BROKER_PEER_FIXTURE_H
#define ROOMCAST_TESTS_BROKER_PEER_FIXTURE_H
/*
 * Peers over a fake link (tests/fakes/link.h) and a gateway, east, that speaks to them. What goes
 * up is written down as text.
 */
#include "broker/peers.h"
#include "tests/check.h"
#include "tests/fakes/link.h"

enum {
	PEER_HEARTBEAT_MS = 2000,
	PEER_LEASE_MS = 6000,
	PEER_BACKLOG_MAX = 1000,
	PEER_GSEQ = 77,
	PEER_EPOCH = 6,
	PEER_REPLAY_MAX = 50,
};

/* A gateway as the broker sees it: where it writes from, and the number of its last batch. */
struct gateway {
	struct link_address address;
	const char *name, *user;
	uint64_t version, boot, number;
	uint64_t credit_messages;
	uint64_t epoch, last_gseq;
};

struct peer_world {
	struct peers *peers;
	struct gateway east;
	struct mono now;
	struct peer *last; /* that said HELLO, NULL when it was refused */
	struct peer *last_begun;
	uint64_t gseq, released, pruned; /* the broker's */
	bool is_owed;
	char news[512]; /* "message east: JOIN; gone east: why; " */
};

/* For cmocka_unit_test_setup_teardown. */
int peer_world_setup(void **state);
int peer_world_teardown(void **state);

/* A letter from the gateway: these bytes; its next batch with these messages; with one message
 * that has only its type; a HELLO, after which the broker ends its turn. */
void gateway_say_bytes(struct peer_world *w, const struct gateway *g, struct bytes body);
void gateway_say(
    struct peer_world *w, struct gateway *g, const struct wire_message *m, size_t count);
void gateway_say_type(struct peer_world *w, struct gateway *g, enum wire_type type);
void gateway_say_hello(struct peer_world *w, struct gateway *g);

/* Queues a DELIVER of this event for the peer that said HELLO last. */
void peer_world_deliver(struct peer_world *w, const char *event);

/* Forgets the news and what was sent. */
void peer_world_forget(struct peer_world *w);

/* East says hello and is a worker, for no namespace; what came of it is forgotten. */
void peer_world_serve(struct peer_world *w);

#endif
