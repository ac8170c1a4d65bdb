#ifndef ROOMCAST_TESTS_FAKES_LOOP_H
#define ROOMCAST_TESTS_FAKES_LOOP_H
/*
 * A loop in the hand of the test: it says what time it is and when a turn ends.
 */
#include "gateway/loop.h"

struct loop {
	struct mono now;
	struct wall wall;
	void (*on_turn)(void *ctx); /* the one hook */
	void *ctx;
	bool is_again; /* somebody wants another turn at once */
};

/* Ends the turn: the hook runs. */
void fake_loop_end_turn(struct loop *l);

#endif
