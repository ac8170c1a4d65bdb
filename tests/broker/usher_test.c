#include "broker/usher.h"

#include "broker/attend.h"
#include "broker/dormancy.h"
#include "broker/entry.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <string.h>

static int setup(void **state)
{
	world_setup(state);
	struct world *w = *state;

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "ann");
	world_connect(w, &w->west, "w2", "bob");
	for (int i = 0; i < 2; i++)
		world_join(w, &w->west, i ? "w1" : "w2", "lobby");
	world_join(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_forget_heard(w);
	return 0;
}

static void test_out_of_a_room_with_a_reason(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	usher_user_out_of_room(&w->b, r, STR("ann"), USHER_REMOVED);
	assert_true(fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"lobby\" is_in=false"));
	assert_true(fake_peer_heard(&w->east, "SEND{socket=\"e1\" event=\"room-left\""));
	assert_true(fake_peer_heard(&w->west, "MOVE{socket=\"w1\" room=\"lobby\" is_in=false"));
	assert_false(fake_peer_heard(&w->west, "socket=\"w2\""));
	world_commit(w);
	assert_true(fake_peer_heard(&w->west, "event=\"user-left\""));
	assert_int_equal(room_user_count(r), 1);
	assert_null(member_find(r, world_session(w, "e1")));
	world_forget_heard(w);
	world_publish(w, &w->west, "w2", "lobby");
	world_commit(w);
	assert_false(fake_peer_heard(&w->east, "DELIVER"));
}

/* An answer that is on its way says that the socket is in the room: it is told after it, too. */
static void test_an_answer_that_waits_does_not_put_it_back(void **state)
{
	struct world *w = *state;

	world_join(w, &w->east, "e1", "hall");
	world_forget_heard(w);
	usher_user_out_of_room(&w->b, world_room(w, "hall"), STR("ann"), USHER_KICKED);
	assert_true(fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"hall\" is_in=false"));
	assert_false(fake_peer_heard(&w->east, "room-left"));
	world_forget_heard(w);
	world_commit(w);
	buf_putc(&w->east.heard, '\0');
	const char *text = buf_str(&w->east.heard).p;
	const char *answer = strstr(text, "REPLY"), *move = strstr(text, "MOVE");

	assert_true(answer && move && answer < move);
	assert_true(move < strstr(text, "room-left"));
}

/* Where a text begins among what a peer heard, the last time. */
static size_t last_of(struct peer *p, const char *what)
{
	const char *text, *at = NULL;

	buf_putc(&p->heard, '\0');
	text = buf_str(&p->heard).p;
	for (const char *next = text; (next = strstr(next, what)); next++)
		at = next;
	assert_non_null(at);
	return (size_t)(at - text);
}

/* He is put out while others wait for the disk, and joins at once where all is committed. */
static void test_who_joins_again_meanwhile_is_in(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = false;
	world_connect(w, &w->east, "e5", "eve");
	world_join(w, &w->east, "e5", "hall");
	world_publish(w, &w->west, "w2", "lobby");
	usher_user_out_of_room(&w->b, world_room(w, "hall"), STR("eve"), USHER_KICKED);
	world_forget_heard(w);
	world_join(w, &w->east, "e5", "hall");
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_true(last_of(&w->east, "MOVE") < last_of(&w->east, "room-left"));
	assert_true(last_of(&w->east, "room-left") < last_of(&w->east, "REPLY"));
}

static void test_who_leaves_before_he_is_moved_in_is_out(void **state)
{
	struct world *w = *state;
	struct room *r = rooms_load(w->b.rooms, 70, STR("/chat"), STR("club"), true, 0);

	w->b.config.recovery = false;
	world_connect(w, &w->east, "e5", "eve");
	world_publish(w, &w->west, "w2", "lobby");
	usher_user_into_room(&w->b, r, STR("eve"));
	world_forget_heard(w);
	world_leave(w, &w->east, "e5", "club");
	world_commit(w);
	assert_true(last_of(&w->east, "MOVE") < last_of(&w->east, "REPLY"));
	assert_true(last_of(&w->east, "room-joined") < last_of(&w->east, "REPLY"));
}

static void test_who_is_away_loses_the_room_and_hears_of_it_when_he_is_back(void **state)
{
	struct world *w = *state;
	char pid[LIMIT_PID + 1];

	memcpy(pid, world_session(w, "e1")->pid, sizeof(pid));
	world_lose(w, &w->east, "e1");
	assert_int_equal(usher_prepare_user(&w->b, world_room(w, "lobby"), STR("ann")), 2);
	assert_int_equal(fake_store.session_rooms_removed, 2);
	usher_user_out_of_room(&w->b, world_room(w, "lobby"), STR("ann"), USHER_BANNED);
	assert_int_equal(usher_prepare_user(&w->b, world_room(w, "lobby"), STR("ann")), 0);
	world_commit(w);
	world_forget_heard(w);
	world_return(w, &w->east, "e9", "ann", pid, "");
	assert_false(fake_peer_heard(&w->east, "room-left"));
	world_commit(w);
	buf_putc(&w->east.heard, '\0');
	const char *text = buf_str(&w->east.heard).p;
	const char *answer = strstr(text, "REPLY"), *told = strstr(text, "room-left");

	assert_true(answer && told && answer < told);
	assert_true(fake_peer_read(&w->east, "banned"));
	assert_null(member_find(world_room(w, "lobby"), world_session(w, "e9")));
	assert_int_equal(world_session(w, "e9")->berth_count, 0);
}

/* The grace is over: he has left already, and his session only remembers the room. */
static void test_who_has_left_already_loses_his_way_back(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");
	char pid[LIMIT_PID + 1];

	memcpy(pid, world_session(w, "e1")->pid, sizeof(pid));
	world_lose(w, &w->east, "e1");
	fake_turn_now.us += 5001 * 1000;
	dormancy_on_pace(&w->b);
	assert_null(member_find(r, world_session(w, "e1")));
	world_forget_heard(w);
	usher_user_out_of_room(&w->b, r, STR("ann"), USHER_REMOVED);
	assert_int_equal(world_session(w, "e1")->berth_count, 1);
	world_return(w, &w->east, "e9", "ann", pid, "");
	world_commit(w);
	assert_null(member_find(r, world_session(w, "e9")));
	assert_true(fake_peer_read(&w->east, "removed"));
}

static void test_who_was_made_a_member_while_away_is_told(void **state)
{
	struct world *w = *state;
	struct room *r = rooms_load(w->b.rooms, 70, STR("/chat"), STR("club"), false, 0);
	char pid[LIMIT_PID + 1];

	memcpy(pid, world_session(w, "e1")->pid, sizeof(pid));
	world_lose(w, &w->east, "e1");
	memberships_put(w->b.memberships, 70, STR("ann"), ROLE_MEMBER, fake_turn_wall);
	usher_user_into_room(&w->b, r, STR("ann"));
	assert_int_equal(r->member_count, 1);
	world_return(w, &w->east, "e9", "ann", pid, "");
	world_commit(w);
	assert_non_null(member_find(r, world_session(w, "e9")));
	assert_true(fake_peer_heard(&w->east, "SEND{socket=\"e9\" event=\"room-joined\""));
}

static void test_only_strangers_leave(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	memberships_put(w->b.memberships, r->id, STR("bob"), ROLE_MEMBER, fake_turn_wall);
	r->is_public = false;
	usher_strangers_out_of_room(&w->b, r, USHER_PRIVATE);
	assert_int_equal(r->member_count, 1);
	assert_non_null(member_find(r, world_session(w, "w2")));
	assert_true(fake_peer_read(&w->east, "private"));
}

static void test_the_end_of_all_that_a_user_has(void **state)
{
	struct world *w = *state;
	struct sanction ban = {.reason = STR("spam")};

	world_connect_to(w, &w->east, "/fixed", "f1", "ann");
	world_commit(w);
	world_lose(w, &w->west, "w1");
	assert_int_equal(usher_prepare_end(&w->b, STR("/chat"), STR("ann")), 2);
	usher_end_user(&w->b, STR("/chat"), STR("ann"), &ban);
	assert_null(world_session(w, "e1"));
	assert_null(world_session(w, "w1"));
	assert_non_null(world_session(w, "f1"));
	assert_true(fake_peer_heard(&w->east, "EXPEL{socket=\"e1\" close=false error="));
	assert_true(fake_peer_heard(&w->east, "text=\"spam\""));
	assert_false(fake_peer_heard(&w->west, "EXPEL"));
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	usher_end_user(&w->b, STR(""), STR("ann"), NULL);
	assert_null(world_session(w, "f1"));
	assert_null(sessions_find_user(w->b.sessions, STR("ann")));
}

static void test_into_a_room(void **state)
{
	struct world *w = *state;
	struct room *r = rooms_load(w->b.rooms, 70, STR("/chat"), STR("club"), false, 0);

	world_publish(w, &w->west, "w2", "lobby");
	usher_user_into_room(&w->b, r, STR("ann"));
	assert_int_equal(r->member_count, 0);
	memberships_put(w->b.memberships, 70, STR("ann"), ROLE_MEMBER, fake_turn_wall);
	usher_user_into_room(&w->b, r, STR("ann"));
	usher_user_into_room(&w->b, r, STR("ann"));
	assert_int_equal(r->member_count, 2);
	assert_false(fake_peer_heard(&w->east, "MOVE"));
	/* Behind what waits, and after what was said before; if that is void, it was not said. */
	world_commit(w);
	assert_true(
	    fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"club\" is_in=true gseq=1}"));
	assert_true(fake_peer_heard(&w->east, "event=\"room-joined\""));
	assert_true(fake_peer_heard(&w->west, "MOVE{socket=\"w1\" room=\"club\" is_in=true"));
}

static void test_into_a_room_while_the_disk_fails(void **state)
{
	struct world *w = *state;
	struct room *r = rooms_load(w->b.rooms, 70, STR("/chat"), STR("club"), true, 0);

	world_publish(w, &w->west, "w2", "lobby");
	usher_user_into_room(&w->b, r, STR("ann"));
	fake_store.reader_fault = ERR_IO;
	world_fail(w);
	assert_true(
	    fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"club\" is_in=true gseq=0}"));
}

/* The gateway was not there when its client was put out. */
static void test_a_gateway_that_comes_back_is_put_right(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");
	struct wire_message m = {.type = WIRE_CONNECT};

	world_lose(w, &w->east, "e1");
	usher_user_out_of_room(&w->b, r, STR("ann"), USHER_KICKED);
	world_forget_heard(w);
	m.as.connect = (struct wire_connect){.socket = STR("e1"),
	    .nsp = STR("/chat"),
	    .user = STR("ann"),
	    .username = STR("ann"),
	    .grants = bytes_of("\x90", 1),
	    .rooms = bytes_of("\x91\xa5lobby", 7)};
	entry_on_connect(&w->b, &w->east, &m);
	world_commit(w);
	assert_null(member_find(r, world_session(w, "e1")));
	assert_true(fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"lobby\" is_in=false"));
	assert_true(fake_peer_heard(&w->east, "room-left"));
	assert_true(fake_peer_read(&w->east, "kicked"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_out_of_a_room_with_a_reason),
	    TEST(test_an_answer_that_waits_does_not_put_it_back),
	    TEST(test_who_joins_again_meanwhile_is_in),
	    TEST(test_who_leaves_before_he_is_moved_in_is_out),
	    TEST(test_who_is_away_loses_the_room_and_hears_of_it_when_he_is_back),
	    TEST(test_who_has_left_already_loses_his_way_back),
	    TEST(test_who_was_made_a_member_while_away_is_told),
	    TEST(test_only_strangers_leave),
	    TEST(test_the_end_of_all_that_a_user_has),
	    TEST(test_into_a_room),
	    TEST(test_into_a_room_while_the_disk_fails),
	    TEST(test_a_gateway_that_comes_back_is_put_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
