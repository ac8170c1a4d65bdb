#include "broker/revoke.h"

#include "broker/attend.h"
#include "broker/entry.h"
#include "broker/publish.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <stdio.h>
#include <string.h>

/* Noon of the fake clock. */
static const int64_t noon = 1700000000000;

/* CONNECT with a token of that id, issued then; request 0 = an announcement. */
static void connect_with(struct world *w, struct peer *p, uint64_t request, const char *socket,
    const char *user, const char *id, int64_t issued)
{
	struct wire_message m = {.type = WIRE_CONNECT};

	m.as.connect = (struct wire_connect){.request = request,
	    .socket = str_of(socket),
	    .nsp = STR("/chat"),
	    .user = str_of(user),
	    .username = str_of(user),
	    .grants = bytes_of("\xc0", 1),
	    .recovery = true,
	    .token_id = str_of(id),
	    .issued_ms = (uint64_t)issued,
	    .expires_ms = (uint64_t)noon + 1000};
	entry_on_connect(&w->b, p, &m);
}

static void enter(
    struct world *w, struct peer *p, const char *socket, const char *user, const char *id)
{
	connect_with(w, p, ++w->request, socket, user, id, noon - 5000);
	assert_non_null(world_session(w, socket));
}

static uint64_t revoke_user(struct world *w, const char *user, int64_t before)
{
	struct revocation_facts f = {.kind = REVOCATION_USER,
	    .subject = str_of(user),
	    .before = {before},
	    .until = {noon + 100000}};
	uint64_t ended = 77;

	assert_int_equal(revoke_put(&w->b, &f, &ended), ERR_OK);
	return ended;
}

static uint64_t revoke_token(struct world *w, const char *id)
{
	struct revocation_facts f = {
	    .kind = REVOCATION_TOKEN, .subject = str_of(id), .until = {noon + 100000}};
	uint64_t ended = 77;

	assert_int_equal(revoke_put(&w->b, &f, &ended), ERR_OK);
	return ended;
}

static void assert_expelled(struct peer *p, const char *socket)
{
	char line[80];

	snprintf(line, sizeof(line), "EXPEL{socket=\"%s\" close=false error=%d text=\"\"}", socket,
	    CLIENT_ERROR_TOKEN_REVOKED);
	assert_true(fake_peer_heard(p, line));
}

static void test_a_user_who_is_connected(void **state)
{
	struct world *w = *state;

	enter(w, &w->east, "e1", "ann", "t1");
	enter(w, &w->west, "w1", "ann", "t2");
	enter(w, &w->east, "e2", "bob", "t3");
	world_join(w, &w->east, "e1", "lobby");
	world_join(w, &w->east, "e2", "lobby");
	world_forget_heard(w);
	assert_int_equal(revoke_user(w, "ann", noon), 2);
	assert_expelled(&w->east, "e1");
	assert_expelled(&w->west, "w1");
	assert_false(fake_peer_heard(&w->east, "socket=\"e2\""));
	assert_null(world_session(w, "e1"));
	assert_null(world_session(w, "w1"));
	assert_non_null(world_session(w, "e2"));
	/* Those who stay hear that she has left. */
	assert_true(fake_peer_heard(&w->east, "event=\"user-left\""));
}

static void test_tokens_issued_later(void **state)
{
	struct world *w = *state;

	enter(w, &w->east, "e1", "ann", "t1");
	assert_int_equal(revoke_user(w, "ann", noon - 5000), 0);
	assert_int_equal(revoke_user(w, "ann", noon - 4999), 1);
	connect_with(w, &w->east, ++w->request, "e2", "ann", "t2", noon - 4999);
	assert_non_null(world_session(w, "e2"));
	connect_with(w, &w->east, ++w->request, "e3", "ann", "", 0);
	assert_null(world_session(w, "e3"));
}

static void test_one_token(void **state)
{
	struct world *w = *state;

	enter(w, &w->east, "e1", "ann", "t1");
	enter(w, &w->east, "e2", "ann", "t2");
	enter(w, &w->east, "e3", "bob", "");
	assert_int_equal(revoke_token(w, "t1"), 1);
	assert_null(world_session(w, "e1"));
	assert_non_null(world_session(w, "e2"));
	assert_non_null(world_session(w, "e3"));
}

static void test_nobody_comes_in_with_it(void **state)
{
	struct world *w = *state;

	assert_int_equal(revoke_token(w, "t1"), 0);
	connect_with(w, &w->east, ++w->request, "e1", "ann", "t1", noon);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_TOKEN_REVOKED);
	assert_null(world_session(w, "e1"));
	enter(w, &w->east, "e2", "ann", "t2");
}

/* While its gateway was away: it is told when it announces the connection. */
static void test_announced(void **state)
{
	struct world *w = *state;

	assert_int_equal(revoke_token(w, "t1"), 0);
	connect_with(w, &w->east, 0, "e1", "ann", "t1", noon);
	assert_expelled(&w->east, "e1");
	assert_null(world_session(w, "e1"));
	connect_with(w, &w->east, 0, "e2", "ann", "t2", noon);
	assert_non_null(world_session(w, "e2"));
}

/* Its connection is lost, and it has nothing to come back to. */
static void test_dormant(void **state)
{
	struct world *w = *state;
	char pid[LIMIT_PID + 1];

	w->b.config.recovery = true;
	enter(w, &w->east, "e1", "ann", "t1");
	world_commit(w);
	memcpy(pid, world_session(w, "e1")->pid, sizeof(pid));
	assert_true(pid[0]);
	world_lose(w, &w->east, "e1");
	assert_non_null(world_session(w, "e1"));
	assert_null(world_session(w, "e1")->peer);
	world_forget_heard(w);
	assert_int_equal(revoke_user(w, "ann", noon), 1);
	assert_null(sessions_find_pid(w->b.sessions, str_of(pid)));
	assert_false(fake_peer_heard(&w->east, "EXPEL"));
	assert_int_equal(fake_store.sessions_removed, 1);
}

static void test_lifted(void **state)
{
	struct world *w = *state;
	struct revocation_facts f = {.kind = REVOCATION_TOKEN, .subject = STR("t1")};

	assert_int_equal(revoke_token(w, "t1"), 0);
	assert_true(revoke_lift(&w->b, &f));
	enter(w, &w->east, "e1", "ann", "t1");
	assert_int_equal(fake_store.revocations_removed, 1);
	/* Another time the database is asked to forget it all the same. */
	assert_false(revoke_lift(&w->b, &f));
	assert_int_equal(fake_store.revocations_removed, 2);
}

/* A batch that fails takes it along, and it is written again until the disk has it. */
static void test_a_disk_in_trouble(void **state)
{
	struct world *w = *state;

	assert_int_equal(revoke_token(w, "t1"), 0);
	assert_int_equal(fake_store.revocations, 1);
	world_fail(w);
	fake_store.trouble = "no space";
	publish_on_tick(&w->b);
	assert_int_equal(fake_store.revocations, 1);
	connect_with(w, &w->east, ++w->request, "e1", "ann", "t1", noon);
	assert_null(world_session(w, "e1"));
	fake_store.trouble = NULL;
	publish_on_tick(&w->b);
	assert_int_equal(fake_store.revocations, 2);
	world_commit(w);
	publish_on_tick(&w->b);
	assert_int_equal(fake_store.revocations, 2);
	assert_null(w->b.unwritten_revocations);
}

static void test_what_is_over_goes(void **state)
{
	struct world *w = *state;
	struct revocation_facts f = {
	    .kind = REVOCATION_TOKEN, .subject = STR("t1"), .until = {noon}};
	uint64_t ended;

	assert_int_equal(revoke_put(&w->b, &f, &ended), ERR_OK);
	assert_int_equal(revocations_count(w->b.revocations), 1);
	fake_turn_now = mono_add_ms(fake_turn_now, 60000);
	publish_on_tick(&w->b);
	assert_int_equal(revocations_count(w->b.revocations), 0);
	assert_int_equal(fake_store.revocations_removed, 1);
	assert_null(w->b.unwritten_revocations);
}

static void test_from_the_database(void **state)
{
	struct world *w = *state;
	const struct revocation_facts stored[] = {
	    {REVOCATION_TOKEN, STR("t1"), {0}, {noon + 1}, {1}},
	    {REVOCATION_TOKEN, STR("over"), {0}, {noon}, {1}},
	    {REVOCATION_USER, STR("bob"), {noon}, {noon + 1}, {1}},
	};

	fake_store.stored_revocations = stored;
	fake_store.stored_revocation_count = ARRAY_LEN(stored);
	revocations_free(&w->b.revocations);
	assert_int_equal(revoke_load(&w->b), ERR_OK);
	assert_int_equal(revocations_count(w->b.revocations), 2);
	assert_int_equal(fake_store.revocations_removed, 1);
	connect_with(w, &w->east, ++w->request, "e1", "ann", "t1", noon);
	assert_null(world_session(w, "e1"));
	connect_with(w, &w->east, ++w->request, "e2", "bob", "t2", noon - 1);
	assert_null(world_session(w, "e2"));
	enter(w, &w->east, "e3", "ann", "over");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_user_who_is_connected),
	    TEST(test_tokens_issued_later),
	    TEST(test_one_token),
	    TEST(test_nobody_comes_in_with_it),
	    TEST(test_announced),
	    TEST(test_dormant),
	    TEST(test_lifted),
	    TEST(test_a_disk_in_trouble),
	    TEST(test_what_is_over_goes),
	    TEST(test_from_the_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
