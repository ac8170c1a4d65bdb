#include "tests/broker/world.h"

#include "broker/state.h"
#include "tests/fakes/store.h"

#include <string.h>

static struct reader_room stored(uint64_t id, const char *name, uint64_t seq)
{
	return (struct reader_room){
	    .id = id, .nsp = STR("/chat"), .name = str_of(name), .is_public = true, .seq = seq};
}

static void test_the_start_fills_the_tables(void **state)
{
	struct world *w = *state;
	char why[STORE_WHY_SIZE] = "";

	fake_store.stored_gseq = 12;
	fake_store.stored_room = stored(3, "lobby", 7);
	assert_int_equal(state_load(&w->b, why, sizeof(why)), ERR_OK);
	assert_int_equal(w->b.gseq, 12);
	assert_int_equal(world_room(w, "lobby")->seq, 7);
	assert_int_equal(world_room(w, "lobby")->committed_seq, 7);
	assert_true(world_room(w, "lobby")->is_stored);
}

static void test_a_database_that_cannot_be_read_is_named(void **state)
{
	struct world *w = *state;
	char why[STORE_WHY_SIZE] = "";

	w->b.config.database = (char *)"/some/where.db";
	fake_store.reader_fault = ERR_IO;
	assert_int_equal(state_load(&w->b, why, sizeof(why)), ERR_IO);
	assert_non_null(strstr(why, "/some/where.db"));
}

static void test_numbers_go_back_to_what_is_stored(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "kept");
	world_join(w, &w->east, "e1", "lost");
	world_room(w, "kept")->seq = 9;
	w->b.gseq = 20;
	w->b.is_numbering_stale = true;
	fake_store.stored_gseq = 5;
	fake_store.stored_room = stored(world_room(w, "kept")->id, "kept", 4);
	assert_int_equal(state_read_numbers(&w->b), ERR_OK);
	assert_false(w->b.is_numbering_stale);
	assert_int_equal(w->b.gseq, 5);
	assert_int_equal(world_room(w, "kept")->seq, 4);
	/* Its row was in the batch that failed: it is to be put in again. */
	assert_false(world_room(w, "lost")->is_stored);
	assert_true(world_room(w, "kept")->is_stored);
}

static void test_numbers_that_cannot_be_read_stay_stale(void **state)
{
	struct world *w = *state;

	w->b.is_numbering_stale = true;
	fake_store.reader_fault = ERR_IO;
	assert_int_equal(state_read_numbers(&w->b), ERR_IO);
	assert_true(w->b.is_numbering_stale);
}

/* Sessions of before: in their rooms, without a connection. */
static void test_sessions_are_there_again(void **state)
{
	struct world *w = *state;
	char why[STORE_WHY_SIZE] = "";
	static const struct reader_session sessions[] = {
	    {4, 11, STR("p4"), STR("c4"), STR("s4"), STR("/chat"), STR("ann"), STR("Ann")},
	    {7, 12, STR("p7"), STR("c7"), STR("s7"), STR("/work"), STR("bob"), STR("Bob")},
	    {9, 13, STR("p9"), STR("c9"), STR("s9"), STR("/chat"), STR("bob"), STR("Bob")},
	};
	static const struct reader_session_room rooms[] = {
	    {4, 3, 10}, {4, 99, 10}, {5, 3, 10}, {7, 3, 10}, {9, 3, 12}};

	w->b.config.recovery = true;
	fake_store.stored_gseq = 20;
	fake_store.stored_room = stored(3, "lobby", 7);
	fake_store.stored_sessions = sessions;
	fake_store.stored_session_count = ARRAY_LEN(sessions);
	fake_store.stored_session_rooms = rooms;
	fake_store.stored_session_room_count = ARRAY_LEN(rooms);
	assert_int_equal(state_load(&w->b, why, sizeof(why)), ERR_OK);
	struct session *s = sessions_find_pid(w->b.sessions, STR("p9"));

	assert_string_equal(s->id, "c9");
	assert_string_equal(s->sid, "s9");
	assert_int_equal(s->gseq, 13);
	assert_null(s->peer);
	assert_int_equal(s->member_count, 1);
	assert_int_equal(s->members->gseq, 12);
	assert_int_equal(room_user_count(world_room(w, "lobby")), 2);
	assert_int_equal(world_room(w, "lobby")->route.count, 0);
	assert_int_equal(w->b.last_row, 9);
	/* Of a namespace that has no recovery (any more). */
	assert_null(sessions_find_pid(w->b.sessions, STR("p7")));
	assert_int_equal(fake_store.sessions_removed, 1);
	/* It wakes as if nothing had been. */
	world_return(w, &w->east, "c10", "bob", "p9", "");
	assert_ptr_equal(world_session(w, "c10"), s);
	assert_int_equal(world_room(w, "lobby")->route.count, 1);
}

/* Who had left before the broker ended is not there again, and does not leave again. */
static void test_who_was_away_stays_away(void **state)
{
	struct world *w = *state;
	char why[STORE_WHY_SIZE] = "";
	static const struct reader_session session = {
	    4, 11, STR("p4"), STR("~c4"), STR("s4"), STR("/chat"), STR("ann"), STR("Ann")};
	static const struct reader_session_room rooms[] = {{4, 3, 10}, {4, 5, 12}};

	w->b.config.recovery = true;
	fake_store.stored_gseq = 20;
	fake_store.stored_room = stored(3, "lobby", 7);
	fake_store.stored_sessions = &session;
	fake_store.stored_session_count = 1;
	fake_store.stored_session_rooms = rooms;
	fake_store.stored_session_room_count = ARRAY_LEN(rooms);
	assert_int_equal(state_load(&w->b, why, sizeof(why)), ERR_OK);
	struct session *s = sessions_find_pid(w->b.sessions, STR("p4"));

	assert_string_equal(s->id, "c4");
	assert_int_equal(room_user_count(world_room(w, "lobby")), 0);
	assert_false(timer_is_running(&s->grace));
	world_return(w, &w->east, "c5", "ann", "p4", "");
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	assert_int_equal(world_room(w, "lobby")->route.count, 1);
}

static void test_without_recovery_they_go(void **state)
{
	struct world *w = *state;
	char why[STORE_WHY_SIZE] = "";
	static const struct reader_session session = {
	    4, 11, STR("p4"), STR("c4"), STR("s4"), STR("/chat"), STR("ann"), STR("Ann")};

	fake_store.stored_sessions = &session;
	fake_store.stored_session_count = 1;
	assert_int_equal(state_load(&w->b, why, sizeof(why)), ERR_OK);
	assert_int_equal(sessions_count(w->b.sessions), 0);
	assert_int_equal(fake_store.sessions_removed, 1);
}

static void test_rights_are_loaded_before_sessions(void **state)
{
	static const struct reader_membership members[] = {
	    {.room = 3, .user = {"ann", 3}, .role = {"moderator", 9}},
	    {.room = 3, .user = {"bob", 3}, .role = {"owner", 5}},
	};
	static const struct store_sanction sanctions[] = {
	    {.kind = {"ban", 3}, .user = {"cid", 3}, .nsp = {"/chat", 5}},
	    {.kind = {"mute", 4}, .user = {"ann", 3}, .room = 3},
	    {.kind = {"praise", 6}, .user = {"ann", 3}},
	};
	static const struct reader_session session = {.id = 5,
	    .pid = {"p", 1},
	    .socket = {"e1", 2},
	    .sid = {"e1", 2},
	    .nsp = {"/chat", 5},
	    .user = {"cid", 3},
	    .username = {"cid", 3}};
	struct world *w = *state;
	char why[STORE_WHY_SIZE] = "";

	w->b.config.recovery = true;
	fake_store.stored_room = stored(3, "lobby", 7);
	fake_store.stored_room.is_archived = true;
	fake_store.stored_memberships = members;
	fake_store.stored_membership_count = ARRAY_LEN(members);
	fake_store.stored_sanctions = sanctions;
	fake_store.stored_sanction_count = ARRAY_LEN(sanctions);
	fake_store.stored_sessions = &session;
	fake_store.stored_session_count = 1;
	assert_int_equal(state_load(&w->b, why, sizeof(why)), ERR_OK);
	assert_true(world_room(w, "lobby")->is_archived);
	assert_int_equal(memberships_role(w->b.memberships, 3, STR("ann")), ROLE_MODERATOR);
	assert_int_equal(memberships_role(w->b.memberships, 3, STR("bob")), ROLE_MEMBER);
	assert_int_equal(sanctions_count(w->b.sanctions), 2);
	/* Who is banned has no session to come back to. */
	assert_int_equal(sessions_count(w->b.sessions), 0);
	assert_int_equal(fake_store.sessions_removed, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_rights_are_loaded_before_sessions),
	    TEST(test_sessions_are_there_again),
	    TEST(test_who_was_away_stays_away),
	    TEST(test_without_recovery_they_go),
	    TEST(test_the_start_fills_the_tables),
	    TEST(test_a_database_that_cannot_be_read_is_named),
	    TEST(test_numbers_go_back_to_what_is_stored),
	    TEST(test_numbers_that_cannot_be_read_stay_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
