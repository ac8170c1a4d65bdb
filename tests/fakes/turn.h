#ifndef ROOMCAST_TESTS_FAKES_TURN_H
#define ROOMCAST_TESTS_FAKES_TURN_H
/*
 * The clock of the turn in the hand of the test; see turn.c.
 */
#include "broker/turn.h"

extern struct mono fake_turn_now;
extern struct wall fake_turn_wall; /* noon of a day, until the test says otherwise */

/* The wall clock stands so long after 1700000000000. */
extern uint64_t fake_turn_past_noon_ms;

#endif
