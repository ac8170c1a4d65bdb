#include "broker/change.h"

#include "broker/publish.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <stdio.h>
#include <string.h>

/* Who asked, and what he heard. */
static char heard[128];

static void hear(struct broker *b, const struct change_asker *asker, enum err e, struct bytes value)
{
	char line[64];

	(void)b;
	snprintf(line, sizeof(line), "%d:%s%.*s ", (int)asker->request, err_name(e), (int)value.len,
	    (const char *)value.p);
	strcat(heard, line);
}

static struct change_order order_of(enum change_kind kind, const struct room *r, uint64_t request)
{
	return (struct change_order){.kind = kind,
	    .room = r ? r->id : 0,
	    .nsp = r ? STR("") : STR("/chat"),
	    .user = STR("ann"),
	    .asker = {.answer = hear, .request = request},
	    .answer = bytes_of("!", 1)};
}

static int setup(void **state)
{
	world_setup(state);
	struct world *w = *state;

	heard[0] = '\0';
	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->east, "e1", "lobby");
	world_join(w, &w->west, "w1", "lobby");
	world_commit(w);
	world_forget_heard(w);
	return 0;
}

static void put(struct world *w, struct change_order order)
{
	assert_int_equal(change_put(&w->b, &order), ERR_OK);
}

static void test_nothing_happens_before_the_commit(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");
	struct change_order order = order_of(CHANGE_ROOM, r, 1);

	order.room_kind.is_archived = true;
	put(w, order);
	assert_int_equal(fake_store.rooms, 2);
	assert_true(fake_store.last_room_is_archived);
	assert_false(r->is_archived);
	assert_string_equal(heard, "");
	change_on_committed(&w->b, 0);
	assert_false(r->is_archived);
	world_commit(w);
	assert_true(r->is_archived && !r->is_public);
	assert_string_equal(heard, "1:OK! ");
	assert_int_equal(r->member_count, 0);
	assert_true(fake_peer_read(&w->east, "archived"));
}

static void test_a_batch_that_fails_changes_nothing(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");
	struct change_order member = order_of(CHANGE_MEMBER, r, 1),
			    ban = order_of(CHANGE_IMPOSE, NULL, 2);

	member.role = ROLE_MODERATOR;
	put(w, member);
	put(w, ban);
	world_fail(w);
	assert_string_equal(heard, "1:UNAVAILABLE! 2:UNAVAILABLE! ");
	assert_int_equal(memberships_count(w->b.memberships), 0);
	assert_int_equal(sanctions_count(w->b.sanctions), 0);
	assert_non_null(world_session(w, "e1"));
	assert_false(fake_peer_heard(&w->east, "EXPEL"));
}

static void test_changes_keep_their_order(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");
	struct change_order add = order_of(CHANGE_MEMBER, r, 1), kick = order_of(CHANGE_KICK, r, 2),
			    remove = order_of(CHANGE_MEMBER, r, 3);

	add.role = ROLE_MEMBER;
	put(w, add);
	put(w, kick); /* which has no row */
	put(w, remove);
	change_on_committed(&w->b, 0);
	assert_string_equal(heard, "");
	world_commit(w);
	assert_string_equal(heard, "1:OK! 2:OK! 3:OK! ");
	assert_int_equal(memberships_role(w->b.memberships, r->id, STR("ann")), ROLE_NONE);
}

static void test_a_kick_without_rows_waits_for_the_end_of_the_turn(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	put(w, order_of(CHANGE_KICK, r, 1));
	assert_non_null(member_find(r, world_session(w, "e1")));
	assert_string_equal(heard, "");
	change_on_committed(&w->b, 0);
	assert_null(member_find(r, world_session(w, "e1")));
	assert_string_equal(heard, "1:OK! ");
	assert_true(fake_peer_heard(&w->west, "event=\"moderation\""));
	assert_true(fake_peer_read(&w->east, "kicked"));
	put(w, order_of(CHANGE_KICK, NULL, 2));
	change_on_committed(&w->b, 0);
	assert_null(world_session(w, "e1"));
}

static void test_one_socket_ends(void **state)
{
	struct world *w = *state;
	struct change_order order = order_of(CHANGE_END, NULL, 1);

	world_connect(w, &w->east, "e2", "ann");
	order.socket = STR("e2");
	put(w, order);
	put(w, order);
	change_on_committed(&w->b, 0);
	assert_null(world_session(w, "e2"));
	assert_non_null(world_session(w, "e1"));
	assert_string_equal(heard, "1:OK! 1:OK! ");
}

/* Its client comes back with another connection before the batch is committed. */
static void test_one_socket_ends_whatever_its_connection(void **state)
{
	struct world *w = *state;
	struct change_order order = order_of(CHANGE_END, NULL, 1);
	char pid[LIMIT_PID + 1];

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e2", "ann");
	world_commit(w);
	memcpy(pid, world_session(w, "e2")->pid, sizeof(pid));
	order.socket = STR("e2");
	put(w, order);
	assert_int_equal(fake_store.sessions_removed, 1);
	world_return(w, &w->west, "w9", "ann", pid, "");
	assert_non_null(world_session(w, "w9"));
	world_commit(w);
	assert_null(world_session(w, "w9"));
	assert_true(fake_peer_heard(&w->west, "EXPEL{socket=\"w9\" close=false"));
	assert_int_equal(fake_store.sessions_removed, 2);
	assert_non_null(world_session(w, "e1"));
	assert_string_equal(heard, "1:OK! ");
}

static void test_what_lost_sessions_lose_is_in_the_same_batch(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e2", "ann");
	world_join(w, &w->east, "e2", "lobby");
	world_commit(w);
	world_lose(w, &w->east, "e2");
	fake_store.session_rooms_removed = fake_store.sessions_removed = 0;
	put(w, order_of(CHANGE_MEMBER, r, 1));
	assert_int_equal(fake_store.memberships_removed, 1);
	assert_int_equal(fake_store.session_rooms_removed, 1);
	put(w, order_of(CHANGE_IMPOSE, NULL, 2));
	assert_int_equal(fake_store.sanctions, 1);
	assert_int_equal(fake_store.sessions_removed, 1);
	assert_non_null(world_session(w, "e2"));
	world_commit(w);
	assert_null(world_session(w, "e2"));
}

static void test_bans_mutes_and_their_end(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");
	struct change_order order = order_of(CHANGE_IMPOSE, r, 1);
	struct sanction_key key = {.kind = SANCTION_MUTE, .user = STR("ann"), .room = r->id};

	order.sanction = SANCTION_MUTE;
	order.by = STR("bob");
	order.reason = STR("noise");
	order.until.ms = fake_turn_wall.ms + 1000;
	put(w, order);
	world_commit(w);
	const struct sanction *mute = sanctions_find(w->b.sanctions, &key, fake_turn_wall);

	assert_true(mute && str_eqz(mute->by, "bob") && str_eqz(mute->reason, "noise"));
	assert_true(fake_peer_heard(&w->east, "event=\"moderation\""));
	assert_true(fake_peer_read(&w->east, "noise"));
	order.kind = CHANGE_LIFT;
	put(w, order);
	world_commit(w);
	assert_null(sanctions_find(w->b.sanctions, &key, fake_turn_wall));
	assert_true(fake_peer_read(&w->east, "unmute"));
	order.kind = CHANGE_IMPOSE;
	order.sanction = SANCTION_BAN;
	put(w, order);
	world_commit(w);
	assert_null(member_find(r, world_session(w, "e1")));
	fake_store.sanctions_removed = 0;
	change_on_tick(&w->b);
	assert_int_equal(fake_store.sanctions_expired, 0);
	fake_turn_wall.ms += 1000;
	change_on_tick(&w->b);
	assert_int_equal(fake_store.sanctions_expired, 1);
	assert_int_equal(fake_store.sanctions_removed, 0);
	assert_int_equal(sanctions_count(w->b.sanctions), 0);
}

static void test_what_is_kept_is_bounded(void **state)
{
	struct world *w = *state;
	struct change_order order = order_of(CHANGE_IMPOSE, world_room(w, "lobby"), 1);

	w->b.config.sanctions_max = 1;
	w->b.config.memberships_max = 1;
	put(w, order);
	world_commit(w);
	order.user = STR("bob");
	assert_int_equal(change_put(&w->b, &order), ERR_FULL);
	order.kind = CHANGE_LIFT;
	put(w, order);
	order.kind = CHANGE_MEMBER;
	order.role = ROLE_MEMBER;
	put(w, order);
	world_commit(w);
	assert_int_equal(change_put(&w->b, &order), ERR_FULL);
	order.role = ROLE_NONE;
	put(w, order);
	fake_store.is_in_doubt = true;
	assert_int_equal(change_put(&w->b, &order), ERR_UNAVAILABLE);
}

static void test_who_is_gone_is_not_answered(void **state)
{
	struct world *w = *state;
	struct change_order order = order_of(CHANGE_IMPOSE, NULL, 1);

	order.asker.peer = &w->east;
	put(w, order);
	order.asker.peer = &w->west;
	order.asker.request = 2;
	put(w, order);
	change_forget(&w->b, &w->east);
	world_commit(w);
	assert_string_equal(heard, "2:OK! ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_nothing_happens_before_the_commit),
	    TEST(test_a_batch_that_fails_changes_nothing),
	    TEST(test_changes_keep_their_order),
	    TEST(test_a_kick_without_rows_waits_for_the_end_of_the_turn),
	    TEST(test_one_socket_ends),
	    TEST(test_one_socket_ends_whatever_its_connection),
	    TEST(test_what_lost_sessions_lose_is_in_the_same_batch),
	    TEST(test_bans_mutes_and_their_end),
	    TEST(test_what_is_kept_is_bounded),
	    TEST(test_who_is_gone_is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
