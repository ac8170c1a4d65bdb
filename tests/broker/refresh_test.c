#include "broker/refresh.h"

#include "broker/attend.h"
#include "broker/revoke.h"
#include "tests/broker/world.h"

static const int64_t noon = 1700000000000;

static void show(struct world *w, struct peer *p, const char *socket, const char *id,
    const char *grants, size_t len)
{
	struct wire_message m = {.type = WIRE_AUTH};

	m.as.auth = (struct wire_auth){.request = ++w->request,
	    .socket = str_of(socket),
	    .username = STR("Anna"),
	    .grants = bytes_of(grants, len),
	    .token_id = str_of(id),
	    .issued_ms = (uint64_t)noon,
	    .expires_ms = (uint64_t)noon + 5000};
	refresh_on_auth(&w->b, p, &m);
}

#define NO_GRANTS "\x90", 1
#define VAULT "\x91\xa5vault", 7

static void test_what_the_newer_token_says(void **state)
{
	struct world *w = *state;
	const struct session *s;

	world_connect(w, &w->east, "e1", "ann");
	show(w, &w->east, "e1", "t2", NO_GRANTS);
	assert_int_equal(world_last_error(w, &w->east), 0);
	s = world_session(w, "e1");
	assert_string_equal(s->token_id, "t2");
	assert_int_equal(s->issued.ms, noon);
	assert_int_equal(s->expires.ms, noon + 5000);
	assert_int_equal(s->grant_count, 0);
	assert_string_equal(s->user->username, "Anna");
}

static void make_private(struct world *w, const char *name)
{
	struct room *r = rooms_create(w->b.rooms, STR("/chat"), str_of(name), (struct wall){0});

	r->is_public = false;
}

/* A room that the older token opened, and the newer one does not. */
static void test_a_grant_that_is_gone(void **state)
{
	struct world *w = *state;

	make_private(w, "vault");
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "vault");
	world_join(w, &w->east, "e1", "lobby");
	assert_int_equal(world_session(w, "e1")->member_count, 3);
	show(w, &w->east, "e1", "t2", VAULT);
	assert_int_equal(world_session(w, "e1")->member_count, 3);
	world_forget_heard(w);
	show(w, &w->east, "e1", "t3", NO_GRANTS);
	assert_true(
	    fake_peer_heard(&w->east, "MOVE{socket=\"e1\" room=\"vault\" is_in=false gseq=0}"));
	/* It hears that it was put out. */
	assert_true(fake_peer_heard(&w->east, "SEND{socket=\"e1\" event=\"room-left\""));
	assert_false(fake_peer_heard(&w->east, "room=\"lobby\" is_in=false"));
	assert_int_equal(world_session(w, "e1")->member_count, 2);
}

static void test_revoked(void **state)
{
	struct world *w = *state;
	struct revocation_facts f = {
	    .kind = REVOCATION_TOKEN, .subject = STR("t2"), .until = {noon + 1}};
	uint64_t ended;

	assert_int_equal(revoke_put(&w->b, &f, &ended), ERR_OK);
	world_connect(w, &w->east, "e1", "ann");
	show(w, &w->east, "e1", "t2", NO_GRANTS);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_TOKEN_REVOKED);
	/* The older one goes on. */
	assert_string_equal(world_session(w, "e1")->token_id, "");
}

static void test_of_nobody(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	show(w, &w->west, "e1", "t2", NO_GRANTS);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_UNAVAILABLE);
	show(w, &w->east, "e1", "t2", "\x91\x01", 2);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_INTERNAL);
	assert_string_equal(world_session(w, "e1")->token_id, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_what_the_newer_token_says),
	    TEST(test_a_grant_that_is_gone),
	    TEST(test_revoked),
	    TEST(test_of_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
