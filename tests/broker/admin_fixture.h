#ifndef ROOMCAST_TESTS_BROKER_ADMIN_FIXTURE_H
#define ROOMCAST_TESTS_BROKER_ADMIN_FIXTURE_H
/*
 * The operator's desk in a small world (world.h), with a fake link and archive, and an operator who
 * asks. Answers come as text: "none", "ok <JSON>" or "ERROR: why", good until the next one.
 */
#include "broker/admin.h"
#include "tests/broker/world.h"

struct desk {
	void *world;
	struct world *w; /* the same */
	struct admin *admin;
};

/* The archive: what it was asked last, and what it answers. */
struct fake_archive {
	enum err fault;
	uint64_t ticket;
	struct reader_page page;
	char room[LIMIT_ROOM + 1];
	uint64_t log_ticket, after, upto; /* a page of the log */
};

extern struct fake_archive fake_archive;

/* The last order to prune. */
struct fake_order {
	char nsp[64];
	struct wall before;
};

extern struct fake_order fake_order;

/* Both gateways are live, and west is resuming. */
struct fake_peers {
	bool west_is_ready, east_is_behind;
};

extern struct fake_peers fake_peers;

/* For cmocka_unit_test_setup_teardown. */
int desk_setup(void **state);
int desk_teardown(void **state);

/* ann at both gateways and bob at one, in /chat; ann is in the lobby at east. */
void desk_populate(struct desk *d);

/* A letter from the operator; then what came of it. */
void desk_receive(struct desk *d, struct bytes body);
const char *desk_answer(void);

/* Asks for an emit of event `hi` with ["x"]: to = "user" | "room" | "socket"; without an ack when
 * timeout_ms is 0. */
struct desk_emit {
	const char *nsp, *to, *target, *event;
	uint64_t timeout_ms, retries;
};

const char *desk_ask_emit(struct desk *d, const struct desk_emit *emit);

/* Asks: with these encoded arguments; without any; about a room in /chat, with one more argument
 * key = number unless key is NULL. */
const char *desk_ask_raw(struct desk *d, uint64_t version, const char *command, struct bytes args);
const char *desk_ask(struct desk *d, const char *command);
/* With pairs of texts, up to NULL, NULL: "yes" is true, what is `for` a number. */
const char *desk_ask_pairs(struct desk *d, const char *command, const char *const *pairs);
const char *desk_ask_room(
    struct desk *d, const char *command, const char *room, const char *key, uint64_t number);

#endif
