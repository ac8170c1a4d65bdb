/*
 * What the rights of a user are and what he is told of them. Whether everything asks for them is in
 * rights_everybody_test.c.
 */
#include "broker/rights.h"

#include "tests/broker/world.h"
#include "tests/fakes/turn.h"

enum { ROOM_ID = 7 };

static void test_why_is_said(void **state)
{
	struct world *w = *state;
	struct room *r = rooms_load(w->b.rooms, ROOM_ID, STR("/chat"), STR("den"), true, 0);
	struct say_fault fault = {0};

	world_connect(w, &w->east, "e1", "ann");
	const struct session *s = world_session(w, "e1");

	r->is_archived = true;
	assert_false(rights_may_enter(&w->b, s, r, &fault));
	assert_string_equal(fault.text, "This room is archived");
	memberships_put(w->b.memberships, ROOM_ID, STR("ann"), ROLE_MEMBER, fake_turn_wall);
	assert_true(rights_may_enter(&w->b, s, r, &fault));
	assert_false(rights_may_speak(&w->b, s, r, &fault));
	assert_string_equal(fault.text, "This room is archived");
	sanctions_put(w->b.sanctions,
	    &(struct sanction){.key = {.kind = SANCTION_BAN, .user = STR("ann"), .room = ROOM_ID}});
	assert_false(rights_may_enter(&w->b, s, r, &fault));
	assert_string_equal(fault.text, "You are banned from this room");
}

static void test_a_mute_ends_by_itself_and_says_when(void **state)
{
	struct world *w = *state;
	struct room *r = rooms_load(w->b.rooms, ROOM_ID, STR("/chat"), STR("den"), true, 0);
	struct say_fault fault = {0};

	world_connect(w, &w->east, "e1", "ann");
	const struct session *s = world_session(w, "e1");
	struct sanction mute = {.key = {.kind = SANCTION_MUTE, .user = STR("ann"), .room = ROOM_ID},
	    .until = {fake_turn_wall.ms + 5000}};

	sanctions_put(w->b.sanctions, &mute);
	fake_turn_wall.ms += 4000;
	assert_false(rights_may_speak(&w->b, s, r, &fault));
	assert_int_equal(fault.error, CLIENT_ERROR_MUTED);
	assert_int_equal(fault.retry_after_ms, 1000);
	fake_turn_wall.ms += 999;
	assert_false(rights_may_speak(&w->b, s, r, &fault));
	assert_int_equal(fault.retry_after_ms, 1);
	fake_turn_wall.ms += 1;
	assert_true(rights_may_speak(&w->b, s, r, &fault));
}

static void test_bans_from_a_namespace_and_from_everything(void **state)
{
	struct world *w = *state;
	struct sanction ban = {
	    .key = {.kind = SANCTION_BAN, .user = STR("ann"), .nsp = STR("/fixed")},
	    .until = {fake_turn_wall.ms + 10}};

	sanctions_put(w->b.sanctions, &ban);
	assert_null(rights_find_ban(&w->b, STR("/chat"), STR("ann")));
	assert_non_null(rights_find_ban(&w->b, STR("/fixed"), STR("ann")));
	assert_null(rights_find_ban(&w->b, STR("/fixed"), STR("bob")));
	fake_turn_wall.ms += 10;
	assert_null(rights_find_ban(&w->b, STR("/fixed"), STR("ann")));
	ban = (struct sanction){.key = {.kind = SANCTION_BAN, .user = STR("ann")}};
	sanctions_put(w->b.sanctions, &ban);
	assert_non_null(rights_find_ban(&w->b, STR("/chat"), STR("ann")));
}

static void test_moderation_is_the_namespaces_choice(void **state)
{
	struct world *w = *state;

	assert_true(rights_are_moderated(&w->b, STR("/chat")));
	assert_false(rights_are_moderated(&w->b, STR("/fixed")));
	assert_false(rights_are_moderated(&w->b, STR("/work")));
	assert_false(rights_are_moderated(&w->b, STR("/nowhere")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_why_is_said),
	    TEST(test_a_mute_ends_by_itself_and_says_when),
	    TEST(test_bans_from_a_namespace_and_from_everything),
	    TEST(test_moderation_is_the_namespaces_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
