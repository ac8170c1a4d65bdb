#include "tests/check.h"

#include "broker/session.h"
#include "proto/value.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
	*state = sessions_new();
	return 0;
}

static int teardown(void **state)
{
	struct sessions *ss = *state;

	sessions_free(&ss);
	assert_null(ss);
	sessions_free(&ss);
	return frame_live() == 0 ? 0 : -1;
}

static struct session_facts facts(const char *id, const char *user)
{
	return (struct session_facts){.id = str_of(id),
	    .nsp = STR("/chat"),
	    .user = str_of(user),
	    .username = str_of(user),
	    .grants = bytes_of("\xc0", 1)};
}

static struct session *add(struct sessions *ss, const char *id, const char *user)
{
	struct session_facts f = facts(id, user);
	struct session *s = NULL;

	assert_int_equal(sessions_add(ss, &f, &s), ERR_OK);
	return s;
}

static void test_everything_is_copied(void **state)
{
	struct sessions *ss = *state;
	char text[] = "abcdef";
	struct session_facts f = {.id = {text, 1},
	    .nsp = {text, 2},
	    .user = {text, 3},
	    .username = {text, 4},
	    .grants = bytes_of("\xc0", 1),
	    .ip = {text, 5},
	    .user_agent = {text, 6},
	    .transport = {text, 0},
	    .url = {text, 4},
	    .headers = bytes_of(text, 2),
	    .is_secure = true,
	    .since = {9},
	    .generation = 3};
	struct session *s = NULL;

	assert_int_equal(sessions_add(ss, &f, &s), ERR_OK);
	memset(text, 'x', sizeof(text));
	assert_string_equal(s->id, "a");
	assert_string_equal(s->nsp, "ab");
	assert_string_equal(s->user->id, "abc");
	assert_string_equal(s->user->username, "abcd");
	assert_string_equal(s->ip, "abcde");
	assert_string_equal(s->user_agent, "abcdef");
	assert_string_equal(s->transport, "");
	assert_string_equal(s->url, "abcd");
	assert_true(str_eqz(buf_str(&s->headers), "ab"));
	assert_true(s->is_secure);
	assert_int_equal(s->since.ms, 9);
	assert_int_equal(s->generation, 3);
	assert_ptr_equal(sessions_find(ss, STR("a")), s);
}

static void test_an_id_is_found_whole(void **state)
{
	struct sessions *ss = *state;
	struct session *one = add(ss, "s1", "ann"), *ten = add(ss, "s10", "ann");

	assert_ptr_equal(sessions_find(ss, STR("s1")), one);
	assert_ptr_equal(sessions_find(ss, STR("s10")), ten);
	assert_null(sessions_find(ss, STR("s")));
	assert_null(sessions_find(ss, STR("")));
	assert_ptr_equal(sessions_find_user(ss, STR("ann")), one->user);
	assert_null(sessions_find_user(ss, STR("an")));
	assert_null(sessions_find_user(ss, STR("")));
}

static void test_ids_have_a_limit(void **state)
{
	struct sessions *ss = *state;
	char id[LIMIT_SOCKET_ID + 2];
	struct session_facts f;
	struct session *s = NULL;

	memset(id, 'i', sizeof(id));
	id[LIMIT_SOCKET_ID + 1] = '\0';
	f = facts(id, "ann");
	assert_int_equal(sessions_add(ss, &f, &s), ERR_INVALID);
	f.id.len = LIMIT_SOCKET_ID;
	assert_int_equal(sessions_add(ss, &f, &s), ERR_OK);
	assert_int_equal(strlen(s->id), LIMIT_SOCKET_ID);
	assert_ptr_equal(sessions_find(ss, f.id), s);
}

static void test_what_must_not_be_empty(void **state)
{
	struct sessions *ss = *state;
	struct session_facts no_id = facts("", "ann"), no_user = facts("s1", ""), no_nsp;
	struct session *s = NULL;

	no_nsp = facts("s1", "ann");
	no_nsp.nsp = STR("");
	assert_int_equal(sessions_add(ss, &no_id, &s), ERR_INVALID);
	assert_int_equal(sessions_add(ss, &no_user, &s), ERR_INVALID);
	assert_int_equal(sessions_add(ss, &no_nsp, &s), ERR_INVALID);
	assert_null(s);
	assert_int_equal(sessions_user_count(ss), 0);
}

static void test_the_newest_token_names_the_user(void **state)
{
	struct sessions *ss = *state;
	struct session_facts f = facts("s1", "ann");
	struct session *s = NULL;

	f.since = (struct wall){10};
	assert_int_equal(sessions_add(ss, &f, &s), ERR_OK);
	f.id = STR("s2");
	f.username = STR("Ann of the hill");
	f.since = (struct wall){20};
	assert_int_equal(sessions_add(ss, &f, &s), ERR_OK);
	assert_string_equal(sessions_find(ss, STR("s1"))->user->username, "Ann of the hill");
	assert_int_equal(s->user->since.ms, 10); /* he has been here since the first */
	assert_int_equal(s->user->session_count, 2);
}

/* As many grants as a socket may have rooms; the array says how many before they come. */
static enum err add_with_grants(struct sessions *ss, const char *id, uint32_t count)
{
	struct buf grants = {0};
	struct session_facts f = facts(id, "ann");
	struct session *s;

	value_put_array(&grants, count);
	for (uint32_t i = 0; i < count; i++) {
		char name[16];
		int n = snprintf(name, sizeof(name), "room%u", i);

		value_put_str(&grants, (struct str){name, (size_t)n});
	}
	f.grants = buf_bytes(&grants);
	enum err e = sessions_add(ss, &f, &s);

	buf_free(&grants);
	return e;
}

static void test_grants_have_a_limit(void **state)
{
	struct sessions *ss = *state;

	assert_int_equal(add_with_grants(ss, "none", 0), ERR_OK);
	assert_int_equal(add_with_grants(ss, "all", LIMIT_ROOMS_PER_SOCKET), ERR_OK);
	assert_int_equal(add_with_grants(ss, "more", LIMIT_ROOMS_PER_SOCKET + 1), ERR_INVALID);
	assert_null(sessions_find(ss, STR("more")));
	struct session *s = sessions_find(ss, STR("all"));

	assert_true(session_is_granted(s, STR("room0")));
	assert_true(session_is_granted(s, STR("room999")));
	assert_false(session_is_granted(s, STR("room1000")));
	assert_false(session_is_granted(s, STR("room")));
	assert_false(session_is_granted(sessions_find(ss, STR("none")), STR("")));
}

static void test_no_grants_at_all_is_no_value(void **state)
{
	struct sessions *ss = *state;
	struct session_facts f = facts("s1", "ann");
	struct session *s;

	f.grants = (struct bytes){0};
	assert_int_equal(sessions_add(ss, &f, &s), ERR_INVALID);
	f.grants = bytes_of("\xa3lob", 4);
	assert_int_equal(sessions_add(ss, &f, &s), ERR_INVALID);
}

struct sweep {
	struct sessions *ss;
	unsigned sessions, users;
};

static void remove_ann(void *ctx, struct session *s)
{
	struct sweep *sweep = ctx;

	sweep->sessions++;
	if (strcmp(s->user->id, "ann") == 0)
		sessions_remove(sweep->ss, &s);
}

static void count_user(void *ctx, struct user *u)
{
	assert_int_equal(u->session_count, 1);
	((struct sweep *)ctx)->users++;
}

static void test_a_walk_may_remove_what_it_stands_on(void **state)
{
	struct sweep sweep = {.ss = *state};

	for (int i = 0; i < 50; i++) {
		char id[16];

		snprintf(id, sizeof(id), "a%d", i);
		add(sweep.ss, id, "ann");
	}
	add(sweep.ss, "b", "bob");
	add(sweep.ss, "e", "eve");
	sessions_each(sweep.ss, remove_ann, &sweep);
	assert_int_equal(sweep.sessions, 52);
	assert_int_equal(sessions_count(sweep.ss), 2);
	sessions_each_user(sweep.ss, count_user, &sweep);
	assert_int_equal(sweep.users, 2);
}

static void test_an_id_can_come_again(void **state)
{
	struct sessions *ss = *state;
	struct session *s = add(ss, "s1", "ann");

	sessions_remove(ss, &s);
	assert_null(s);
	assert_string_equal(add(ss, "s1", "bob")->user->id, "bob");
	assert_int_equal(sessions_count(ss), 1);
}

struct peer {
	int unused;
};

static void test_a_pid_finds_it_until_it_is_forgotten(void **state)
{
	struct sessions *ss = *state;
	struct session_facts f = facts("e1", "ann");
	struct session *s = NULL, *other = NULL;

	f.pid = STR("secret");
	assert_int_equal(sessions_add(ss, &f, &s), ERR_OK);
	assert_string_equal(s->sid, "e1");
	assert_ptr_equal(sessions_find_pid(ss, STR("secret")), s);
	assert_null(sessions_find_pid(ss, STR("secre")));
	assert_null(sessions_find_pid(ss, STR("")));
	/* Nobody has the same. */
	f.id = STR("e2");
	assert_int_equal(sessions_add(ss, &f, &other), ERR_INVALID);
	sessions_forget_pid(ss, s);
	sessions_forget_pid(ss, s);
	assert_null(sessions_find_pid(ss, STR("secret")));
	assert_int_equal(sessions_add(ss, &f, &other), ERR_OK);
	sessions_remove(ss, &other);
	assert_null(sessions_find_pid(ss, STR("secret")));
}

static void test_a_new_connection_keeps_what_is_the_clients_own(void **state)
{
	struct sessions *ss = *state;
	struct session_facts f = facts("e1", "ann");
	struct session *s = NULL;

	f.pid = STR("secret");
	f.ip = STR("1.2.3.4");
	assert_int_equal(sessions_add(ss, &f, &s), ERR_OK);
	add(ss, "e2", "bob");
	f.id = STR("e2");
	assert_int_equal(sessions_renew(ss, s, &f), ERR_EXISTS);
	f.id = STR("");
	assert_int_equal(sessions_renew(ss, s, &f), ERR_INVALID);
	f = facts("e30", "ann");
	f.username = STR("Ann B.");
	f.ip = STR("5.6.7.8");
	f.grants = bytes_of("\x91\xa5vault", 7);
	assert_int_equal(sessions_renew(ss, s, &f), ERR_OK);
	assert_null(sessions_find(ss, STR("e1")));
	assert_ptr_equal(sessions_find(ss, STR("e30")), s);
	assert_string_equal(s->sid, "e1");
	assert_string_equal(s->pid, "secret");
	assert_string_equal(s->ip, "5.6.7.8");
	assert_string_equal(s->user->username, "Ann B.");
	assert_true(session_is_granted(s, STR("vault")));
	/* The same connection once more. */
	assert_int_equal(sessions_renew(ss, s, &f), ERR_OK);
	assert_ptr_equal(sessions_find(ss, STR("e30")), s);
}

static void test_the_living_are_counted(void **state)
{
	struct sessions *ss = *state;
	struct session *one = add(ss, "e1", "ann"), *two = add(ss, "e2", "ann");
	struct peer east, west;

	assert_int_equal(sessions_live_count(ss), 0);
	sessions_move(ss, one, &east);
	sessions_move(ss, two, &east);
	sessions_move(ss, two, &west);
	assert_int_equal(sessions_live_count(ss), 2);
	assert_int_equal(sessions_user_count(ss), 1);
	sessions_move(ss, one, NULL);
	sessions_move(ss, one, NULL);
	assert_int_equal(sessions_user_count(ss), 1);
	sessions_remove(ss, &two);
	assert_int_equal(sessions_live_count(ss), 0);
	assert_int_equal(sessions_user_count(ss), 0);
	assert_int_equal(sessions_count(ss), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_everything_is_copied),
	    TEST(test_an_id_is_found_whole),
	    TEST(test_ids_have_a_limit),
	    TEST(test_what_must_not_be_empty),
	    TEST(test_the_newest_token_names_the_user),
	    TEST(test_grants_have_a_limit),
	    TEST(test_no_grants_at_all_is_no_value),
	    TEST(test_a_walk_may_remove_what_it_stands_on),
	    TEST(test_an_id_can_come_again),
	    TEST(test_a_pid_finds_it_until_it_is_forgotten),
	    TEST(test_a_new_connection_keeps_what_is_the_clients_own),
	    TEST(test_the_living_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
