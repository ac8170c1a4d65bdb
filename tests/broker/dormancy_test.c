#include "broker/dormancy.h"

#include "broker/attend.h"
#include "broker/entry.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

/* bob, who stays, and ann, both in the lobby. */
static void begin(struct world *w)
{
	w->b.config.recovery = true;
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->west, "w1", "lobby");
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_forget_heard(w);
}

static void pass_ms(struct world *w, uint64_t ms)
{
	fake_turn_now = mono_add_ms(fake_turn_now, ms);
	dormancy_on_pace(&w->b);
}

static unsigned count(struct peer *p, const char *text)
{
	unsigned n = 0;

	buf_putc(&p->heard, '\0');
	for (const char *at = buf_str(&p->heard).p; (at = strstr(at, text)); at++)
		n++;
	buf_truncate(&p->heard, p->heard.len - 1);
	return n;
}

static void test_a_lost_user_leaves_once_after_the_grace(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	assert_int_equal(sessions_live_count(w->b.sessions), 1);
	assert_int_equal(sessions_user_count(w->b.sessions), 1);
	pass_ms(w, 4999);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 2);
	assert_int_equal(world_room(w, "lobby")->route.count, 1);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
	pass_ms(w, 1);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	world_commit(w);
	assert_int_equal(count(&w->west, "user-left"), 1);
	pass_ms(w, 100000);
	assert_int_equal(count(&w->west, "user-left"), 1);
	assert_int_equal(sessions_count(w->b.sessions), 2);
}

/* A broker that is killed now lets nobody leave twice. */
static void test_that_he_left_is_heard_when_the_database_has_it(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	pass_ms(w, 5000);
	assert_string_equal(fake_store.last_session.socket, "~e1");
	assert_int_equal(count(&w->west, "DELIVER"), 0);
	world_commit(w);
	assert_int_equal(count(&w->west, "room-presence"), 1);
	assert_int_equal(count(&w->west, "user-left"), 1);
}

static void test_that_he_left_is_heard_although_the_disk_fails(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	pass_ms(w, 5000);
	world_fail(w);
	assert_int_equal(count(&w->west, "user-left"), 1);
	world_commit(w);
	assert_int_equal(count(&w->west, "user-left"), 1);
}

static void test_who_says_goodbye_is_heard_of_when_the_database_has_it(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_DISCONNECT};

	begin(w);
	m.as.disconnect = (struct wire_disconnect){STR("e1"), STR("bye"), .is_lost = false};
	entry_on_disconnect(&w->b, &w->east, &m);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	assert_int_equal(count(&w->west, "user-left"), 0);
	world_commit(w);
	assert_int_equal(count(&w->west, "user-left"), 1);
}

static void test_who_wakes_within_the_grace_was_never_away(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	pass_ms(w, 4000);
	dormancy_wake(&w->b, world_session(w, "e1"), &w->west);
	pass_ms(w, 200000);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 2);
	assert_int_equal(world_room(w, "lobby")->route.stops[0].members, 2);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
	assert_int_equal(sessions_live_count(w->b.sessions), 2);
}

static void test_who_wakes_later_joins_again_where_it_was(void **state)
{
	struct world *w = *state;

	begin(w);
	uint64_t joined = world_session(w, "e1")->members->session_next->gseq;

	world_publish(w, &w->west, "w1", "lobby");
	world_commit(w);
	world_lose(w, &w->east, "e1");
	pass_ms(w, 5000);
	assert_null(world_session(w, "e1")->members);
	world_commit(w);
	world_forget_heard(w);
	dormancy_wake(&w->b, world_session(w, "e1"), &w->east);
	assert_int_equal(count(&w->west, "room-presence"), 1);
	assert_true(fake_peer_read(&w->west, "joined"));
	assert_int_equal(world_session(w, "e1")->members->gseq, joined);
	assert_int_equal(world_session(w, "e1")->berth_count, 0);
}

/* So that a broker that starts knows it. */
static void test_the_database_is_told_who_is_away(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	assert_string_equal(fake_store.last_session.socket, "e1");
	pass_ms(w, 5000);
	assert_string_equal(fake_store.last_session.socket, "~e1");
	dormancy_wake(&w->b, world_session(w, "e1"), &w->east);
	assert_string_equal(fake_store.last_session.socket, "e1");
}

static void test_without_a_grace_it_leaves_at_once(void **state)
{
	struct world *w = *state;

	begin(w);
	w->b.config.presence_grace_ms = 0;
	world_lose(w, &w->east, "e1");
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	world_commit(w);
	assert_int_equal(count(&w->west, "user-left"), 1);
	assert_int_equal(world_session(w, "e1")->berth_count, 1);
}

static void test_a_user_with_another_connection_does_not_leave(void **state)
{
	struct world *w = *state;

	begin(w);
	world_connect(w, &w->west, "w2", "ann");
	world_join(w, &w->west, "w2", "lobby");
	world_commit(w);
	world_forget_heard(w);
	world_lose(w, &w->east, "e1");
	pass_ms(w, 5000);
	dormancy_wake(&w->b, world_session(w, "e1"), &w->east);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
}

static void test_past_the_window_it_is_over(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	pass_ms(w, 5000);
	pass_ms(w, 114999);
	assert_non_null(world_session(w, "e1"));
	pass_ms(w, 1);
	assert_null(world_session(w, "e1"));
	assert_int_equal(fake_store.sessions_removed, 1);
}

static void test_the_longest_lost_one_is_given_up_first(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_int_equal(dormancy_evict(&w->b), ERR_NOT_FOUND);
	world_lose(w, &w->west, "w1");
	pass_ms(w, 10);
	world_lose(w, &w->east, "e1");
	assert_int_equal(dormancy_evict(&w->b), ERR_OK);
	assert_null(world_session(w, "w1"));
	assert_non_null(world_session(w, "e1"));
}

/* A private room that it was in by its token alone. */
static void test_rooms_that_it_may_not_enter_any_more_are_lost(void **state)
{
	struct world *w = *state;
	const uint64_t graces[] = {0, 5000};

	begin(w);
	struct room *vault = rooms_load(w->b.rooms, 50, STR("/chat"), STR("vault"), false, 0);

	for (size_t i = 0; i < ARRAY_LEN(graces); i++) {
		w->b.config.presence_grace_ms = graces[i];
		world_connect(w, &w->east, "e9", "eve");
		world_join(w, &w->east, "e9", "vault");
		world_commit(w);
		struct session *s = world_session(w, "e9");

		assert_non_null(member_find(vault, s));
		world_lose(w, &w->east, "e9");
		s->grant_count = 0;
		unsigned removed = fake_store.session_rooms_removed;

		dormancy_wake(&w->b, s, &w->east);
		assert_null(member_find(vault, s));
		assert_int_equal(fake_store.session_rooms_removed, removed + 1);
		s->grant_count = 1;
		world_lose(w, &w->east, "e9");
		assert_int_equal(dormancy_evict(&w->b), ERR_OK);
	}
}

static void test_after_the_start_there_is_a_lease_more(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	timer_stop(&world_session(w, "e1")->grace);
	timer_stop(&world_session(w, "e1")->window);
	dormancy_await(&w->b, world_session(w, "e1"));
	pass_ms(w, 10999);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 2);
	pass_ms(w, 1);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_lost_user_leaves_once_after_the_grace),
	    TEST(test_that_he_left_is_heard_when_the_database_has_it),
	    TEST(test_that_he_left_is_heard_although_the_disk_fails),
	    TEST(test_who_says_goodbye_is_heard_of_when_the_database_has_it),
	    TEST(test_who_wakes_within_the_grace_was_never_away),
	    TEST(test_who_wakes_later_joins_again_where_it_was),
	    TEST(test_the_database_is_told_who_is_away),
	    TEST(test_without_a_grace_it_leaves_at_once),
	    TEST(test_a_user_with_another_connection_does_not_leave),
	    TEST(test_past_the_window_it_is_over),
	    TEST(test_the_longest_lost_one_is_given_up_first),
	    TEST(test_rooms_that_it_may_not_enter_any_more_are_lost),
	    TEST(test_after_the_start_there_is_a_lease_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
