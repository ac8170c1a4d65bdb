#include "tests/broker/admin_fixture.h"

#include "broker/membership.h"
#include "proto/value_map.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 60000 }; /* rows that no answer has place for */

#define ASK(command, ...) desk_ask_pairs(d, command, (const char *const[]){__VA_ARGS__, NULL, NULL})

/* How often does it stand there? Looking from each place on would take the sanitizer minutes. */
static unsigned count(const char *text, const char *part)
{
	size_t len = strlen(text), size = strlen(part);
	unsigned n = 0;

	for (size_t at = 0; at + size <= len; at++)
		n += text[at] == part[0] && memcmp(text + at, part, size) == 0;
	return n;
}

static void ban(struct desk *d, const char *user, const char *nsp, uint64_t room)
{
	sanctions_put(d->w->b.sanctions,
	    &(struct sanction){.key = {SANCTION_BAN, str_of(user), str_of(nsp), room},
		.by = STR(""),
		.reason = STR("")});
}

/* ann from everything, bob from a namespace, bert from the lobby, cid from the attic. */
static void ban_some(struct desk *d)
{
	desk_populate(d);
	world_join(d->w, &d->w->east, "e2", "attic");
	ban(d, "ann", "", 0);
	ban(d, "bob", "/chat", 0);
	ban(d, "bert", "", world_room(d->w, "lobby")->id);
	ban(d, "cid", "", world_room(d->w, "attic")->id);
	ban(d, "dan", "/fixed", 0);
}

static void test_bans_are_sought_by_user_and_place(void **state)
{
	struct desk *d = *state;
	const char *answer;

	ban_some(d);
	assert_int_equal(count(ASK("ban list", "prefix", ""), "userId"), 5);
	answer = ASK("ban list", "prefix", "b");
	assert_int_equal(count(answer, "userId"), 2);
	assert_int_equal(count(answer, "\"bob\"") + count(answer, "\"bert\""), 2);
	answer = ASK("ban list", "nsp", "/chat");
	assert_int_equal(count(answer, "userId"), 3);
	assert_int_equal(count(answer, "\"ann\"") + count(answer, "\"dan\""), 0);
	answer = ASK("ban list", "room", "lobby");
	assert_int_equal(count(answer, "userId"), 1);
	assert_int_equal(count(answer, "\"bert\""), 1);
	assert_int_equal(count(ASK("ban list", "room", "lobby", "prefix", "c"), "userId"), 0);
	assert_int_equal(count(ASK("ban list", "room", "nowhere"), "NOT_FOUND: no room"), 1);
	assert_int_equal(count(ASK("mute list", "prefix", ""), "userId"), 0);
}

static void test_a_long_list_ends_before_its_answer_is_too_long(void **state)
{
	struct desk *d = *state;
	const char *answer;
	char id[64];

	desk_populate(d);
	uint64_t lobby = world_room(d->w, "lobby")->id;

	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "user-with-a-number-as-long-as-this-%d", i);
		ban(d, id, "/chat", 0);
		memberships_put(
		    d->w->b.memberships, lobby, str_of(id), ROLE_MEMBER, (struct wall){1});
	}
	answer = ASK("ban list", "prefix", "");
	assert_in_range(count(answer, "userId"), 1000, MANY - 1);
	assert_int_equal(count(answer, "],\"more\":true}"), 1);
	answer = ASK("member list", "room", "lobby");
	assert_in_range(count(answer, "userId"), 1000, MANY - 1);
	assert_int_equal(count(answer, "],\"more\":true}"), 1);
	answer = ASK(
	    "member list", "room", "lobby", "prefix", "user-with-a-number-as-long-as-this-5999");
	assert_int_equal(count(answer, "userId"), 11);
	assert_int_equal(count(answer, "more"), 0);
}

static void test_rooms_of_workers_have_no_rights(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_int_equal(
	    count(ASK("room show", "room", "user:ann"), "NOT_FOUND: \"user:ann\" exists"), 1);
	assert_int_equal(count(ASK("room show", "room", "lobby"), "\"room\":\"lobby\""), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_bans_are_sought_by_user_and_place),
	    TEST(test_a_long_list_ends_before_its_answer_is_too_long),
	    TEST(test_rooms_of_workers_have_no_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
