#include "broker/membership.h"

#include "tests/check.h"

static const struct wall noon = {1700000000000};

static int setup(void **state)
{
	*state = memberships_new();
	return 0;
}

static int teardown(void **state)
{
	struct memberships *ms = *state;

	memberships_free(&ms);
	assert_null(ms);
	memberships_free(&ms);
	return 0;
}

static void test_roles_have_names(void **state)
{
	(void)state;
	assert_int_equal(role_find(STR("member")), ROLE_MEMBER);
	assert_int_equal(role_find(STR("moderator")), ROLE_MODERATOR);
	assert_int_equal(role_find(STR("king")), ROLE_NONE);
	assert_int_equal(role_find(STR("")), ROLE_NONE);
	assert_string_equal(role_name(ROLE_NONE), "");
}

static void test_put_replace_remove(void **state)
{
	struct memberships *ms = *state;

	assert_int_equal(memberships_role(ms, 1, STR("ann")), ROLE_NONE);
	memberships_put(ms, 1, STR("ann"), ROLE_MEMBER, noon);
	memberships_put(ms, 1, STR("ann of the hill"), ROLE_MODERATOR, noon);
	memberships_put(ms, 1, STR("ann"), ROLE_MODERATOR, noon);
	assert_int_equal(memberships_count(ms), 2);
	assert_int_equal(memberships_role(ms, 1, STR("ann")), ROLE_MODERATOR);
	assert_int_equal(memberships_role(ms, 2, STR("ann")), ROLE_NONE);
	assert_int_equal(memberships_role(ms, 1, STR("an")), ROLE_NONE);
	memberships_remove(ms, 2, STR("ann"));
	memberships_remove(ms, 1, STR("bob"));
	memberships_remove(ms, 1, STR("ann"));
	memberships_remove(ms, 1, STR("ann"));
	assert_int_equal(memberships_role(ms, 1, STR("ann")), ROLE_NONE);
	assert_int_equal(memberships_count(ms), 1);
}

/* Rooms that are never stored have the id 0. */
static void test_what_is_never_stored_has_no_members(void **state)
{
	struct memberships *ms = *state;

	memberships_put(ms, 0, STR("ann"), ROLE_MEMBER, noon);
	memberships_put(ms, 1, STR(""), ROLE_MEMBER, noon);
	assert_int_equal(memberships_role(ms, 0, STR("ann")), ROLE_NONE);
	assert_int_equal(memberships_role(ms, 1, STR("")), ROLE_NONE);
}

struct seen {
	uint64_t rooms[4];
	unsigned count;
};

static void see(void *ctx, const struct membership *m)
{
	struct seen *s = ctx;

	assert_int_equal(m->since.ms, noon.ms);
	s->rooms[s->count++] = m->room;
}

static void test_walks(void **state)
{
	struct memberships *ms = *state;
	struct seen ann = {0}, nobody = {0}, second = {0};

	for (uint64_t room = 1; room <= 4; room++)
		memberships_put(ms, room, STR("ann"), ROLE_MEMBER, noon);
	memberships_put(ms, 2, STR("bob"), ROLE_MODERATOR, noon);
	memberships_remove(ms, 2, STR("ann"));
	memberships_each_of_user(ms, STR("ann"), see, &ann);
	memberships_each_of_user(ms, STR("an"), see, &nobody);
	memberships_each_of_room(ms, 2, see, &second);
	assert_int_equal(nobody.count, 0);
	assert_int_equal(second.count, 1);
	assert_int_equal(ann.count, 3);
	/* In the order in which they were put. */
	assert_int_equal(ann.rooms[0], 1);
	assert_int_equal(ann.rooms[1], 3);
	assert_int_equal(ann.rooms[2], 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_roles_have_names),
	    TEST(test_put_replace_remove),
	    TEST(test_what_is_never_stored_has_no_members),
	    TEST(test_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
