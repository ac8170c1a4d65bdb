#include "tests/check.h"

#include "broker/room.h"
#include "proto/limits.h"

#include <string.h>

static const struct wall noon = {1700000000000};

static int setup(void **state)
{
	*state = rooms_new();
	return 0;
}

static int teardown(void **state)
{
	struct rooms *rs = *state;

	rooms_free(&rs);
	assert_null(rs);
	rooms_free(&rs);
	return 0;
}

static void test_a_made_room_is_public_and_not_stored_yet(void **state)
{
	struct rooms *rs = *state;
	struct room *r = rooms_create(rs, STR("/chat"), STR("lobby"), noon);

	assert_true(r->is_public);
	assert_false(r->is_personal);
	assert_false(r->is_stored);
	assert_int_equal(r->id, 1);
	assert_int_equal(r->seq, 0);
	assert_int_equal(r->created.ms, noon.ms);
	assert_ptr_equal(rooms_find_id(rs, 1), r);
	assert_null(rooms_find_id(rs, 2));
}

static void test_a_loaded_room_is_as_it_was_stored(void **state)
{
	struct rooms *rs = *state;
	char name[] = "vault";
	struct room *r = rooms_load(rs, 41, STR("/chat"), str_of(name), false, 7);

	name[0] = 'x';
	assert_string_equal(r->name, "vault");
	assert_string_equal(r->nsp, "/chat");
	assert_false(r->is_public);
	assert_true(r->is_stored);
	assert_int_equal(r->seq, 7);
	assert_int_equal(r->committed_seq, 7);
	/* Rows come in any order; ids go on above the greatest. */
	rooms_load(rs, 3, STR("/chat"), STR("attic"), true, 0);
	assert_int_equal(rooms_create(rs, STR("/"), STR("vault"), noon)->id, 42);
	assert_int_equal(rooms_count(rs), 3);
}

static void test_the_longest_names(void **state)
{
	struct rooms *rs = *state;
	char text[LIMIT_ROOM + LIMIT_NSP];

	memset(text, 'n', sizeof(text));
	struct str nsp = {text, LIMIT_NSP}, name = {text, LIMIT_ROOM};
	struct room *r = rooms_create(rs, nsp, name, noon);

	assert_ptr_equal(rooms_find(rs, nsp, name), r);
	assert_null(rooms_find(rs, nsp, (struct str){text, LIMIT_ROOM - 1}));
	assert_null(rooms_find(rs, (struct str){text, LIMIT_NSP - 1}, name));
	assert_int_equal(strlen(r->nsp), LIMIT_NSP);
	assert_int_equal(strlen(r->name), LIMIT_ROOM);
}

static void test_what_is_too_long_is_not_there(void **state)
{
	struct rooms *rs = *state;
	char text[2000];

	memset(text, 'n', sizeof(text));
	assert_null(rooms_find(rs, STR("/chat"), (struct str){text, sizeof(text)}));
	assert_null(rooms_find(rs, (struct str){text, sizeof(text)}, STR("lobby")));
}

static void test_where_the_namespace_ends_and_the_name_begins(void **state)
{
	struct rooms *rs = *state;
	struct room *r = rooms_create(rs, STR("/ch"), STR("at"), noon);

	assert_null(rooms_find(rs, STR("/c"), STR("hat")));
	assert_null(rooms_find(rs, STR("/chat"), STR("")));
	assert_null(rooms_find(rs, STR(""), STR("/chat")));
	assert_ptr_equal(rooms_find(rs, STR("/ch"), STR("at")), r);
}

static void test_which_names_are_personal(void **state)
{
	(void)state;
	assert_true(room_name_is_personal(STR("user:ann")));
	assert_true(room_name_is_personal(STR("user:")));
	assert_false(room_name_is_personal(STR("user")));
	assert_false(room_name_is_personal(STR("User:ann")));
	assert_false(room_name_is_personal(STR("a-user:ann")));
	assert_false(room_name_is_personal(STR("")));
}

/* They have no row in the database: an id of theirs would be one that is never stored. */
static void test_personal_rooms_use_no_id(void **state)
{
	struct rooms *rs = *state;
	struct room *ann = rooms_create(rs, STR("/chat"), STR("user:ann"), noon);
	struct room *bob = rooms_create(rs, STR("/chat"), STR("user:bob"), noon);

	assert_int_equal(ann->id, 0);
	assert_null(rooms_find_id(rs, 0));
	assert_int_equal(rooms_create(rs, STR("/chat"), STR("lobby"), noon)->id, 1);
	rooms_release(rs, &ann);
	assert_null(ann);
	assert_null(rooms_find(rs, STR("/chat"), STR("user:ann")));
	assert_ptr_equal(rooms_find(rs, STR("/chat"), STR("user:bob")), bob);
	ann = rooms_create(rs, STR("/chat"), STR("user:ann"), noon);
	assert_true(ann->is_personal);
}

static void test_a_worker_s_room_is_fleeting(void **state)
{
	struct rooms *rs = *state;
	struct room *all = rooms_create_fleeting(rs, STR("/work"), STR(""), noon);

	assert_int_equal(all->id, 0);
	assert_true(all->is_fleeting && !all->is_personal);
	assert_ptr_equal(rooms_find(rs, STR("/work"), STR("")), all);
	rooms_release(rs, &all);
	assert_null(all);
	assert_null(rooms_find(rs, STR("/work"), STR("")));
}

static void release(void *ctx, struct room *r)
{
	rooms_release(ctx, &r);
}

static void test_a_walk_may_release_what_it_stands_on(void **state)
{
	struct rooms *rs = *state;

	for (int i = 0; i < 50; i++) {
		char name[] = "user:xx";

		name[5] = (char)('a' + i / 10);
		name[6] = (char)('a' + i % 10);
		rooms_create(rs, STR("/chat"), str_of(name), noon);
	}
	rooms_create(rs, STR("/chat"), STR("lobby"), noon);
	rooms_each(rs, release, rs);
	assert_int_equal(rooms_count(rs), 1);
	assert_non_null(rooms_find(rs, STR("/chat"), STR("lobby")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_made_room_is_public_and_not_stored_yet),
	    TEST(test_a_loaded_room_is_as_it_was_stored),
	    TEST(test_the_longest_names),
	    TEST(test_what_is_too_long_is_not_there),
	    TEST(test_where_the_namespace_ends_and_the_name_begins),
	    TEST(test_which_names_are_personal),
	    TEST(test_personal_rooms_use_no_id),
	    TEST(test_a_worker_s_room_is_fleeting),
	    TEST(test_a_walk_may_release_what_it_stands_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
