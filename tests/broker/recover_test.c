/*
 * Coming back with a token. recover_later_test.c has those who say later, or never, who they are.
 */
#include "broker/recover.h"

#include "broker/entry.h"
#include "proto/offset.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"

#include <stdio.h>
#include <string.h>

/* ann at east in the lobby, which has heard two messages. */
static void begin(struct world *w)
{
	w->b.config.recovery = true;
	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_publish(w, &w->east, "e1", "lobby");
	world_publish(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_forget_heard(w);
}

static const char *offset(uint64_t epoch, uint64_t gseq)
{
	static char text[OFFSET_LEN + 1];

	offset_text(&(struct offset){epoch, gseq}, text);
	return text;
}

static void test_the_answer_waits_for_the_commit_and_has_a_secret(void **state)
{
	struct world *w = *state;

	w->b.config.recovery = true;
	world_connect(w, &w->east, "e1", "ann");
	assert_int_equal(w->east.heard.len, 0);
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_true(fake_peer_read(&w->east, world_pid(w, "e1")));
	assert_int_equal(strlen(world_pid(w, "e1")), 20);
	assert_string_equal(fake_store.last_session.pid, world_pid(w, "e1"));
	assert_string_equal(fake_store.last_session.sid, "e1");
}

static void test_it_comes_back_at_another_gateway(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	world_return(w, &w->west, "w9", "ann", world_pid(w, "e1"), offset(1, 1));
	assert_null(world_session(w, "e1"));
	struct session *s = world_session(w, "w9");

	assert_non_null(s);
	assert_string_equal(s->sid, "e1");
	assert_ptr_equal(s->peer, &w->west);
	assert_int_equal(world_room(w, "lobby")->route.count, 1);
	assert_ptr_equal(world_room(w, "lobby")->route.stops[0].peer, &w->west);
	assert_false(fake_peer_heard(&w->west, "REPLY"));
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_true(fake_peer_read(&w->west, "\xa9recovered\xc3"));
	assert_true(fake_peer_read(&w->west, "\xa5"
					     "after\x01"));
	assert_true(fake_peer_read(&w->west, "\xa5until\x02"));
	assert_string_equal(fake_store.last_session.socket, "w9");
	/* And once more, with the same pid. */
	world_lose(w, &w->west, "w9");
	world_return(w, &w->east, "e10", "ann", world_pid(w, "w9"), offset(1, 2));
	assert_string_equal(world_session(w, "e10")->sid, "e1");
}

static void test_without_an_offset_it_is_where_it_began(void **state)
{
	struct world *w = *state;

	begin(w);
	world_connect(w, &w->east, "e2", "eve");
	world_commit(w);
	world_lose(w, &w->east, "e2");
	world_return(w, &w->west, "w9", "eve", world_pid(w, "e2"), "");
	world_commit(w);
	assert_true(fake_peer_read(&w->west, "\xa9recovered\xc3"));
	assert_true(fake_peer_read(&w->west, "\xa5"
					     "after\x02"));
}

/* Between what was decided before it and what after it, whatever waits for the disk. */
static void test_the_cut_is_exact(void **state)
{
	struct world *w = *state;

	begin(w);
	world_connect(w, &w->east, "e2", "bob");
	world_lose(w, &w->east, "e1");
	world_publish(w, &w->east, "e2", "lobby");
	world_return(w, &w->west, "w9", "ann", world_pid(w, "e1"), offset(1, 2));
	world_publish(w, &w->east, "e2", "lobby");
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
	world_commit(w);
	assert_true(fake_peer_read(&w->west, "\xa5until\x03"));
	assert_false(fake_peer_heard(&w->west, "DELIVER{gseq=3"));
	buf_putc(&w->west.heard, '\0');
	const char *all = buf_str(&w->west.heard).p;

	assert_non_null(strstr(all, "DELIVER{gseq=4"));
	assert_true(strstr(all, "REPLY") < strstr(all, "DELIVER{gseq=4"));
}

static void test_a_live_connection_is_fenced_off(void **state)
{
	struct world *w = *state;
	struct wire_message late = {.type = WIRE_DISCONNECT};

	begin(w);
	world_return(w, &w->west, "w9", "ann", world_pid(w, "e1"), offset(1, 2));
	assert_true(fake_peer_heard(&w->east, "EXPEL{socket=\"e1\" close=true"));
	assert_int_equal(room_user_count(world_room(w, "lobby")), 1);
	/* What it still says touches nobody. */
	late.as.disconnect = (struct wire_disconnect){STR("e1"), STR("transport close"), true};
	entry_on_disconnect(&w->b, &w->east, &late);
	world_join(w, &w->east, "e1", "other");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_ptr_equal(world_session(w, "w9")->peer, &w->west);
	assert_null(world_room(w, "other"));
}

static void test_the_same_gateway_may_have_both_connections(void **state)
{
	struct world *w = *state;

	begin(w);
	world_return(w, &w->east, "e2", "ann", world_pid(w, "e1"), offset(1, 2));
	assert_true(fake_peer_heard(&w->east, "EXPEL{socket=\"e1\" close=true"));
	assert_int_equal(world_room(w, "lobby")->route.stops[0].members, 1);
}

/* The answer was lost with the link: it is asked again. */
static void test_asking_again_is_safe(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	const char *pid = world_pid(w, "e1");

	world_return(w, &w->west, "w9", "ann", pid, offset(1, 1));
	world_return(w, &w->west, "w9", "ann", pid, offset(1, 1));
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_false(fake_peer_heard(&w->west, "EXPEL"));
	assert_int_equal(sessions_count(w->b.sessions), 1);
	assert_int_equal(world_room(w, "lobby")->route.stops[0].members, 1);
}

static void expect_fresh(struct world *w, const char *user, const char *pid, const char *text)
{
	static unsigned n;
	char socket[16];

	snprintf(socket, sizeof(socket), "f%u", ++n);
	world_forget_heard(w);
	world_return(w, &w->west, socket, user, pid, text);
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_true(fake_peer_read(&w->west, "\xa9recovered\xc2"));
	assert_string_equal(world_session(w, socket)->sid, socket);
	assert_string_not_equal(world_session(w, socket)->pid, pid);
	assert_int_equal(world_session(w, socket)->member_count, 1); /* the personal one */
}

static void test_hostile_claims_are_a_new_session(void **state)
{
	struct world *w = *state;
	char pid[LIMIT_PID + 1];

	begin(w);
	w->b.config.sessions_max = 100;
	world_lose(w, &w->east, "e1");
	memcpy(pid, world_pid(w, "e1"), sizeof(pid));
	expect_fresh(w, "mallory", pid, offset(1, 2));
	expect_fresh(w, "ann", "no such pid", offset(1, 2));
	expect_fresh(w, "ann", "", offset(1, 2));
	expect_fresh(w, "ann", pid, offset(2, 2));
	expect_fresh(w, "ann", pid, offset(1, 3));
	expect_fresh(w, "ann", pid, offset(1, UINT64_MAX));
	expect_fresh(w, "ann", pid, "B.-1");
	expect_fresh(w, "ann", pid, "B");
	expect_fresh(w, "ann", pid, "9223372036854775808");
	world_return(w, &w->west, "w9", "ann", pid, offset(1, 2));
	assert_string_equal(world_session(w, "w9")->sid, "e1");
}

static void test_another_namespace_is_another_session(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_CONNECT};

	begin(w);
	m.as.connect = (struct wire_connect){.request = ++w->request,
	    .socket = STR("w9"),
	    .nsp = STR("/fixed"),
	    .user = STR("ann"),
	    .username = STR("ann"),
	    .grants = bytes_of("\xc0", 1),
	    .recovery = true,
	    .pid = str_of(world_pid(w, "e1")),
	    .offset = STR("")};
	entry_on_connect(&w->b, &w->west, &m);
	assert_string_equal(world_session(w, "w9")->sid, "w9");
	assert_non_null(world_session(w, "e1"));
	assert_false(fake_peer_heard(&w->east, "EXPEL"));
}

static void test_where_it_is_off_there_is_none(void **state)
{
	struct world *w = *state;

	begin(w);
	w->b.config.recovery = false;
	world_return(w, &w->west, "w9", "ann", world_pid(w, "e1"), offset(1, 2));
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_false(fake_peer_read(&w->west, "pid"));
	world_lose(w, &w->west, "w9");
	assert_null(world_session(w, "w9"));
}

static void test_a_batch_that_fails_promises_nothing(void **state)
{
	struct world *w = *state;

	begin(w);
	world_lose(w, &w->east, "e1");
	world_connect(w, &w->west, "w1", "bob");
	unsigned new = (unsigned)w->request;

	world_return(w, &w->west, "w9", "ann", world_pid(w, "e1"), offset(1, 2));
	fake_store.stored_gseq = 2;
	world_fail(w);
	/* The new one is in, without a pid; the old one shall come again. */
	char line[64];

	snprintf(line, sizeof(line), "REPLY{request=%u error=0 ", new);
	assert_true(fake_peer_heard(&w->west, line));
	assert_false(fake_peer_read(&w->west, "pid"));
	assert_string_equal(world_session(w, "w1")->pid, "");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_UNAVAILABLE);
	assert_string_not_equal(world_session(w, "w9")->pid, "");
}

/* Numbers of a batch that failed are given again: what they name then was not heard by who came in
 * between, also while memory has not been set right. */
static void test_the_cut_is_not_behind_numbers_that_are_void(void **state)
{
	struct world *w = *state;

	begin(w);
	world_connect(w, &w->east, "e2", "bob");
	world_lose(w, &w->east, "e1");
	world_commit(w);
	fake_store.stored_gseq = 2;
	fake_store.stored_room = (struct reader_room){.id = world_room(w, "lobby")->id,
	    .nsp = STR("/chat"),
	    .name = STR("lobby"),
	    .is_public = true,
	    .seq = 2};
	for (int i = 0; i < 2; i++) {
		world_publish(w, &w->east, "e2", "lobby");
		world_fail(w);
	}
	assert_true(w->b.is_numbering_stale);
	world_return(w, &w->west, "w9", "ann", world_pid(w, "e1"), offset(1, 2));
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_true(fake_peer_read(&w->west, "\xa5until\x02"));
	assert_true(fake_peer_heard(&w->west, " gseq=2}"));
	/* As for who joins. */
	world_forget_heard(w);
	world_join(w, &w->east, "e2", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_true(fake_peer_read(&w->east, "\xa3seq\x02"));
	assert_true(fake_peer_heard(&w->east, " gseq=2}"));
}

static void test_a_connection_given_up_is_not_announced_into_life(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_CONNECT};

	begin(w);
	world_return(w, &w->west, "w9", "ann", world_pid(w, "e1"), offset(1, 2));
	world_forget_heard(w);
	m.as.connect = (struct wire_connect){.socket = STR("e1"),
	    .nsp = STR("/chat"),
	    .user = STR("ann"),
	    .username = STR("ann"),
	    .grants = bytes_of("\xc0", 1),
	    .rooms = bytes_of("\x91\xa5lobby", 7),
	    .recovery = true,
	    .pid = str_of(world_pid(w, "w9"))};
	entry_on_connect(&w->b, &w->east, &m);
	assert_null(world_session(w, "e1"));
	assert_true(fake_peer_heard(&w->east, "EXPEL{socket=\"e1\" close=true"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_answer_waits_for_the_commit_and_has_a_secret),
	    TEST(test_it_comes_back_at_another_gateway),
	    TEST(test_without_an_offset_it_is_where_it_began),
	    TEST(test_the_cut_is_exact),
	    TEST(test_a_live_connection_is_fenced_off),
	    TEST(test_the_same_gateway_may_have_both_connections),
	    TEST(test_asking_again_is_safe),
	    TEST(test_hostile_claims_are_a_new_session),
	    TEST(test_another_namespace_is_another_session),
	    TEST(test_where_it_is_off_there_is_none),
	    TEST(test_a_batch_that_fails_promises_nothing),
	    TEST(test_the_cut_is_not_behind_numbers_that_are_void),
	    TEST(test_a_connection_given_up_is_not_announced_into_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
