/*
 * A turn whose clock stands where the test puts it.
 */
#include "tests/fakes/turn.h"

uint64_t fake_turn_past_noon_ms;
struct mono fake_turn_now = {1000000};
struct wall fake_turn_wall = {1700000000000};

struct mono turn_now(const struct turn *t)
{
	(void)t;
	return fake_turn_now;
}

struct wall turn_wall(const struct turn *t)
{
	(void)t;
	return (struct wall){fake_turn_wall.ms + (int64_t)fake_turn_past_noon_ms};
}
