#include "broker/moderate.h"

#include "broker/change.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

/* Who may is tested with all other rights: rights_test.c. */

static int setup(void **state)
{
	world_setup(state);
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "mod");
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->east, "e1", "lobby");
	world_join(w, &w->west, "w1", "lobby");
	world_commit(w);
	memberships_put(w->b.memberships, world_room(w, "lobby")->id, STR("mod"), ROLE_MODERATOR,
	    fake_turn_wall);
	world_forget_heard(w);
	return 0;
}

static int teardown(void **state)
{
	moderate_forget_all(&((struct world *)*state)->b);
	return world_teardown(state);
}

static void act(struct world *w, const char *action, uint64_t duration_ms)
{
	struct wire_message m = {.type = WIRE_MODERATE};

	m.as.moderate = (struct wire_moderate){.request = ++w->request,
	    .socket = STR("e1"),
	    .action = str_of(action),
	    .room = STR("lobby"),
	    .user = STR("bob"),
	    .duration_ms = duration_ms,
	    .reason = STR("noise")};
	moderate_on_message(&w->b, &w->east, &m);
	change_on_committed(&w->b, 0);
}

static void test_the_answer_waits_for_the_commit(void **state)
{
	struct world *w = *state;

	act(w, "mute", 1000);
	assert_int_equal(world_last_error(w, &w->east), -1);
	assert_int_equal(fake_store.sanctions, 1);
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_true(fake_peer_read(&w->east, "until"));
	assert_true(fake_peer_heard(&w->west, "event=\"moderation\""));
	world_publish(w, &w->west, "w1", "lobby");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_MUTED);
	fake_turn_wall.ms += 1000;
	world_publish(w, &w->west, "w1", "lobby");
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
}

/* Its link broke, and it does not know that it was heard. */
static void test_what_is_asked_again_is_done_once(void **state)
{
	struct world *w = *state;

	act(w, "mute", 1000);
	w->request--;
	act(w, "mute", 1000);
	assert_int_equal(fake_store.sanctions, 1);
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_null(w->b.changes);
	/* Nor did it hear the answer. */
	world_forget_heard(w);
	w->request--;
	act(w, "mute", 1000);
	assert_int_equal(fake_store.sanctions, 1);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_true(fake_peer_read(&w->east, "until"));
	assert_false(fake_peer_heard(&w->west, "event=\"moderation\""));
	act(w, "unmute", 0);
	assert_int_equal(fake_store.sanctions_removed, 1);
	world_commit(w);
	/* Not for ever. */
	uint64_t first = w->request;

	for (int i = 0; i < 65; i++) {
		act(w, "mute", 1000);
		world_commit(w);
	}
	assert_int_equal(fake_store.sanctions, 66);
	w->request = first - 1;
	act(w, "unmute", 0);
	world_commit(w);
	assert_int_equal(fake_store.sanctions_removed, 2);
}

static void test_each_event_is_what_it_says(void **state)
{
	struct world *w = *state;
	struct room *r = world_room(w, "lobby");

	act(w, "kick", 0);
	assert_null(member_find(r, world_session(w, "w1")));
	world_join(w, &w->west, "w1", "lobby");
	act(w, "ban", 0);
	world_commit(w);
	assert_null(member_find(r, world_session(w, "w1")));
	world_join(w, &w->west, "w1", "lobby");
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
	act(w, "unban", 0);
	world_commit(w);
	world_join(w, &w->west, "w1", "lobby");
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	act(w, "mute", 0);
	act(w, "unmute", 0);
	world_commit(w);
	assert_int_equal(sanctions_count(w->b.sanctions), 0);
}

static void test_what_is_no_deed_is_refused(void **state)
{
	struct world *w = *state;

	act(w, "message", 0);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNKNOWN_EVENT);
	act(w, "praise", 0);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNKNOWN_EVENT);
	act(w, "ban", UINT64_MAX);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNKNOWN_EVENT);
}

static void test_too_many_and_a_disk_that_fails(void **state)
{
	struct world *w = *state;

	act(w, "ban", 0);
	world_fail(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_non_null(world_room(w, "lobby"));
	w->b.is_numbering_stale = false;
	w->b.config.sanctions_max = 0;
	act(w, "ban", 0);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_true(fake_peer_heard(&w->east, "no more bans and mutes can be kept"));
}

/* What was stored before he was muted is answered as stored, when it is asked again. */
static void test_a_mute_does_not_deny_what_is_stored(void **state)
{
	struct world *w = *state;

	world_publish_as(w, &w->west, ++w->request, "w1", "lobby", "key", false);
	world_commit(w);
	fake_store.stored_message_id = "key";
	fake_store.stored_receipt = (struct reader_receipt){
	    .gseq = 1, .seq = 1, .room = world_room(w, "lobby")->id, .timestamp = fake_turn_wall};
	act(w, "mute", 0);
	world_commit(w);
	world_forget_heard(w);
	world_publish_as(w, &w->west, ++w->request, "w1", "lobby", "key", false);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_int_equal(fake_store.messages, 1);
	world_publish_as(w, &w->west, ++w->request, "w1", "lobby", "other", false);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_MUTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_answer_waits_for_the_commit),
	    TEST(test_what_is_asked_again_is_done_once),
	    TEST(test_each_event_is_what_it_says),
	    TEST(test_what_is_no_deed_is_refused),
	    TEST(test_too_many_and_a_disk_that_fails),
	    TEST(test_a_mute_does_not_deny_what_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
