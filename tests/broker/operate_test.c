#include "tests/broker/admin_fixture.h"

#include "broker/change.h"
#include "broker/publish.h"
#include "proto/value.h"
#include "tests/fakes/link.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <string.h>

/* The answer, after the commit if it waits for one. */
static const char *ask_with(struct desk *d, const char *command, const char *const *pairs)
{
	const char *result = desk_ask_pairs(d, command, pairs);

	if (strcmp(result, "none") != 0)
		return result;
	change_on_committed(&d->w->b, 0);
	world_commit(d->w);
	return desk_answer();
}

#define ASK(command, ...) ask_with(d, command, (const char *const[]){__VA_ARGS__, NULL, NULL})

static void assert_said(const char *answer, const char *part)
{
	if (!strstr(answer, part))
		fail_msg("%s is not in %s", part, answer);
}

static void test_rooms(void **state)
{
	struct desk *d = *state;

	assert_string_equal(ASK("room create", "room", "club", "private", "yes"),
	    "ok {\"nsp\":\"/chat\",\"room\":\"club\",\"public\":false,\"archived\":false}");
	assert_int_equal(fake_store.rooms, 1);
	assert_false(fake_store.last_room_is_public);
	assert_said(ASK("room create", "room", "club"), "EXISTS: ");
	assert_said(ASK("room create", "room", "a b"), "INVALID: a room's name");
	assert_said(ASK("room create", "room", "user:x"), "INVALID: rooms whose name begins");
	assert_said(ASK("room create", "room", "x", "nsp", "/work"), "INVALID: /work is no");
	assert_said(ASK("room archive", "room", "club"), "\"archived\":true");
	assert_said(ASK("room public", "room", "club"), "\"public\":true,\"archived\":true");
	assert_said(ASK("room unarchive", "room", "club"), "\"public\":true,\"archived\":false");
	assert_said(ASK("room private", "room", "club"), "\"public\":false");
	assert_said(ASK("room private", "room", "nowhere"), "NOT_FOUND: ");
	world_connect(d->w, &d->w->east, "e1", "ann");
	assert_said(ASK("room archive", "room", "user:ann"), "NOT_FOUND: ");
	d->w->b.config.max_rooms = 1;
	assert_said(ASK("room create", "room", "more"), "FULL: ");
}

/* What clients may not name, nobody could enter. */
static void test_a_room_is_called_as_its_namespace_says(void **state)
{
	struct desk *d = *state;
	struct namespace_conf chat = {.name = (char *)"/chat", .room_id = (char *)"uuid"};

	d->w->b.config.namespaces = &chat;
	d->w->b.config.namespace_count = 1;
	assert_said(ASK("room create", "room", "lobby"), "INVALID: a room's name is a UUID");
	assert_said(ASK("room create", "room", "123e4567-e89b-12d3-a456-426614174000"), "ok {");
	chat.room_id = (char *)"[a-z ]+";
	assert_said(ASK("room create", "room", "big hall", "private", "yes"), "ok {");
	assert_said(ASK("room create", "room", "user:x"), "INVALID: rooms whose name begins");
	chat.room_id = (char *)"name";
	assert_said(ASK("room create", "room", "second hall"), "INVALID: a room's name is 1");
	assert_int_equal(fake_store.rooms, 2);
}

/* Each says what it is about; the other keeps what it was told before. */
static void test_two_at_once_do_not_undo_each_other(void **state)
{
	struct desk *d = *state;

	assert_said(ASK("room create", "room", "club"), "ok {");
	assert_string_equal(desk_ask_room(d, "room private", "club", NULL, 0), "none");
	assert_string_equal(desk_ask_room(d, "room archive", "club", NULL, 0), "none");
	assert_false(fake_store.last_room_is_public);
	assert_true(fake_store.last_room_is_archived);
	world_commit(d->w);
	assert_false(world_room(d->w, "club")->is_public);
	assert_true(world_room(d->w, "club")->is_archived);
	assert_said(desk_answer(), "\"public\":false,\"archived\":true");
	/* What an order that failed would have made of it does not count. */
	assert_string_equal(desk_ask_room(d, "room public", "club", NULL, 0), "none");
	world_fail(d->w);
	assert_said(ASK("room unarchive", "room", "club"), "\"public\":false,\"archived\":false");
}

static void ask_private(struct desk *d)
{
	struct buf args = {0};

	value_put_map(&args, 2);
	value_put_str_pair(&args, STR("room"), STR("club"));
	value_put_bool_pair(&args, STR("private"), true);
	assert_string_equal(desk_ask_raw(d, WIRE_VERSION, "room create", buf_bytes(&args)), "none");
	buf_free(&args);
}

/* It is in memory before it is in the database, and goes again. */
static void test_a_room_that_could_not_be_made(void **state)
{
	struct desk *d = *state;

	assert_string_equal(desk_ask_room(d, "room create", "club", NULL, 0), "none");
	world_fail(d->w);
	assert_said(desk_answer(), "UNAVAILABLE: the database does not take it now");
	assert_null(world_room(d->w, "club"));
	assert_said(ASK("room create", "room", "club"), "ok {");
	assert_int_equal(fake_store.rooms, 2);
	assert_non_null(world_room(d->w, "club"));
	fake_store.is_in_doubt = true;
	assert_said(ASK("room create", "room", "other"), "UNAVAILABLE: ");
	assert_null(world_room(d->w, "other"));
}

/* Who may enter a room that is not public may be in it before the disk refuses it. Then it is what
 * it would be if he had made it by entering. */
static void test_a_room_that_could_not_be_made_with_somebody_in_it(void **state)
{
	struct desk *d = *state;
	struct world *w = d->w;

	w->b.config.recovery = true;
	ask_private(d);
	struct room *r = world_room(w, "club");

	memberships_put(w->b.memberships, r->id, STR("ann"), ROLE_MEMBER, fake_turn_wall);
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "club");
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->west, "w1", "club");
	assert_null(member_find(r, world_session(w, "w1")));
	world_fail(w);
	assert_ptr_equal(world_room(w, "club"), r);
	assert_true(r->is_public);
	assert_non_null(member_find(r, world_session(w, "e1")));
}

/* In memory since a batch failed that had it, with people in it. */
static void test_a_room_in_use_turns_private_with_the_commit(void **state)
{
	struct desk *d = *state;
	struct world *w = d->w;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "club");
	world_fail(w);
	struct room *r = world_room(w, "club");

	assert_false(r->is_stored);
	ask_private(d);
	assert_true(r->is_public);
	assert_false(fake_store.last_room_is_public);
	world_fail(w);
	publish_on_tick(&w->b); /* the numbers are read again */
	assert_true(r->is_public);
	assert_int_equal(r->member_count, 1);
	ask_private(d);
	world_commit(w);
	assert_false(r->is_public);
	assert_int_equal(r->member_count, 0);
	assert_true(fake_peer_read(&w->east, "private"));
}

static void test_members(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(ASK("member add", "room", "lobby", "user", "ann"),
	    "ok {\"nsp\":\"/chat\",\"room\":\"lobby\",\"userId\":\"ann\",\"role\":\"member\"}");
	assert_said(ASK("member role", "room", "lobby", "user", "ann", "role", "moderator"),
	    "\"role\":\"moderator\"");
	assert_said(ASK("member role", "room", "lobby", "user", "bob", "role", "member"),
	    "NOT_FOUND: \"bob\" is no member");
	assert_said(ASK("member add", "room", "lobby", "user", "bob", "role", "king"),
	    "INVALID: a role is");
	assert_said(ASK("member add", "room", "lobby"), "INVALID: a user's id");
	assert_said(ASK("member list", "room", "lobby"),
	    "{\"userId\":\"ann\",\"role\":\"moderator\","
	    "\"since\":1700000000000,\"connections\":2}");
	assert_said(ASK("room show", "room", "lobby"),
	    "\"sockets\":2,\"users\":1,\"members\":1,\"moderators\":1,\"bans\":0,\"mutes\":0");
	assert_said(ASK("member remove", "room", "lobby", "user", "ann"), "\"role\":\"\"");
	assert_said(ASK("member remove", "room", "lobby", "user", "ann"), "NOT_FOUND: ");
	d->w->b.config.memberships_max = 0;
	assert_said(ASK("member add", "room", "lobby", "user", "ann"), "FULL: ");
}

static void test_bans_and_mutes(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_said(ASK("mute add", "user", "ann"), "INVALID: a mute is for one room");
	assert_said(ASK("mute add", "user", "ann", "room", "lobby", "for", "10"),
	    "\"room\":\"lobby\",\"until\":1700000010000");
	assert_said(ASK("ban add", "user", "bob", "reason", "spam"), "\"nsp\":\"\",\"room\":\"\"}");
	assert_null(world_session(d->w, "e2"));
	assert_string_equal(ASK("ban list", "x", "y"),
	    "ok {\"sanctions\":[{\"userId\":\"bob\",\"nsp\":\"\",\"room\":\"\",\"by\":\"\","
	    "\"reason\":\"spam\",\"since\":1700000000000}]}");
	assert_said(ASK("mute list", "x", "y"), "\"nsp\":\"/chat\",\"room\":\"lobby\"");
	assert_said(
	    ASK("ban remove", "user", "bob", "nsp", "/chat"), "NOT_FOUND: there is no such");
	assert_said(ASK("ban remove", "user", "bob"), "ok {");
	assert_said(ASK("mute remove", "user", "ann", "room", "lobby"), "ok {");
	assert_int_equal(sanctions_count(d->w->b.sanctions), 0);
	assert_said(
	    ASK("ban add", "user", "ann", "for", "999999999999"), "INVALID: not for longer");
}

/* Each is one character of two bytes. */
static void test_a_reason_is_counted_in_characters(void **state)
{
	struct desk *d = *state;
	char reason[2 * LIMIT_WHY_CHARS + 3] = "";

	desk_populate(d);
	for (int i = 0; i < LIMIT_WHY_CHARS; i++)
		strcat(reason, "\xc3\xa9");
	assert_said(ASK("ban add", "user", "bob", "reason", reason), "ok {");
	strcat(reason, "\xc3\xa9");
	assert_said(ASK("ban add", "user", "bob", "reason", reason),
	    "TOO_BIG: the reason is longer than 200 characters");
}

static void test_a_ban_from_a_namespace_that_is_none(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(ASK("ban add", "user", "bob", "nsp", "/caht"),
	    "NOT_FOUND: no namespace /caht in the configuration");
	assert_int_equal(sanctions_count(d->w->b.sanctions), 0);
	assert_string_equal(ASK("kick user", "user", "bob", "nsp", "/caht"),
	    "NOT_FOUND: no namespace /caht in the configuration");
	assert_said(ASK("ban add", "user", "bob", "nsp", "/fixed"), "ok {");
	/* It was, and is not configured any more. */
	d->w->b.config.namespace_count = 0;
	assert_said(ASK("ban remove", "user", "bob", "nsp", "/fixed"), "ok {");
	assert_int_equal(sanctions_count(d->w->b.sanctions), 0);
}

static void test_kicks(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_said(ASK("kick user", "user", "ann", "room", "lobby"), "\"room\":\"lobby\"");
	assert_int_equal(world_room(d->w, "lobby")->member_count, 0);
	assert_said(ASK("kick socket", "socket", "e2"), "\"userId\":\"bob\"");
	assert_null(world_session(d->w, "e2"));
	assert_said(ASK("kick socket", "socket", "e2"), "NOT_FOUND: no socket");
	assert_said(ASK("kick user", "user", "ann", "nsp", "/fixed"), "ok {");
	assert_non_null(world_session(d->w, "e1"));
	assert_said(ASK("kick user", "user", "ann"), "ok {");
	assert_null(world_session(d->w, "e1"));
	assert_said(ASK("kick user", "user", "ann"), "NOT_FOUND: \"ann\" is not connected");
	assert_said(ASK("kick user", "user", "ann", "room", "nowhere"), "NOT_FOUND: no room");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_rooms),
	    TEST(test_a_room_is_called_as_its_namespace_says),
	    TEST(test_two_at_once_do_not_undo_each_other),
	    TEST(test_a_room_that_could_not_be_made),
	    TEST(test_a_room_that_could_not_be_made_with_somebody_in_it),
	    TEST(test_a_room_in_use_turns_private_with_the_commit),
	    TEST(test_members),
	    TEST(test_bans_and_mutes),
	    TEST(test_a_reason_is_counted_in_characters),
	    TEST(test_a_ban_from_a_namespace_that_is_none),
	    TEST(test_kicks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
