#ifndef ROOMCAST_TESTS_BROKER_WORLD_H
#define ROOMCAST_TESTS_BROKER_WORLD_H
/*
 * A small broker for the tests of its rules: what gateways say goes in, what peers hear comes out.
 * Store, reader, peers and clock are fakes (tests/fakes), everything between is real. Namespaces:
 * /chat makes rooms by joining, /fixed does not; in /later one says later who one is. Every test
 * begins with an empty broker and two peers, east and west. Recovery is off (b.config.recovery)
 * until the test says otherwise; the grace is 5 s, the window 120 s, the epoch 1.
 */
#include "broker/broker.h"
#include "broker/member.h"
#include "tests/check.h"
#include "tests/fakes/peer.h"

struct world {
	struct broker b;
	struct peer east, west;
	uint64_t request;
};

/* For cmocka_unit_test_setup_teardown. */
int world_setup(void **state);
int world_teardown(void **state);
void world_connect_to(
    struct world *w, struct peer *p, const char *nsp, const char *socket, const char *user);
void world_connect(struct world *w, struct peer *p, const char *socket, const char *user);
/* A gateway announces a socket of before, a second old, and its rooms: an encoded array. */
void world_announce(
    struct world *w, struct peer *p, const char *socket, const char *user, struct bytes rooms);
/* CONNECT of a client that wants its session back. */
void world_return(struct world *w, struct peer *p, const char *socket, const char *user,
    const char *pid, const char *offset);
/* DISCONNECT of one whose connection broke. */
void world_lose(struct world *w, struct peer *p, const char *socket);
/* NULL when there is none. */
struct session *world_session(struct world *w, const char *socket);
/* Its pid; good until the next call. */
const char *world_pid(struct world *w, const char *socket);
void world_join(struct world *w, struct peer *p, const char *socket, const char *room);
void world_leave(struct world *w, struct peer *p, const char *socket, const char *room);
void world_typing(struct world *w, struct peer *p, const char *socket, const char *room);
void world_publish_as(struct world *w, struct peer *p, uint64_t request, const char *socket,
    const char *room, const char *message_id, bool resent);
void world_publish(struct world *w, struct peer *p, const char *socket, const char *room);
void world_commit(struct world *w);
/* The batch that gathers is not committed. */
void world_fail(struct world *w);
void world_forget_heard(struct world *w);
int world_last_error(struct world *w, struct peer *p);
struct room *world_room(struct world *w, const char *name);

#endif
