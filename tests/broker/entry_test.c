#include "tests/broker/world.h"

#include "broker/entry.h"
#include "tests/fakes/store.h"

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

static void test_a_lost_gateway_s_sessions_wait(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = true;
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->west, "w1", "lobby");
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_forget_heard(w);
	entry_on_peer_gone(&w->b, &w->east);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
	assert_int_equal(room_user_count(world_room(w, "lobby")), 2);
	assert_int_equal(world_room(w, "lobby")->route.count, 1);
	/* It comes back, and has its clients still. */
	world_announce(w, &w->east, "e1", "ann", bytes_of("\x91\xa5lobby", 7));
	assert_ptr_equal(world_session(w, "e1")->peer, &w->east);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
	assert_int_equal(world_room(w, "lobby")->route.count, 2);
}

static void test_one_that_was_ended_is_gone(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_DISCONNECT};

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e1", "ann");
	m.as.disconnect.socket = STR("e1");
	m.as.disconnect.reason = STR("client namespace disconnect");
	entry_on_disconnect(&w->b, &w->east, &m);
	assert_null(world_session(w, "e1"));
	assert_int_equal(fake_store.sessions_removed, 1);
}

static void test_sessions_have_a_number(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = true;
	w->b.config.sessions_max = 2;
	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->east, "e2", "bob");
	world_connect(w, &w->east, "e3", "eve");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	/* Who is not there makes place. */
	world_lose(w, &w->east, "e1");
	world_connect(w, &w->east, "e3", "eve");
	assert_non_null(world_session(w, "e3"));
	assert_null(world_session(w, "e1"));
}

static void ban_ann(struct world *w, const char *nsp)
{
	sanctions_put(w->b.sanctions,
	    &(struct sanction){
		.key = {.kind = SANCTION_BAN, .user = STR("ann"), .nsp = str_of(nsp)},
		.reason = STR("spam")});
}

static void test_who_is_banned_is_not_let_in(void **state)
{
	struct world *w = *state;

	ban_ann(w, "/chat");
	world_connect(w, &w->east, "e1", "ann");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_USER_BANNED);
	assert_true(fake_peer_heard(&w->east, "text=\"Invalid authentication\""));
	assert_true(fake_peer_read(&w->east, "user_banned"));
	assert_null(world_session(w, "e1"));
	world_connect_to(w, &w->east, "/fixed", "f1", "ann");
	assert_non_null(world_session(w, "f1"));
	ban_ann(w, "");
	world_connect_to(w, &w->east, "/work", "w1", "ann");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_USER_BANNED);
}

/* Its gateway was cut off when the ban came. */
static void test_who_is_banned_is_sent_away_when_announced(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_CONNECT};

	ban_ann(w, "");
	m.as.connect = (struct wire_connect){.socket = STR("e1"),
	    .nsp = STR("/chat"),
	    .user = STR("ann"),
	    .username = STR("ann"),
	    .grants = bytes_of("\x90", 1),
	    .rooms = bytes_of("\x90", 1)};
	entry_on_connect(&w->b, &w->east, &m);
	assert_null(world_session(w, "e1"));
	assert_true(fake_peer_heard(&w->east, "EXPEL{socket=\"e1\" close=false"));
	assert_true(fake_peer_heard(&w->east, "text=\"spam\""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_who_is_banned_is_not_let_in),
	    TEST(test_who_is_banned_is_sent_away_when_announced),
	    TEST(test_a_lost_gateway_s_sessions_wait),
	    TEST(test_one_that_was_ended_is_gone),
	    TEST(test_sessions_have_a_number),
	    TEST(test_a_dead_gateway_s_members_leave_once),
	    TEST(test_what_is_not_announced_again_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
