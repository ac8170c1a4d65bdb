#include "tests/check.h"

#include "broker/member.h"

/* Route, room, session and member together: they are one picture. */

struct peer {
	int unused;
};

struct world {
	struct sessions *sessions;
	struct rooms *rooms;
	struct peer east, west;
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->sessions = sessions_new();
	w->rooms = rooms_new();
	*state = w;
	return 0;
}

static void leave_all(void *ctx, struct session *s)
{
	(void)ctx;
	while (s->members) {
		struct member *m = s->members;
		bool is_last;

		member_remove(&m, &is_last);
	}
}

static int teardown(void **state)
{
	struct world *w = *state;

	sessions_each(w->sessions, leave_all, NULL);
	sessions_free(&w->sessions);
	rooms_free(&w->rooms);
	test_free(w);
	return 0;
}

static struct session *connect(struct world *w, const char *id, const char *user, struct peer *p)
{
	struct session_facts facts = {.id = str_of(id),
	    .nsp = STR("/chat"),
	    .user = str_of(user),
	    .username = str_of(user),
	    .grants = bytes_of("\x91\xa5vault", 7),
	    .peer = p};
	struct session *s = NULL;

	assert_int_equal(sessions_add(w->sessions, &facts, &s), ERR_OK);
	return s;
}

static struct room *make_room(struct world *w, const char *name)
{
	return rooms_create(w->rooms, STR("/chat"), str_of(name), (struct wall){1});
}

static bool enter(struct room *r, struct session *s)
{
	bool is_first;

	member_add(r, s, (struct wall){2}, &is_first);
	return is_first;
}

static bool leave(struct room *r, struct session *s)
{
	struct member *m = member_find(r, s);
	bool is_last;

	assert_non_null(m);
	member_remove(&m, &is_last);
	assert_null(m);
	return is_last;
}

static void test_a_user_with_two_tabs_comes_and_goes_once(void **state)
{
	struct world *w = *state;
	struct room *r = make_room(w, "lobby");
	struct session *one = connect(w, "s1", "ann", &w->east);
	struct session *two = connect(w, "s2", "ann", &w->west);

	assert_true(enter(r, one));
	assert_false(enter(r, two));
	assert_int_equal(room_user_count(r), 1);
	assert_int_equal(r->member_count, 2);
	assert_false(leave(r, one));
	assert_true(leave(r, two));
	assert_int_equal(room_user_count(r), 0);
}

static void test_the_route_knows_who_holds_members(void **state)
{
	struct world *w = *state;
	struct room *r = make_room(w, "lobby");
	struct session *one = connect(w, "s1", "ann", &w->east);
	struct session *two = connect(w, "s2", "bob", &w->east);
	struct session *three = connect(w, "s3", "eve", &w->west);

	enter(r, one);
	enter(r, two);
	assert_int_equal(r->route.count, 1);
	assert_int_equal(r->route.stops[0].members, 2);
	enter(r, three);
	assert_int_equal(r->route.count, 2);
	leave(r, one);
	assert_int_equal(r->route.count, 2);
	leave(r, two);
	assert_int_equal(r->route.count, 1);
	assert_ptr_equal(r->route.stops[0].peer, &w->west);
}

static void test_a_session_knows_its_grants(void **state)
{
	struct world *w = *state;
	struct session *s = connect(w, "s1", "ann", &w->east);

	assert_true(session_is_granted(s, STR("vault")));
	assert_false(session_is_granted(s, STR("vaul")));
}

static void test_an_id_exists_once(void **state)
{
	struct world *w = *state;
	struct session *s = connect(w, "s1", "ann", &w->east), *same = NULL;
	struct session_facts facts = {.id = STR("s1"),
	    .nsp = STR("/chat"),
	    .user = STR("bob"),
	    .username = STR("bob"),
	    .grants = bytes_of("\xc0", 1)};

	assert_int_equal(sessions_add(w->sessions, &facts, &same), ERR_EXISTS);
	assert_ptr_equal(same, s);
	assert_int_equal(sessions_user_count(w->sessions), 1);
}

static void test_bad_facts_are_refused(void **state)
{
	struct world *w = *state;
	struct session *s = NULL;
	struct session_facts facts = {.id = STR("s1"),
	    .nsp = STR("/chat"),
	    .user = STR("bob"),
	    .username = STR("bob"),
	    .grants = bytes_of("\x91\x01", 2)};

	assert_int_equal(sessions_add(w->sessions, &facts, &s), ERR_INVALID);
	facts.grants = bytes_of("\xdd\xff\xff\xff\xff", 5);
	assert_int_equal(sessions_add(w->sessions, &facts, &s), ERR_INVALID);
	facts.grants = bytes_of("\xc0", 1);
	facts.user = STR("");
	assert_int_equal(sessions_add(w->sessions, &facts, &s), ERR_INVALID);
	assert_null(s);
	assert_int_equal(sessions_count(w->sessions), 0);
}

static void test_the_last_session_takes_the_user_with_it(void **state)
{
	struct world *w = *state;
	struct session *one = connect(w, "s1", "ann", &w->east);
	struct session *two = connect(w, "s2", "ann", &w->east);

	assert_int_equal(sessions_user_count(w->sessions), 1);
	sessions_remove(w->sessions, &one);
	assert_int_equal(sessions_user_count(w->sessions), 1);
	sessions_remove(w->sessions, &two);
	assert_int_equal(sessions_user_count(w->sessions), 0);
	assert_null(sessions_find(w->sessions, STR("s1")));
}

static void test_rooms_of_two_namespaces(void **state)
{
	struct world *w = *state;
	struct room *chat = make_room(w, "lobby");
	struct room *root = rooms_create(w->rooms, STR("/"), STR("lobby"), (struct wall){1});

	assert_ptr_not_equal(chat, root);
	assert_ptr_equal(rooms_find(w->rooms, STR("/chat"), STR("lobby")), chat);
	assert_ptr_equal(rooms_find(w->rooms, STR("/"), STR("lobby")), root);
	assert_null(rooms_find(w->rooms, STR("/chatlobby"), STR("")));
	assert_int_not_equal(chat->id, root->id);
	assert_ptr_equal(rooms_find_id(w->rooms, root->id), root);
}

static void test_ids_go_on_after_what_was_loaded(void **state)
{
	struct world *w = *state;
	struct room *old = rooms_load(w->rooms, 41, STR("/chat"), STR("old"), true, 7);

	assert_int_equal(old->seq, 7);
	assert_true(old->is_stored);
	assert_int_equal(make_room(w, "new")->id, 42);
}

static void test_personal_rooms_come_and_go(void **state)
{
	struct world *w = *state;
	struct room *r = make_room(w, "user:ann");
	struct session *s = connect(w, "s1", "ann", &w->east);

	assert_true(r->is_personal);
	assert_false(r->is_public);
	assert_int_equal(r->id, 0);
	enter(r, s);
	rooms_release(w->rooms, &r);
	assert_non_null(r);
	leave(r, s);
	rooms_release(w->rooms, &r);
	assert_null(r);
	assert_int_equal(rooms_count(w->rooms), 0);
	r = make_room(w, "lobby");
	rooms_release(w->rooms, &r);
	assert_non_null(r);
}

/* A connection that is lost, and another somewhere else: nobody comes or goes. */
static void test_memberships_move_with_the_connection(void **state)
{
	struct world *w = *state;
	struct session *s = connect(w, "e1", "ann", &w->east);
	struct room *r = rooms_create(w->rooms, STR("/chat"), STR("lobby"), (struct wall){0});
	bool is_first;

	member_add(r, s, (struct wall){0}, &is_first);
	member_move_all(w->sessions, s, NULL);
	assert_null(s->peer);
	assert_int_equal(r->route.count, 0);
	assert_int_equal(room_user_count(r), 1);
	member_move_all(w->sessions, s, &w->west);
	assert_int_equal(r->route.count, 1);
	assert_ptr_equal(r->route.stops[0].peer, &w->west);
	member_move_all(w->sessions, s, &w->east);
	assert_int_equal(r->route.count, 1);
	assert_ptr_equal(r->route.stops[0].peer, &w->east);
	/* Without one it can leave, too. */
	member_move_all(w->sessions, s, NULL);
	struct member *m = s->members;
	bool is_last = false;

	member_remove(&m, &is_last);
	assert_true(is_last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_memberships_move_with_the_connection, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_user_with_two_tabs_comes_and_goes_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_the_route_knows_who_holds_members, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_session_knows_its_grants, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_an_id_exists_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_facts_are_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_the_last_session_takes_the_user_with_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_rooms_of_two_namespaces, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ids_go_on_after_what_was_loaded, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_personal_rooms_come_and_go, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
