#include "tests/check.h"

#include "broker/prune.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <string.h>

enum { WINDOW_MS = 120000, DAY_MS = 86400000 };

/* The neighbours: an archive that keeps the last plan, and the places of two gateways. */
static struct plan *asked;
static uint64_t ticket;
static unsigned plans;
static uint64_t places[2];
static struct namespace_conf rules[1];

enum err archive_plan_take(struct archive *a, uint64_t request, struct plan **p)
{
	(void)a;
	plan_free(&asked);
	asked = *p;
	*p = NULL;
	ticket = request;
	plans++;
	return ERR_OK;
}

void peers_each(struct peers *ps, void (*fn)(void *ctx, struct peer *p), void *ctx)
{
	(void)ps;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		fn(ctx, (struct peer *)&places[i]);
}

uint64_t peer_place(const struct peer *p)
{
	return *(const uint64_t *)p;
}

/* What plan.c reads with is not asked here. */
enum err reader_each_oldest(struct reader *r, const struct reader_page *from,
    bool (*fn)(void *ctx, const struct reader_oldest *message), void *ctx)
{
	(void)r;
	(void)from;
	(void)fn;
	(void)ctx;
	return ERR_IO;
}

enum err reader_oldest_receipt(struct reader *r, struct wall *ret)
{
	(void)r;
	(void)ret;
	return ERR_IO;
}

static struct room *add_room(struct broker *b, uint64_t id, const char *name, uint64_t messages)
{
	struct room *r = rooms_load(b->rooms, id, STR("/chat"), str_of(name), true, messages);

	r->bytes = 10 * messages;
	return r;
}

/* A broker that has run for longer than its window, with a room of 1000 messages. */
static struct room *begin(struct world *w)
{
	struct broker *b = &w->b;

	plans = 0;
	places[0] = places[1] = UINT64_MAX;
	rules[0] = (struct namespace_conf){.name = (char *)"/chat"};
	b->config.namespaces = rules;
	b->config.namespace_count = 1;
	b->config.idempotency_window_ms = DAY_MS;
	b->config.replay_max = 500;
	b->gseq = b->released = 1000;
	fake_turn_wall.ms += WINDOW_MS;
	b->prune = prune_new(b);
	fake_turn_wall.ms += WINDOW_MS;
	return add_room(b, 1, "lobby", 1000);
}

static void end(struct world *w)
{
	prune_free(&w->b.prune);
	assert_null(w->b.prune);
	prune_free(&w->b.prune);
	plan_free(&asked);
}

/* The archive fills the plan in: of its first room so many go. */
static void fill(struct world *w, uint64_t count, struct wall front)
{
	struct plan_room *r = &asked->rooms[0];

	r->upto = r->first_seq + count;
	r->gseq = count ? r->upto - 1 : 0;
	r->bytes = 10 * count;
	r->front = front;
	asked->oldest_receipt = fake_turn_wall;
	prune_on_plan(&w->b, ticket, ERR_OK, asked);
}

static void test_without_a_rule_nothing_goes(void **state)
{
	struct world *w = *state;

	begin(w);
	prune_on_pace(&w->b);
	assert_int_equal(plans, 1);
	assert_int_equal(asked->count, 0); /* receipts are looked for */
	fill(w, 0, fake_turn_wall);
	prune_on_pace(&w->b);
	assert_int_equal(plans, 1);
	end(w);
}

static void test_a_room_that_has_too_many_is_cut_to_its_size(void **state)
{
	struct world *w = *state;
	struct room *r = begin(w);

	rules[0].retention_messages = 900;
	prune_on_pace(&w->b);
	assert_int_equal(asked->count, 1);
	assert_int_equal(asked->rooms[0].below, 101);
	assert_int_equal(asked->limit, PRUNE_STEP);
	assert_int_equal(asked->young.ms, fake_turn_wall.ms - WINDOW_MS);
	/* One at a time. */
	prune_on_pace(&w->b);
	assert_int_equal(plans, 1);
	fill(w, 60, (struct wall){1});
	assert_int_equal(fake_store.prunings, 1);
	assert_int_equal(fake_store.last_pruning.first, 61);
	assert_int_equal(fake_store.last_pruning.gseq, 60);
	assert_int_equal(r->first_seq, 61);
	assert_int_equal(r->bytes, 9400);
	assert_int_equal(w->b.pruned, 60);
	prune_on_pace(&w->b);
	assert_int_equal(asked->rooms[0].first_seq, 61);
	fill(w, 40, (struct wall){1});
	prune_on_pace(&w->b);
	assert_int_equal(plans, 2);
	end(w);
}

static void test_bytes_and_age_are_rules_too(void **state)
{
	struct world *w = *state;
	struct room *r = begin(w);

	rules[0].retention_bytes = 9990;
	rules[0].retention_age_ms = DAY_MS;
	prune_on_pace(&w->b);
	assert_int_equal(asked->rooms[0].excess, 10);
	assert_int_equal(asked->rooms[0].before.ms, fake_turn_wall.ms - DAY_MS);
	fill(w, 1, (struct wall){fake_turn_wall.ms - DAY_MS + 1000});
	/* How old the oldest is, is known: it is not looked at before its time. */
	prune_on_pace(&w->b);
	assert_int_equal(plans, 1);
	fake_turn_wall.ms += 1000;
	prune_on_pace(&w->b);
	assert_int_equal(plans, 1);
	fake_turn_wall.ms++;
	prune_on_pace(&w->b);
	assert_int_equal(plans, 2);
	assert_int_equal(r->first_seq, 2);
	end(w);
}

static void test_who_is_behind_keeps_what_he_needs(void **state)
{
	struct world *w = *state;

	begin(w);
	rules[0].retention_messages = 1;
	places[1] = 700;
	prune_on_pace(&w->b);
	assert_int_equal(asked->place, 700);
	/* One came meanwhile that is further behind. */
	places[0] = 650;
	fill(w, 660, (struct wall){1});
	assert_int_equal(fake_store.prunings, 0);
	assert_int_equal(w->b.pruned, 0);
	/* But not for ever: further back than replay-max nobody is brought up to date. */
	places[0] = 3;
	prune_on_pace(&w->b);
	assert_int_equal(asked->place, 500);
	end(w);
}

/* What a deletion took off a room, a plan that was read before it was committed counts again. */
static void test_a_plan_that_may_not_know_of_a_deletion_is_not_followed(void **state)
{
	struct world *w = *state;
	struct room *r = begin(w);

	rules[0].retention_messages = 900;
	/* On its way when the plan is asked for. */
	r->erased_gseq = ++w->b.gseq;
	prune_on_pace(&w->b);
	w->b.released = w->b.gseq;
	fill(w, 60, (struct wall){1});
	assert_int_equal(fake_store.prunings, 0);
	assert_int_equal(r->first_seq, 1);
	assert_int_equal(r->bytes, 10000);
	/* Decided, and committed, while it is read. */
	prune_on_pace(&w->b);
	r->erased_gseq = w->b.released = ++w->b.gseq;
	fill(w, 60, (struct wall){1});
	assert_int_equal(fake_store.prunings, 0);
	/* The next one knows of both. */
	prune_on_pace(&w->b);
	fill(w, 60, (struct wall){1});
	assert_int_equal(fake_store.prunings, 1);
	assert_int_equal(r->bytes, 9400);
	end(w);
}

static void test_the_young_are_not_looked_at(void **state)
{
	struct world *w = *state;
	struct room *r = begin(w);

	rules[0].retention_messages = 1;
	r->front.ms = fake_turn_wall.ms - WINDOW_MS + 1;
	prune_on_pace(&w->b);
	assert_int_equal(asked->count, 0);
	fill(w, 0, fake_turn_wall);
	fake_turn_wall.ms += 2;
	prune_on_pace(&w->b);
	assert_int_equal(asked->count, 1);
	end(w);
}

static void test_nothing_goes_before_the_first_window_is_over(void **state)
{
	struct world *w = *state;

	begin(w);
	rules[0].retention_messages = 1;
	fake_turn_wall.ms--;
	prune_on_pace(&w->b);
	assert_int_equal(plans, 0);
	fake_turn_wall.ms++;
	prune_on_pace(&w->b);
	assert_int_equal(plans, 1);
	end(w);
}

static void test_under_load_a_step_is_twice_what_came(void **state)
{
	struct world *w = *state;

	begin(w);
	rules[0].retention_messages = 1;
	w->b.stored = PRUNE_STEP / 2 - 1;
	prune_on_committed(&w->b);
	assert_int_equal(plans, 0);
	w->b.stored = 500;
	prune_on_committed(&w->b);
	assert_int_equal(asked->limit, 1000);
	fill(w, 10, (struct wall){1});
	w->b.stored += 1000000;
	prune_on_committed(&w->b);
	assert_int_equal(asked->limit, PRUNE_STEP_MAX);
	end(w);
}

static void test_a_disk_in_trouble_is_left_alone(void **state)
{
	struct world *w = *state;

	begin(w);
	rules[0].retention_messages = 1;
	fake_store.trouble = "disk full";
	prune_on_pace(&w->b);
	assert_int_equal(plans, 0);
	fake_store.trouble = NULL;
	prune_on_pace(&w->b);
	assert_int_equal(plans, 1);
	/* What was planned on what is void is not done. */
	prune_on_failed(&w->b);
	fill(w, 10, (struct wall){1});
	assert_int_equal(fake_store.prunings, 0);
	prune_on_pace(&w->b);
	assert_int_equal(plans, 2);
	prune_on_plan(&w->b, ticket, ERR_IO, asked);
	assert_int_equal(fake_store.prunings, 0);
	prune_on_pace(&w->b);
	assert_int_equal(plans, 3);
	end(w);
}

static void test_an_order_goes_once_round(void **state)
{
	struct world *w = *state;
	struct room *r = begin(w);
	const struct wall before = {fake_turn_wall.ms - WINDOW_MS};

	prune_order(&w->b, STR("/other"), before);
	prune_on_pace(&w->b);
	assert_int_equal(asked->count, 0);
	fill(w, 0, fake_turn_wall);
	prune_order(&w->b, STR(""), before);
	prune_on_pace(&w->b);
	assert_int_equal(asked->count, 1);
	assert_int_equal(asked->rooms[0].before.ms, before.ms);
	fill(w, 256, (struct wall){1});
	prune_on_pace(&w->b);
	assert_int_equal(plans, 3);
	fill(w, 0, (struct wall){1});
	/* Nothing went: it is over, though the first is old. */
	prune_on_pace(&w->b);
	assert_int_equal(plans, 3);
	assert_int_equal(r->first_seq, 257);
	end(w);
}

static void test_receipts_end_with_their_window(void **state)
{
	struct world *w = *state;

	begin(w);
	prune_on_pace(&w->b);
	asked->oldest_receipt.ms = fake_turn_wall.ms - DAY_MS + 1000;
	prune_on_plan(&w->b, ticket, ERR_OK, asked);
	assert_int_equal(fake_store.expiries, 0);
	fake_turn_wall.ms += 999;
	prune_on_pace(&w->b);
	assert_int_equal(plans, 1);
	fake_turn_wall.ms += 2;
	prune_on_pace(&w->b);
	assert_int_equal(plans, 2);
	asked->oldest_receipt.ms = fake_turn_wall.ms - DAY_MS - 1;
	prune_on_plan(&w->b, ticket, ERR_OK, asked);
	assert_int_equal(fake_store.expiries, 1);
	/* There may be more. */
	prune_on_pace(&w->b);
	assert_int_equal(plans, 3);
	end(w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_without_a_rule_nothing_goes),
	    TEST(test_a_room_that_has_too_many_is_cut_to_its_size),
	    TEST(test_bytes_and_age_are_rules_too),
	    TEST(test_who_is_behind_keeps_what_he_needs),
	    TEST(test_a_plan_that_may_not_know_of_a_deletion_is_not_followed),
	    TEST(test_the_young_are_not_looked_at),
	    TEST(test_nothing_goes_before_the_first_window_is_over),
	    TEST(test_under_load_a_step_is_twice_what_came),
	    TEST(test_a_disk_in_trouble_is_left_alone),
	    TEST(test_an_order_goes_once_round),
	    TEST(test_receipts_end_with_their_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
