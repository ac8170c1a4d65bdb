#include "broker/announce.h"

#include "broker/entry.h"
#include "broker/usher.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <string.h>

#define NO_ROOMS bytes_of("\x90", 1)
#define IN_LOBBY bytes_of("\x91\xa5lobby", 7)

/* ann and bob are in the lobby, she at east. */
static int setup(void **state)
{
	world_setup(state);
	struct world *w = *state;

	w->b.config.max_rooms = 20;
	rooms_load(w->b.rooms, 70, STR("/chat"), STR("club"), false, 0);
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->west, "w1", "lobby");
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_forget_heard(w);
	return 0;
}

/* What was said since the link broke is lost. */
static void break_link(struct world *w)
{
	w->east.generation++;
	world_forget_heard(w);
}

/* ---- put out ---- */

static void test_a_kick_outlives_the_link(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	usher_user_out_of_room(&w->b, r, STR("ann"), USHER_KICKED);
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
	assert_null(member_find(r, world_session(w, "e1")));
	assert_true(fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"lobby\" is_in=false"));
	assert_true(fake_peer_heard(&w->east, "SEND{socket=\"e1\" event=\"room-left\""));
	assert_true(fake_peer_read(&w->east, "kicked"));
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
	/* And again, where those words were lost, too; not for ever; and he may come again. */
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
	assert_null(member_find(r, world_session(w, "e1")));
	assert_true(fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"lobby\" is_in=false"));
	assert_true(fake_peer_read(&w->east, "kicked"));
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", NO_ROOMS);
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", NO_ROOMS);
	assert_false(fake_peer_heard(&w->east, "room-left"));
	world_join(w, &w->east, "e1", "lobby");
	assert_non_null(member_find(r, world_session(w, "e1")));
}

static void test_who_has_joined_again_stays_in(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	usher_user_out_of_room(&w->b, r, STR("ann"), USHER_KICKED);
	assert_int_equal(world_session(w, "e1")->berth_count, 1);
	world_join(w, &w->east, "e1", "lobby");
	assert_int_equal(world_session(w, "e1")->berth_count, 0);
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
	assert_non_null(member_find(r, world_session(w, "e1")));
	assert_false(fake_peer_heard(&w->east, "MOVE"));
	assert_false(fake_peer_heard(&w->east, "room-left"));
}

/* The gateway was given up after the kick, and comes back to a session that waits. */
static void test_a_kick_outlives_the_lease(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e2", "eve");
	world_join(w, &w->east, "e2", "lobby");
	world_commit(w);
	usher_user_out_of_room(&w->b, r, STR("eve"), USHER_KICKED);
	entry_on_peer_gone(&w->b, &w->east);
	break_link(w);
	world_announce(w, &w->east, "e2", "eve", IN_LOBBY);
	assert_null(member_find(r, world_session(w, "e2")));
	world_commit(w);
	assert_true(fake_peer_heard(&w->east, "MOVE{socket=\"e2\" room=\"lobby\" is_in=false"));
	assert_true(fake_peer_read(&w->east, "kicked"));
}

/* Without recovery nothing waits for a gateway that was given up. */
static void test_a_kick_outlives_a_session_that_nobody_gets_back(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	usher_user_out_of_room(&w->b, r, STR("ann"), USHER_KICKED);
	for (int i = 0; i < 2; i++) {
		entry_on_peer_gone(&w->b, &w->east);
		assert_null(world_session(w, "e1"));
		break_link(w);
		world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
		assert_null(member_find(r, world_session(w, "e1")));
		assert_true(
		    fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"lobby\" is_in=false"));
		assert_true(fake_peer_heard(&w->east, "SEND{socket=\"e1\" event=\"room-left\""));
	}
	/* And he may come again. */
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", NO_ROOMS);
	world_join(w, &w->east, "e1", "lobby");
	entry_on_peer_gone(&w->b, &w->east);
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
	assert_non_null(member_find(r, world_session(w, "e1")));
}

static void test_what_is_kept_of_losses_is_bounded(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {"a", "b", "lobby"};

	for (int i = 0; i < 9; i++) {
		world_join(w, &w->east, "e1", names[i % 3]);
		usher_user_out_of_room(
		    &w->b, world_room(w, names[i % 3]), STR("ann"), USHER_KICKED);
	}
	assert_int_equal(world_session(w, "e1")->berth_count, 3);
	world_join(w, &w->east, "e1", "c");
	usher_user_out_of_room(&w->b, world_room(w, "c"), STR("ann"), USHER_KICKED);
	assert_int_equal(world_session(w, "e1")->berth_count, 3);
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
	assert_null(member_find(world_room(w, "lobby"), world_session(w, "e1")));
}

/* A member who was kicked comes back by himself only. */
static void test_membership_does_not_undo_a_kick(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	w->b.config.recovery = true;
	memberships_put(w->b.memberships, r->id, STR("eve"), ROLE_MEMBER, fake_turn_wall);
	world_connect(w, &w->east, "e2", "eve");
	world_commit(w);
	assert_non_null(member_find(r, world_session(w, "e2")));
	world_lose(w, &w->east, "e2");
	usher_user_out_of_room(&w->b, r, STR("eve"), USHER_KICKED);
	break_link(w);
	world_announce(w, &w->east, "e2", "eve", IN_LOBBY);
	world_commit(w);
	assert_null(member_find(r, world_session(w, "e2")));
	assert_false(fake_peer_heard(&w->east, "is_in=true"));
	assert_true(fake_peer_read(&w->east, "kicked"));
}

/* ---- ended ---- */

static void test_who_was_ended_is_sent_away_again(void **state)
{
	struct world *w = *state;

	usher_end_user(&w->b, STR("/chat"), STR("ann"), NULL);
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
	assert_null(world_session(w, "e1"));
	assert_true(fake_peer_heard(&w->east, "EXPEL{socket=\"e1\" close=false"));
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	/* With another connection he is welcome. */
	world_connect(w, &w->east, "e2", "ann");
	assert_non_null(world_session(w, "e2"));
}

/* His CONNECT came again after the end: it is another beginning. */
static void test_who_has_connected_since_is_not_sent_away(void **state)
{
	struct world *w = *state;

	usher_end_user(&w->b, STR("/chat"), STR("ann"), NULL);
	world_connect(w, &w->east, "e1", "ann");
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
	assert_non_null(world_session(w, "e1"));
	assert_false(fake_peer_heard(&w->east, "EXPEL"));
}

/* ---- made a member ---- */

static void test_who_was_made_a_member_meanwhile_is_in(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "club");

	memberships_put(w->b.memberships, 70, STR("ann"), ROLE_MEMBER, fake_turn_wall);
	usher_user_into_room(&w->b, r, STR("ann"));
	break_link(w);
	world_announce(w, &w->east, "e1", "ann", IN_LOBBY);
	assert_non_null(member_find(r, world_session(w, "e1")));
	assert_true(fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"club\" is_in=true"));
	assert_true(fake_peer_heard(&w->east, "SEND{socket=\"e1\" event=\"room-joined\""));
	assert_false(fake_peer_heard(&w->east, "room=\"lobby\""));
}

static void test_who_was_made_a_member_while_given_up_is_in(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "club");

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e2", "eve");
	world_commit(w);
	entry_on_peer_gone(&w->b, &w->east);
	memberships_put(w->b.memberships, 70, STR("eve"), ROLE_MEMBER, fake_turn_wall);
	usher_user_into_room(&w->b, r, STR("eve"));
	assert_null(member_find(r, world_session(w, "e2")));
	break_link(w);
	world_announce(w, &w->east, "e2", "eve", NO_ROOMS);
	world_commit(w);
	assert_non_null(member_find(r, world_session(w, "e2")));
	assert_true(fake_peer_heard(&w->east, "MOVE{socket=\"e2\" room=\"club\" is_in=true"));
	assert_true(fake_peer_heard(&w->east, "event=\"room-joined\""));
}

/* Removed and taken back while nobody heard of it. */
static void test_who_was_taken_back_meanwhile_is_in(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "club");

	w->b.config.recovery = true;
	memberships_put(w->b.memberships, 70, STR("eve"), ROLE_MEMBER, fake_turn_wall);
	world_connect(w, &w->east, "e2", "eve");
	world_commit(w);
	world_lose(w, &w->east, "e2");
	memberships_remove(w->b.memberships, 70, STR("eve"));
	usher_user_out_of_room(&w->b, r, STR("eve"), USHER_REMOVED);
	memberships_put(w->b.memberships, 70, STR("eve"), ROLE_MEMBER, fake_turn_wall);
	usher_user_into_room(&w->b, r, STR("eve"));
	break_link(w);
	world_announce(w, &w->east, "e2", "eve",
	    bytes_of("\x91\xa4"
		     "club",
		6));
	assert_non_null(member_find(r, world_session(w, "e2")));
	assert_false(fake_peer_heard(&w->east, "room-left"));
}

/* A link that breaks is nothing to a client: where he has left he stays out. */
static void test_where_a_member_has_left_he_is_not_put_back(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "club");

	memberships_put(w->b.memberships, 70, STR("eve"), ROLE_MEMBER, fake_turn_wall);
	world_connect(w, &w->east, "e2", "eve");
	assert_non_null(member_find(r, world_session(w, "e2")));
	world_leave(w, &w->east, "e2", "club");
	break_link(w);
	world_announce(w, &w->east, "e2", "eve", NO_ROOMS);
	assert_null(member_find(r, world_session(w, "e2")));
	assert_false(fake_peer_heard(&w->east, "MOVE"));
	/* Nor when it was given up meanwhile: he was a member already when he connected. */
	memberships_put(
	    w->b.memberships, 70, STR("eve"), ROLE_MEMBER, (struct wall){fake_turn_wall.ms - 2000});
	entry_on_peer_gone(&w->b, &w->east);
	break_link(w);
	world_announce(w, &w->east, "e2", "eve", NO_ROOMS);
	assert_null(member_find(r, world_session(w, "e2")));
	assert_false(fake_peer_heard(&w->east, "MOVE"));
}

/* ---- the rooms ---- */

/* An answer that was lost, or given up: what the gateway says its clients hear is what counts. */
static void test_an_announcement_is_the_whole_truth(void **state)
{
	struct world *w = *state;

	world_join(w, &w->west, "w1", "lost");
	world_join(w, &w->east, "e1", "lost");
	world_join(w, &w->east, "e1", "kept");
	w->east.generation++;
	world_forget_heard(w);
	world_announce(w, &w->east, "e1", "ann", bytes_of("\x91\xa4kept", 6));
	assert_int_equal(room_user_count(world_room(w, "lost")), 1);
	assert_int_equal(room_user_count(world_room(w, "kept")), 1);
	assert_true(fake_peer_heard(&w->west, "event=\"user-left\""));
	assert_non_null(world_room(w, "user:ann"));
}

/* Since when it is in a room that only its gateway knows of is not known, so that nobody could say
 * what it missed there: it is not promised any more. */
static void test_a_session_that_is_not_known_whole_is_not_recovered(void **state)
{
	struct world *w = *state;
	char pid[LIMIT_PID + 1];

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e2", "eve");
	world_commit(w);
	memcpy(pid, world_session(w, "e2")->pid, sizeof(pid));
	unsigned removed = fake_store.sessions_removed;

	world_lose(w, &w->east, "e2");
	break_link(w);
	world_announce(w, &w->east, "e2", "eve", NO_ROOMS);
	assert_string_equal(world_session(w, "e2")->pid, pid);
	break_link(w);
	world_announce(w, &w->east, "e2", "eve", IN_LOBBY);
	assert_non_null(member_find(world_room(w, "lobby"), world_session(w, "e2")));
	assert_string_equal(world_session(w, "e2")->pid, "");
	assert_int_equal(fake_store.sessions_removed, removed + 1);
	world_commit(w);
	world_return(w, &w->west, "w9", "eve", pid, "");
	world_commit(w);
	assert_true(fake_peer_read(&w->west, "\xa9recovered\xc2"));
	/* It does everything else. */
	world_join(w, &w->east, "e2", "other");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
}

/* Else its client would hear nothing more and not know it. */
static void test_who_finds_no_place_any_more_is_sent_elsewhere(void **state)
{
	struct world *w = *state;

	w->b.config.sessions_max = 2;
	break_link(w);
	world_announce(w, &w->east, "e9", "eve", IN_LOBBY);
	assert_null(world_session(w, "e9"));
	assert_true(fake_peer_heard(&w->east, "EXPEL{socket=\"e9\" close=true"));
}

/* Whoever was told that they left is told that they are back. */
static void test_members_of_a_gateway_that_was_given_up_come_back_aloud(void **state)
{
	struct world *w = *state;

	world_join(w, &w->west, "w1", "kept");
	w->east.was_ended = true;
	world_forget_heard(w);
	world_announce(w, &w->east, "e1", "ann", bytes_of("\x91\xa4kept", 6));
	assert_true(fake_peer_heard(&w->west, "event=\"room-presence\""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_kick_outlives_the_link),
	    TEST(test_who_has_joined_again_stays_in),
	    TEST(test_a_kick_outlives_the_lease),
	    TEST(test_a_kick_outlives_a_session_that_nobody_gets_back),
	    TEST(test_what_is_kept_of_losses_is_bounded),
	    TEST(test_membership_does_not_undo_a_kick),
	    TEST(test_who_was_ended_is_sent_away_again),
	    TEST(test_who_has_connected_since_is_not_sent_away),
	    TEST(test_who_was_made_a_member_meanwhile_is_in),
	    TEST(test_who_was_made_a_member_while_given_up_is_in),
	    TEST(test_who_was_taken_back_meanwhile_is_in),
	    TEST(test_where_a_member_has_left_he_is_not_put_back),
	    TEST(test_an_announcement_is_the_whole_truth),
	    TEST(test_a_session_that_is_not_known_whole_is_not_recovered),
	    TEST(test_who_finds_no_place_any_more_is_sent_elsewhere),
	    TEST(test_members_of_a_gateway_that_was_given_up_come_back_aloud),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
