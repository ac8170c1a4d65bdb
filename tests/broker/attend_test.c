#include "broker/publish.h"
#include "tests/broker/world.h"

#include "broker/attend.h"
#include "tests/fakes/store.h"

static void test_the_first_join_makes_the_room(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "s1", "ann");
	world_join(w, &w->east, "s1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_int_equal(fake_store.rooms, 1);
	world_join(w, &w->east, "s1", "lobby");
	assert_int_equal(fake_store.rooms, 1);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
}

static void test_some_namespaces_make_no_rooms(void **state)
{
	struct world *w = *state;

	world_connect_to(w, &w->east, "/fixed", "s1", "ann");
	world_join(w, &w->east, "s1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
}

static void test_presence_is_of_users_not_of_sockets(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->west, "w1", "lobby");
	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->east, "e2", "ann");
	world_forget_heard(w);
	world_join(w, &w->east, "e1", "lobby");
	assert_true(fake_peer_heard(&w->west, "event=\"room-presence\""));
	world_forget_heard(w);
	world_join(w, &w->east, "e2", "lobby");
	assert_false(fake_peer_heard(&w->west, "room-presence"));
	world_leave(w, &w->east, "e1", "lobby");
	assert_false(fake_peer_heard(&w->west, "room-presence"));
	world_leave(w, &w->east, "e2", "lobby");
	assert_true(fake_peer_heard(&w->west, "event=\"room-presence\""));
	assert_true(fake_peer_heard(&w->west, "event=\"user-left\""));
}

/* What is from before a join: all that was numbered, and when that is void, all that is stored. */
static void test_a_join_says_where_it_stands(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	assert_true(fake_peer_heard(&w->east, " gseq=0}"));
	world_join(w, &w->east, "e1", "lobby");
	world_publish(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_publish(w, &w->east, "e1", "lobby");
	world_connect(w, &w->west, "w1", "bob");
	assert_true(fake_peer_heard(&w->west, " gseq=1}"));
	world_join(w, &w->west, "w1", "lobby");
	world_publish(w, &w->east, "e1", "lobby");
	assert_false(fake_peer_heard(&w->west, " gseq=2}"));
	world_commit(w);
	assert_true(fake_peer_heard(&w->west, " gseq=2}"));
	assert_int_equal(w->b.released, 3);
	world_publish(w, &w->east, "e1", "lobby");
	world_forget_heard(w);
	world_connect(w, &w->west, "w2", "cid");
	world_join(w, &w->west, "w2", "lobby");
	publish_on_failed(&w->b, "no space");
	assert_true(fake_peer_heard(&w->west, " gseq=3}"));
	assert_false(fake_peer_heard(&w->west, " gseq=4}"));
	assert_int_equal(w->b.released, 3);
}

static void test_the_joiner_does_not_hear_of_itself(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	assert_true(fake_peer_heard(&w->east, "except=\"e1\""));
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
}

static void test_leaving_where_one_is_not_is_fine(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_leave(w, &w->east, "e1", "nowhere");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
}

static void test_personal_rooms_are_personal(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "bob");
	assert_non_null(world_room(w, "user:ann"));
	world_join(w, &w->west, "w1", "user:ann");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
	world_join(w, &w->west, "w1", "user:nobody");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
	world_leave(w, &w->west, "w1", "user:bob");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
	world_publish(w, &w->west, "w1", "user:ann");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
}

/* What is answered for the room of somebody who is not connected is what is answered for one who
 * is. */
static void test_personal_rooms_do_not_tell_who_is_connected(void **state)
{
	static void (*const asks[])(struct world *, struct peer *, const char *, const char *) = {
	    world_join, world_leave, world_publish, world_typing};
	static const char *const rooms[] = {"user:ann", "user:nobody"};
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "bob");
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		for (size_t j = 0; j < ARRAY_LEN(rooms); j++) {
			world_forget_heard(w);
			asks[i](w, &w->west, "w1", rooms[j]);
			assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
		}
	}
}

static void test_private_rooms_want_a_right(void **state)
{
	struct world *w = *state;

	rooms_load(w->b.rooms, 7, STR("/chat"), STR("club"), false, 0);
	rooms_load(w->b.rooms, 8, STR("/chat"), STR("vault"), false, 0);
	memberships_put(w->b.memberships, 7, STR("bob"), ROLE_MEMBER, (struct wall){0});
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "club");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ACCESS_DENIED);
	world_publish(w, &w->east, "e1", "club");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ACCESS_DENIED);
	/* Granted by the token. */
	world_join(w, &w->east, "e1", "vault");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	/* A stored membership is joined at connect. */
	world_connect(w, &w->west, "w1", "bob");
	assert_int_equal(room_user_count(world_room(w, "club")), 1);
}

static void test_rooms_per_socket_and_in_all_are_bounded(void **state)
{
	struct world *w = *state;

	/* Three of one's own choice beside the personal room, and six in all. */
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "a");
	world_join(w, &w->east, "e1", "b");
	world_join(w, &w->east, "e1", "c");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	world_join(w, &w->east, "e1", "d");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_TOO_MANY_ROOMS);
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->west, "w1", "a");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	world_join(w, &w->west, "w1", "e");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_UNAVAILABLE);
}

static void test_names_with_control_characters_make_no_room(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_JOIN};

	world_connect(w, &w->east, "e1", "ann");
	m.as.join = (struct wire_join){++w->request, STR("e1"), STR("lobby\0x")};
	attend_on_join(&w->b, &w->east, &m);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
	assert_null(world_room(w, "lobby"));
}

/* A disk that is slow for one room holds up no other. */
static void test_only_the_room_waits_for_its_messages(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "busy");
	world_connect(w, &w->west, "w1", "bob");
	world_publish(w, &w->east, "e1", "busy");
	world_join(w, &w->west, "w1", "idle");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	world_typing(w, &w->west, "w1", "idle");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	/* In the room itself the answer stands behind the message, and typing is dropped. */
	world_join(w, &w->west, "w1", "busy");
	assert_int_equal(world_last_error(w, &w->west), -1);
	world_forget_heard(w);
	world_typing(w, &w->east, "e1", "busy");
	assert_false(fake_peer_heard(&w->east, "user-typing"));
	w->request--;
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_false(fake_peer_heard(&w->west, "event=\"message\""));
}

static void test_a_gateway_speaks_for_its_own_sockets_only(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->west, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_UNAVAILABLE);
	assert_null(world_room(w, "lobby"));
}

static void test_typing_goes_to_the_others(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_typing(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
	world_join(w, &w->east, "e1", "lobby");
	world_forget_heard(w);
	world_typing(w, &w->east, "e1", "lobby");
	assert_true(fake_peer_heard(&w->east, "event=\"user-typing\""));
	assert_true(fake_peer_heard(&w->east, "except=\"e1\" is_volatile=true"));
	world_connect(w, &w->west, "w1", "bob");
	world_typing(w, &w->west, "w1", "lobby");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
}

/* A room goes with what it was made for, but for those who came to it: there, or waited for. */
static void test_a_room_that_is_undone(void **state)
{
	struct world *w = *state;
	struct room *r;

	w->b.config.recovery = true;
	w->b.config.presence_grace_ms = 0;
	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->east, "e1", "lobby");
	world_commit(w);
	r = world_room(w, "lobby");
	attend_undo_room(&w->b, r);
	assert_ptr_equal(world_room(w, "lobby"), r);
	world_lose(w, &w->east, "e1");
	assert_int_equal(r->member_count, 0);
	r->is_public = false;
	attend_undo_room(&w->b, r);
	assert_ptr_equal(world_room(w, "lobby"), r);
	assert_true(r->is_public);
	world_join(w, &w->west, "w1", "other");
	world_leave(w, &w->west, "w1", "other");
	attend_undo_room(&w->b, world_room(w, "other"));
	assert_null(world_room(w, "other"));
	world_join(w, &w->west, "w1", "other");
	assert_non_null(world_room(w, "other"));
}

/* Nothing that could ever be committed is waited for. */
static void test_joining_does_not_wait_for_a_batch_that_failed(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->east, "e1", "lobby");
	world_publish(w, &w->east, "e1", "lobby");
	world_fail(w);
	assert_false(w->b.is_numbering_stale);
	world_join(w, &w->west, "w1", "lobby");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_first_join_makes_the_room),
	    TEST(test_some_namespaces_make_no_rooms),
	    TEST(test_presence_is_of_users_not_of_sockets),
	    TEST(test_a_join_says_where_it_stands),
	    TEST(test_the_joiner_does_not_hear_of_itself),
	    TEST(test_leaving_where_one_is_not_is_fine),
	    TEST(test_personal_rooms_are_personal),
	    TEST(test_personal_rooms_do_not_tell_who_is_connected),
	    TEST(test_private_rooms_want_a_right),
	    TEST(test_rooms_per_socket_and_in_all_are_bounded),
	    TEST(test_names_with_control_characters_make_no_room),
	    TEST(test_only_the_room_waits_for_its_messages),
	    TEST(test_a_gateway_speaks_for_its_own_sockets_only),
	    TEST(test_typing_goes_to_the_others),
	    TEST(test_a_room_that_is_undone),
	    TEST(test_joining_does_not_wait_for_a_batch_that_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
