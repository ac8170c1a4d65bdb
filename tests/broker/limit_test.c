#include "broker/limit.h"

#include "broker/metrics.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <stdio.h>

enum { WINDOW_MS = 1000 };

static void set_limits(struct world *w, uint64_t messages, uint64_t connects)
{
	w->b.config.messages_per_window = messages;
	w->b.config.connects_per_window = connects;
	w->b.config.rate_window_ms = WINDOW_MS;
	w->b.config.rate_users_max = 1000;
	limits_free(&w->b.limits);
	w->b.limits = limits_new(&w->b.config);
}

static void pass(uint64_t ms)
{
	fake_turn_now = mono_add_ms(fake_turn_now, ms);
}

/* The last request was answered rate_limited, with that time to wait. */
static bool must_wait(struct world *w, struct peer *p, unsigned ms)
{
	char line[120];

	snprintf(line, sizeof(line), "REPLY{request=%u error=%d text=\"\" retry_after_ms=%u ",
	    (unsigned)w->request, CLIENT_ERROR_RATE_LIMITED, ms);
	return fake_peer_heard(p, line);
}

static void enter(struct world *w, struct peer *p, const char *socket, const char *user)
{
	world_connect(w, p, socket, user);
	world_join(w, p, socket, "lobby");
}

static void test_messages_count_for_the_user_wherever_he_is(void **state)
{
	struct world *w = *state;

	set_limits(w, 2, 0);
	enter(w, &w->east, "e1", "ann");
	enter(w, &w->west, "w1", "ann");
	enter(w, &w->west, "w2", "bob");
	world_publish(w, &w->east, "e1", "lobby");
	pass(10);
	world_publish(w, &w->west, "w1", "lobby");
	pass(10);
	world_publish(w, &w->east, "e1", "lobby");
	assert_true(must_wait(w, &w->east, WINDOW_MS - 20));
	world_publish(w, &w->west, "w2", "lobby");
	assert_int_equal(fake_store.messages, 3);
	assert_int_equal(w->b.gseq, 3);
	/* Then, and not before. */
	pass(WINDOW_MS - 21);
	world_publish(w, &w->west, "w1", "lobby");
	assert_true(must_wait(w, &w->west, 1));
	pass(1);
	world_publish(w, &w->west, "w1", "lobby");
	assert_int_equal(fake_store.messages, 4);
	assert_int_equal(metrics_value(w->b.metrics, METRIC_LIMITED_MESSAGES, 0, 0), 2);
	assert_int_equal(limit_users(&w->b), 2);
}

static void test_what_was_sent_before_does_not_count(void **state)
{
	struct world *w = *state;

	set_limits(w, 2, 0);
	enter(w, &w->east, "e1", "ann");
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "k1", false);
	uint64_t first = w->request;

	/* The same key, and the same request. */
	for (int i = 0; i < 5; i++)
		world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "k1", false);
	for (int i = 0; i < 5; i++)
		world_publish_as(w, &w->east, first, "e1", "lobby", "k1", true);
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "k2", false);
	assert_int_equal(fake_store.messages, 2);
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "k3", false);
	assert_true(must_wait(w, &w->east, WINDOW_MS));
	/* A duplicate is answered even then. */
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "k2", false);
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
}

static void test_what_was_refused_does_not_count(void **state)
{
	struct world *w = *state;

	set_limits(w, 1, 0);
	enter(w, &w->east, "e1", "ann");
	world_publish(w, &w->east, "e1", "nowhere");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
	fake_store.backlog = w->b.config.store_backlog_max;
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	fake_store.backlog = 0;
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.messages, 1);
}

static void test_moderators_may_be_exempt_in_their_rooms(void **state)
{
	struct world *w = *state;

	set_limits(w, 1, 0);
	rooms_load(w->b.rooms, 7, STR("/chat"), STR("club"), true, 0);
	memberships_put(w->b.memberships, 7, STR("ann"), ROLE_MODERATOR, (struct wall){0});
	memberships_put(w->b.memberships, 7, STR("bob"), ROLE_MEMBER, (struct wall){0});
	enter(w, &w->east, "e1", "ann");
	enter(w, &w->west, "w1", "bob");
	w->b.config.rate_exempt = 1;
	for (int i = 0; i < 5; i++)
		world_publish(w, &w->east, "e1", "club");
	assert_int_equal(fake_store.messages, 5);
	/* Elsewhere he is like others, and what he said there does not count. */
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.messages, 6);
	world_publish(w, &w->east, "e1", "lobby");
	assert_true(must_wait(w, &w->east, WINDOW_MS));
	world_publish(w, &w->west, "w1", "club");
	world_publish(w, &w->west, "w1", "club");
	assert_true(must_wait(w, &w->west, WINDOW_MS));
	w->b.config.rate_exempt = 0;
	world_publish(w, &w->east, "e1", "club");
	assert_true(must_wait(w, &w->east, WINDOW_MS));
}

static void test_connects_are_counted_and_returns_are_not(void **state)
{
	struct world *w = *state;
	char pid[64];

	w->b.config.recovery = true;
	set_limits(w, 0, 2);
	world_connect(w, &w->east, "e1", "ann");
	world_commit(w);
	snprintf(pid, sizeof(pid), "%s", fake_store.last_session.pid);
	for (int i = 0; i < 5; i++) {
		char id[16];

		snprintf(id, sizeof(id), "r%d", i);
		world_return(w, i % 2 ? &w->west : &w->east, id, "ann", pid, "");
		assert_non_null(world_session(w, id));
	}
	world_connect_to(w, &w->east, "/fixed", "e2", "ann");
	assert_non_null(world_session(w, "e2"));
	pass(100);
	world_connect(w, &w->east, "e3", "ann");
	assert_true(must_wait(w, &w->east, WINDOW_MS - 100));
	assert_null(world_session(w, "e3"));
	assert_int_equal(metrics_value(w->b.metrics, METRIC_LIMITED_CONNECTS, 0, 0), 1);
	world_connect(w, &w->east, "e4", "bob");
	assert_non_null(world_session(w, "e4"));
	pass(WINDOW_MS - 100);
	world_connect(w, &w->east, "e3", "ann");
	assert_non_null(world_session(w, "e3"));
}

/* Its answer was lost with the link, and it asks again. */
static void test_the_same_connect_counts_once(void **state)
{
	struct world *w = *state;

	set_limits(w, 0, 1);
	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->east, "e1", "ann");
	assert_false(must_wait(w, &w->east, WINDOW_MS));
	world_connect(w, &w->east, "e2", "ann");
	assert_true(must_wait(w, &w->east, WINDOW_MS));
}

static void test_who_is_idle_is_forgotten(void **state)
{
	struct world *w = *state;

	set_limits(w, 5, 5);
	enter(w, &w->east, "e1", "ann");
	world_publish(w, &w->east, "e1", "lobby");
	limit_on_tick(&w->b);
	assert_int_equal(limit_users(&w->b), 2);
	pass(WINDOW_MS);
	limit_on_tick(&w->b);
	assert_int_equal(limit_users(&w->b), 0);
	assert_int_equal(limit_forgotten(&w->b), 0);
}

static void test_nothing_is_limited_when_they_are_off(void **state)
{
	struct world *w = *state;

	enter(w, &w->east, "e1", "ann");
	for (int i = 0; i < 200; i++)
		world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(w->b.gseq, 200);
	limit_on_tick(&w->b);
	assert_int_equal(limit_users(&w->b), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_messages_count_for_the_user_wherever_he_is),
	    TEST(test_what_was_sent_before_does_not_count),
	    TEST(test_what_was_refused_does_not_count),
	    TEST(test_moderators_may_be_exempt_in_their_rooms),
	    TEST(test_connects_are_counted_and_returns_are_not),
	    TEST(test_the_same_connect_counts_once),
	    TEST(test_who_is_idle_is_forgotten),
	    TEST(test_nothing_is_limited_when_they_are_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
