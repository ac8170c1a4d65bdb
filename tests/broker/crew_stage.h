#ifndef ROOMCAST_TESTS_BROKER_CREW_STAGE_H
#define ROOMCAST_TESTS_BROKER_CREW_STAGE_H
/*
 * The world (world.h) with two application workers, north and south, that serve /work; what they
 * and the gateways hear is read with fake_peer_heard.
 */
#include "tests/broker/world.h"

struct crew_stage {
	struct world *w; /* first: the world's functions take it as state */
	struct peer north, south;
};

int crew_stage_setup(void **state);
int crew_stage_teardown(void **state);

void crew_stage_serve(struct crew_stage *s, struct peer *worker);
/* A client of east that knocks; and one that a worker lets in. What was heard is forgotten then. */
void crew_stage_knock(struct crew_stage *s, const char *socket);
void crew_stage_connect(struct crew_stage *s, struct peer *worker, const char *socket);
/* An event with that request number. */
void crew_stage_event(struct crew_stage *s, const char *socket, uint64_t request);
void crew_stage_forget(struct crew_stage *s);
/* The number of the last task. */
uint64_t crew_stage_task(const struct crew_stage *s);

#endif
