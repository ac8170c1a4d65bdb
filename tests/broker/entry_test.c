#include "tests/broker/world.h"

#include "broker/entry.h"

static void test_a_dead_gateway_s_members_leave_once(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->west, "w1", "lobby");
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_forget_heard(w);
	entry_on_peer_gone(&w->b, &w->east);
	assert_true(fake_peer_heard(&w->west, "event=\"user-left\""));
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	assert_int_equal(sessions_count(w->b.sessions), 1);
	assert_int_equal(world_room(w, "lobby")->route.count, 1);
}

static void test_what_is_not_announced_again_is_gone(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_CONNECT}, done = {.type = WIRE_RESUMED};

	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->east, "e2", "eve");
	w->east.generation++;
	m.as.connect = (struct wire_connect){.socket = STR("e1"),
	    .nsp = STR("/chat"),
	    .user = STR("ann"),
	    .username = STR("ann"),
	    .grants = bytes_of("\xc0", 1),
	    .rooms = bytes_of("\x92\xa5lobby\xa8user:ann", 16)};
	world_forget_heard(w);
	entry_on_connect(&w->b, &w->east, &m);
	entry_on_resumed(&w->b, &w->east, &done);
	assert_int_equal(sessions_count(w->b.sessions), 1);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	assert_false(fake_peer_heard(&w->east, "joined"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_dead_gateway_s_members_leave_once),
	    TEST(test_what_is_not_announced_again_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
