#include "tests/fakes/loop.h"

#include <assert.h>

struct mono loop_now(const struct loop *l)
{
	return l->now;
}

struct wall loop_wall(const struct loop *l)
{
	return l->wall;
}

void loop_on_turn(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	assert(!l->on_turn);
	l->on_turn = fn;
	l->ctx = ctx;
}

void loop_turn_again(struct loop *l)
{
	l->is_again = true;
}

void fake_loop_end_turn(struct loop *l)
{
	l->is_again = false;
	l->on_turn(l->ctx);
}
