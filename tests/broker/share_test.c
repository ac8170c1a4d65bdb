#include "broker/share.h"

#include "tests/broker/world.h"
#include "tests/check.h"

#include <string.h>

enum { PEERS_MAX = 4 };

/* Those on the link. */
static struct {
	struct peer *peers[PEERS_MAX];
	size_t count;
	const struct peer *resuming;
} on_link;

void peers_each(struct peers *ps, void (*fn)(void *ctx, struct peer *p), void *ctx)
{
	(void)ps;
	for (size_t i = 0; i < on_link.count; i++)
		fn(ctx, on_link.peers[i]);
}

bool peer_is_resuming(const struct peer *p)
{
	return p == on_link.resuming;
}

static void put(struct peer *p)
{
	on_link.peers[on_link.count++] = p;
}

static int setup(void **state)
{
	memset(&on_link, 0, sizeof(on_link));
	if (world_setup(state))
		return -1;
	((struct world *)*state)->b.config.connect_rate = 1000;
	return 0;
}

static void one_gateway_gets_it_all(void **state)
{
	struct world *w = *state;

	put(&w->east);
	share_on_resumed(&w->b, &w->east);
	assert_true(fake_peer_heard(&w->east, "SHARE"));
	assert_true(fake_peer_heard(&w->east, "1000"));
}

static void another_one_halves_it_for_both(void **state)
{
	struct world *w = *state;

	put(&w->east);
	share_on_resumed(&w->b, &w->east);
	world_forget_heard(w);
	put(&w->west);
	share_on_resumed(&w->b, &w->west);
	assert_true(fake_peer_heard(&w->east, "500"));
	assert_true(fake_peer_heard(&w->west, "500"));
	world_forget_heard(w);
	share_on_tick(&w->b);
	assert_false(fake_peer_heard(&w->east, "SHARE"));
}

static void one_that_comes_again_is_told_again_and_alone(void **state)
{
	struct world *w = *state;

	put(&w->east);
	put(&w->west);
	share_on_resumed(&w->b, &w->east);
	world_forget_heard(w);
	share_on_resumed(&w->b, &w->west);
	assert_true(fake_peer_heard(&w->west, "500"));
	assert_false(fake_peer_heard(&w->east, "SHARE"));
}

static void what_one_leaves_the_others_get_at_the_tick(void **state)
{
	struct world *w = *state;

	put(&w->east);
	put(&w->west);
	share_on_resumed(&w->b, &w->east);
	on_link.count = 1;
	world_forget_heard(w);
	share_on_tick(&w->b);
	assert_true(fake_peer_heard(&w->east, "1000"));
}

/* It is told when it has resumed. */
static void who_is_resuming_is_counted_and_not_told(void **state)
{
	struct world *w = *state;

	put(&w->east);
	put(&w->west);
	on_link.resuming = &w->west;
	share_on_resumed(&w->b, &w->east);
	assert_true(fake_peer_heard(&w->east, "500"));
	assert_false(fake_peer_heard(&w->west, "SHARE"));
}

static void a_share_is_at_least_one_and_no_bound_is_none(void **state)
{
	struct world *w = *state;

	put(&w->east);
	put(&w->west);
	w->b.config.connect_rate = 1;
	share_on_resumed(&w->b, &w->east);
	assert_int_equal(w->b.share, 1);
	w->b.config.connect_rate = 0;
	share_on_tick(&w->b);
	assert_int_equal(w->b.share, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_gateway_gets_it_all),
	    TEST(another_one_halves_it_for_both),
	    TEST(one_that_comes_again_is_told_again_and_alone),
	    TEST(what_one_leaves_the_others_get_at_the_tick),
	    TEST(who_is_resuming_is_counted_and_not_told),
	    TEST(a_share_is_at_least_one_and_no_bound_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
