/*
 * Coming back where one says later who one is: by a pid that was told beforehand.
 */
#include "broker/recover.h"

#include "broker/entry.h"
#include "tests/broker/world.h"

#include <string.h>

/* CONNECT to a namespace where one says later who one is; user "" = not yet. */
static void come(struct world *w, const char *nsp, const char *socket, const char *user,
    const char *pid, const char *wish)
{
	struct wire_message m = {.type = WIRE_CONNECT};

	m.as.connect = (struct wire_connect){.request = ++w->request,
	    .socket = str_of(socket),
	    .nsp = str_of(nsp),
	    .user = str_of(user),
	    .username = str_of(user),
	    .grants = bytes_of("\x91\xa5vault", 7),
	    .recovery = true,
	    .pid = str_of(pid),
	    .wish = str_of(wish),
	    .token_id = user[0] ? STR("t1") : STR(""),
	    .issued_ms = user[0] ? 1600000000000 : 0,
	    .expires_ms = user[0] ? 1700000000001 : 0};
	entry_on_connect(&w->b, &w->east, &m);
}

static const char wish[] = "a-pid-of-20-letters!";

static void test_a_pid_that_was_told_beforehand(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = true;
	come(w, "/later", "e1", "ann", "", wish);
	assert_string_equal(world_pid(w, "e1"), wish);
	/* Of another client: it has one of its own. */
	come(w, "/later", "e2", "bob", "", wish);
	assert_int_equal(strlen(world_pid(w, "e2")), 20);
	assert_string_not_equal(world_pid(w, "e2"), wish);
	come(w, "/later", "e3", "bob", "", "short");
	assert_string_not_equal(world_pid(w, "e3"), "short");
}

static void test_who_does_not_say_who_it_is(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = true;
	come(w, "/later", "e1", "ann", "", wish);
	world_commit(w);
	world_lose(w, &w->east, "e1");
	world_forget_heard(w);
	come(w, "/later", "e2", "", wish, "");
	const struct session *s = world_session(w, "e2");

	assert_non_null(s);
	assert_string_equal(s->user->id, "ann");
	assert_string_equal(s->sid, "e1");
	assert_string_equal(s->token_id, "t1");
	assert_int_equal(s->expires.ms, 1700000000001);
	assert_true(session_is_granted(s, STR("vault")));
	world_commit(w);
	assert_true(fake_peer_read(&w->east, "\xa6"
					     "bearer\x86\xa4user\xa3"
					     "ann"));
	assert_true(fake_peer_read(&w->east, "\xa6grants\x91\xa5vault"));
}

/* Its user became a member of a room while it was away. */
static void test_who_does_not_say_it_is_a_member_all_the_same(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = true;
	rooms_load(w->b.rooms, 7, STR("/later"), STR("club"), false, 0);
	come(w, "/later", "e1", "ann", "", wish);
	world_commit(w);
	world_lose(w, &w->east, "e1");
	memberships_put(w->b.memberships, 7, STR("ann"), ROLE_MEMBER, (struct wall){0});
	come(w, "/later", "e2", "", wish, "");
	assert_non_null(world_session(w, "e2"));
	assert_non_null(member_find(rooms_find_id(w->b.rooms, 7), world_session(w, "e2")));
}

/* Nobody knows it; it is of another namespace, or of one where everybody has to say who he is; its
 * token has expired, or is not known. */
static void test_who_does_not_say_it_and_cannot_be_known(void **state)
{
	struct world *w = *state;
	char pid[LIMIT_PID + 1];

	w->b.config.recovery = true;
	come(w, "/later", "e1", "", wish, "");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_AUTHENTICATION_REQUIRED);
	come(w, "/later", "e2", "ann", "", wish);
	come(w, "/chat", "e3", "ann", "", "");
	memcpy(pid, world_pid(w, "e3"), sizeof(pid));
	world_commit(w);
	come(w, "/chat", "e4", "", wish, "");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_AUTHENTICATION_REQUIRED);
	come(w, "/chat", "e4", "", pid, "");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_AUTHENTICATION_REQUIRED);
	world_session(w, "e2")->expires.ms = 1700000000000;
	come(w, "/later", "e4", "", wish, "");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_AUTHENTICATION_REQUIRED);
	world_session(w, "e2")->expires.ms = 0;
	come(w, "/later", "e4", "", wish, "");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_AUTHENTICATION_REQUIRED);
	assert_null(world_session(w, "e4"));
	assert_string_equal(world_pid(w, "e2"), wish);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_pid_that_was_told_beforehand),
	    TEST(test_who_does_not_say_who_it_is),
	    TEST(test_who_does_not_say_it_is_a_member_all_the_same),
	    TEST(test_who_does_not_say_it_and_cannot_be_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
