#include "broker/census.h"

#include "broker/entry.h"
#include "broker/publish.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <stdio.h>

/* Rows that a second brings. */
static unsigned written(struct world *w)
{
	unsigned before = fake_store.users;

	publish_on_tick(&w->b);
	return fake_store.users - before;
}

static void disconnect(struct world *w, struct peer *p, const char *socket)
{
	struct wire_message m = {.type = WIRE_DISCONNECT};

	m.as.disconnect = (struct wire_disconnect){str_of(socket), STR("client"), .is_lost = false};
	entry_on_disconnect(&w->b, p, &m);
}

static void on_user(void *ctx, const struct reader_user *user)
{
	buf_printf(ctx, "%.*s %lld %lld;", STR_ARG(user->username), (long long)user->first_seen.ms,
	    (long long)user->last_seen.ms);
}

static const char *find(struct world *w, const char *user)
{
	static char text[128];
	struct buf found = {0};
	enum err e = census_find(&w->b, str_of(user), on_user, &found);

	snprintf(text, sizeof(text), "%s%.*s", e ? err_name(e) : "", (int)found.len,
	    found.len ? buf_str(&found).p : "");
	buf_free(&found);
	return text;
}

static void test_the_first_to_come_and_the_last_to_go_are_noted(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	assert_int_equal(fake_store.users, 0);
	assert_int_equal(written(w), 1);
	assert_string_equal(fake_store.last_user.id, "ann");
	assert_string_equal(fake_store.last_user.username, "ann");
	assert_int_equal(fake_store.last_user.last.ms, 1700000000000);
	world_connect(w, &w->west, "w1", "ann");
	disconnect(w, &w->east, "e1");
	assert_int_equal(written(w), 0);
	disconnect(w, &w->west, "w1");
	assert_int_equal(written(w), 1);
	assert_int_equal(written(w), 0);
}

static void test_who_comes_and_goes_all_the_time_is_one_row_a_second(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 50; i++) {
		world_connect(w, &w->east, "e1", "ann");
		disconnect(w, &w->east, "e1");
	}
	assert_int_equal(written(w), 1);
}

/* Whoever is gone before he was written was here from when he came. */
static void test_a_short_visit_has_a_beginning_and_an_end(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	fake_turn_past_noon_ms = 300;
	disconnect(w, &w->east, "e1");
	assert_string_equal(find(w, "ann"), "ann 1700000000000 1700000000300;");
	assert_int_equal(written(w), 1);
	assert_int_equal(fake_store.last_user.first.ms, 1700000000000);
	assert_int_equal(fake_store.last_user.last.ms, 1700000000300);
}

static void test_lost_and_found_connections_count(void **state)
{
	struct world *w = *state;
	char pid[64];

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e1", "ann");
	world_commit(w);
	snprintf(pid, sizeof(pid), "%s", fake_store.last_session.pid);
	assert_int_equal(written(w), 1);
	world_lose(w, &w->east, "e1");
	assert_int_equal(written(w), 1);
	world_return(w, &w->west, "w1", "ann", pid, "");
	assert_int_equal(written(w), 1);
	/* Its gateway is killed. */
	entry_on_peer_gone(&w->b, &w->west);
	assert_int_equal(written(w), 1);
}

static void test_guests_are_left_out(void **state)
{
	struct world *w = *state;

	world_connect_to(w, &w->east, "/chat", "e1", "guest:x");
	assert_int_equal(written(w), 0);
}

static void test_a_batch_that_failed_takes_nobody_along(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	assert_int_equal(written(w), 1);
	world_fail(w);
	assert_int_equal(written(w), 1);
	world_commit(w);
	assert_int_equal(written(w), 0);
	world_fail(w);
	assert_int_equal(written(w), 0);
	/* And a disk in trouble is not asked. */
	fake_store.trouble = "full";
	disconnect(w, &w->east, "e1");
	assert_int_equal(written(w), 0);
	fake_store.trouble = NULL;
	assert_int_equal(written(w), 1);
}

static void test_at_the_end_all_is_written(void **state)
{
	struct world *w = *state;

	w->b.config.sessions_max = 10000;
	for (int i = 0; i < 5000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "u%d", i);
		world_connect(w, &w->east, name, name);
	}
	unsigned first = written(w);

	assert_true(first > 0 && first < 5000);
	census_flush(&w->b);
	assert_int_equal(fake_store.users, 5000);
}

static void test_what_is_known_of_a_user(void **state)
{
	struct world *w = *state;

	assert_string_equal(find(w, "ann"), "NOT_FOUND");
	/* Not stored yet. */
	world_connect(w, &w->east, "e1", "ann");
	assert_string_equal(find(w, "ann"), "ann 1700000000000 1700000000000;");
	/* Stored before, and seen again. */
	fake_store.stored_user_id = "ann";
	fake_store.stored_user = (struct reader_user){STR("Ann"), {5}, {9}};
	assert_string_equal(find(w, "ann"), "ann 5 1700000000000;");
	census_on_tick(&w->b);
	world_commit(w);
	assert_string_equal(find(w, "ann"), "Ann 5 9;");
	fake_store.reader_fault = ERR_IO;
	assert_string_equal(find(w, "ann"), "IO");
	fake_store.reader_fault = ERR_OK;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_first_to_come_and_the_last_to_go_are_noted),
	    TEST(test_who_comes_and_goes_all_the_time_is_one_row_a_second),
	    TEST(test_a_short_visit_has_a_beginning_and_an_end),
	    TEST(test_lost_and_found_connections_count),
	    TEST(test_guests_are_left_out),
	    TEST(test_a_batch_that_failed_takes_nobody_along),
	    TEST(test_at_the_end_all_is_written),
	    TEST(test_what_is_known_of_a_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
