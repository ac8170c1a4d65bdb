/*
 * Whatever happens in whatever order: every member that stayed hears every message of its rooms
 * once, in order and without a gap. ROOMCAST_SEED=N runs one such life again.
 */
#include "tests/broker/replay_stage.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIVES = 150, STEPS = 600, GAPS_MIN = 1 };

static uint64_t seed;

static unsigned draw(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 20) % below;
}

static void step(struct stage *s)
{
	struct gateway *g = &s->gateways[draw(STAGE_GATEWAYS)];
	unsigned what = draw(1000);

	if (what < 400)
		gateway_publish(s, g, draw(STAGE_SOCKETS), draw(STAGE_ROOMS));
	else if (what < 460)
		gateway_turn_stay(s, g, draw(STAGE_SOCKETS), draw(STAGE_ROOMS));
	else if (what < 580)
		stage_seal(s);
	else if (what < 700)
		stage_commit(s);
	else if (what < 840)
		gateway_take(s, g, draw(6));
	else if (what < 930)
		stage_answer_page(s, 1 + draw(6), draw(10) ? ERR_OK : ERR_IO);
	else if (what < 950)
		gateway_cut(s, g);
	else if (what < 980)
		gateway_mend(s, g);
	else if (what < 985)
		peers_tick(s->b.peers, s->now);
	else if (what < 990)
		stage_restart(s);
	/* What an answer to a join says instead is from when it was asked. */
	else if (!gateway_is_owed(&s->gateways[0]) && !gateway_is_owed(&s->gateways[1]))
		stage_fail(s);
	if (draw(2))
		stage_turn(s);
}

struct sum {
	uint64_t heard, replayed;
	unsigned gaps, live, behind;
};

static void live(uint64_t first_seed, struct sum *sum)
{
	void *state;

	seed = first_seed * 0x9e3779b97f4a7c15;
	assert_int_equal(stage_setup(&state), 0);
	struct stage *s = state;

	for (size_t i = 0; i < (size_t)STAGE_GATEWAYS * STAGE_SOCKETS * STAGE_ROOMS; i++)
		if (draw(2))
			gateway_turn_stay(s, &s->gateways[i % STAGE_GATEWAYS],
			    i / STAGE_GATEWAYS % STAGE_SOCKETS, i % STAGE_ROOMS);
	for (int i = 0; i < STEPS; i++)
		step(s);
	stage_settle(s);
	sum->heard += s->heard;
	sum->replayed += s->replayed;
	sum->gaps += s->gateways[0].gaps + s->gateways[1].gaps;
	sum->live += s->live;
	sum->behind += s->behind;
	assert_int_equal(stage_teardown(&state), 0);
}

static void test_every_member_hears_every_message_once(void **state)
{
	const char *wanted = getenv("ROOMCAST_SEED");
	struct sum sum = {0};

	(void)state;
	if (wanted) {
		live(strtoull(wanted, NULL, 10), &sum);
		return;
	}
	for (uint64_t n = 1; n <= LIVES; n++) {
		print_message("life %d\n", (int)n);
		live(n, &sum);
	}
	/* All of it came to pass. */
	print_message("%llu heard, %llu replayed, %u gaps, %u live, %u behind\n",
	    (unsigned long long)sum.heard, (unsigned long long)sum.replayed, sum.gaps, sum.live,
	    sum.behind);
	assert_true(sum.heard > (uint64_t)LIVES * STEPS / 10);
	assert_true(sum.replayed > (uint64_t)LIVES * STEPS / 100);
	assert_true(sum.gaps >= GAPS_MIN);
	assert_true(sum.live > 0 && sum.behind > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_member_hears_every_message_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
