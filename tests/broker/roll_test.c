#include "broker/roll.h"

#include "broker/publish.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"

#include <string.h>

static void begin(struct world *w)
{
	w->b.config.recovery = true;
	world_connect(w, &w->east, "e1", "ann");
}

static void test_joining_and_leaving_are_answered_after_the_commit(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_int_equal(fake_store.sessions, 1);
	assert_int_equal(fake_store.session_rooms, 0); /* a personal room has no row */
	world_commit(w);
	world_forget_heard(w);
	world_join(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.session_rooms, 1);
	assert_false(fake_peer_heard(&w->east, "REPLY"));
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	world_forget_heard(w);
	world_leave(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.session_rooms_removed, 1);
	assert_false(fake_peer_heard(&w->east, "REPLY"));
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
}

static void test_joining_twice_is_one_row(void **state)
{
	struct world *w = *state;

	begin(w);
	world_join(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_join(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_int_equal(fake_store.session_rooms, 1);
}

static void test_what_a_failed_batch_took_along_is_put_in_again(void **state)
{
	struct world *w = *state;

	begin(w);
	world_join(w, &w->east, "e1", "first");
	world_commit(w);
	world_join(w, &w->east, "e1", "second");
	world_fail(w);
	/* Joining needs no disk. */
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_int_equal(roll_batch(world_session(w, "e1")), 0);
	unsigned sessions = fake_store.sessions, rooms = fake_store.session_rooms;
	unsigned made = fake_store.rooms;

	publish_on_tick(&w->b);
	assert_int_equal(fake_store.sessions, sessions + 1);
	assert_int_equal(fake_store.session_rooms, rooms + 2);
	assert_int_equal(fake_store.rooms, made + 2); /* of which nothing was known to be stored */
	assert_int_equal(roll_batch(world_session(w, "e1")), fake_store.gathering);
	publish_on_tick(&w->b);
	assert_int_equal(fake_store.sessions, sessions + 1);
	world_commit(w);
	assert_int_equal(roll_batch(world_session(w, "e1")), 0);
}

static void test_while_the_disk_is_in_trouble_nothing_new_is_promised(void **state)
{
	struct world *w = *state;

	begin(w);
	world_commit(w);
	fake_store.trouble = "no space";
	world_connect(w, &w->east, "e2", "eve");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_string_equal(world_session(w, "e2")->pid, "");
	world_join(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_int_equal(fake_store.session_rooms, 0);
	fake_store.trouble = NULL;
	publish_on_tick(&w->b);
	assert_int_equal(fake_store.session_rooms, 1);
}

static void test_the_end_takes_the_rows_along(void **state)
{
	struct world *w = *state;

	begin(w);
	roll_end(&w->b, world_session(w, "e1"));
	assert_int_equal(fake_store.sessions_removed, 1);
	roll_end(&w->b, world_session(w, "e1"));
	assert_int_equal(fake_store.sessions_removed, 1);
	/* Nobody is left that the batch is about. */
	world_commit(w);
	assert_false(roll_is_stored(&w->b, world_session(w, "e1")));
}

/* It does not come back with the next start. */
static void test_a_row_goes_although_a_batch_failed(void **state)
{
	struct world *w = *state;

	begin(w);
	world_commit(w);
	roll_end(&w->b, world_session(w, "e1"));
	assert_int_equal(fake_store.sessions_removed, 1);
	world_fail(w);
	publish_on_tick(&w->b);
	assert_int_equal(fake_store.sessions_removed, 2);
	world_fail(w);
	publish_on_tick(&w->b);
	assert_int_equal(fake_store.sessions_removed, 3);
	world_commit(w);
	publish_on_tick(&w->b);
	assert_int_equal(fake_store.sessions_removed, 3);
}

/* It was told its pid with the first commit: it has it whatever becomes of what it did since. */
static void test_a_session_is_stored_with_its_first_commit(void **state)
{
	struct world *w = *state;
	char pid[LIMIT_PID + 1];

	begin(w);
	uint64_t first = fake_store.gathering++;

	world_join(w, &w->east, "e1", "lobby");
	publish_on_committed(&w->b, first);
	assert_true(fake_peer_heard(&w->east, "REPLY"));
	memcpy(pid, world_session(w, "e1")->pid, sizeof(pid));
	world_fail(w);
	assert_string_equal(world_session(w, "e1")->pid, pid);
	world_join(w, &w->east, "e1", "other");
	world_lose(w, &w->east, "e1");
	world_return(w, &w->west, "w9", "ann", pid, "");
	assert_non_null(world_session(w, "w9"));
	assert_string_equal(world_session(w, "w9")->sid, "e1");
}

/* The numbers it was given are void: what comes after them comes after the last that is not. */
static void test_a_failed_batch_takes_the_numbers_along(void **state)
{
	struct world *w = *state;

	begin(w);
	world_join(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_publish(w, &w->east, "e1", "lobby");
	world_join(w, &w->east, "e1", "late");
	assert_int_equal(world_session(w, "e1")->members->session_prev->gseq, 1);
	fake_store.stored_gseq = 0;
	world_fail(w);
	assert_int_equal(w->b.gseq, 0);
	assert_int_equal(world_session(w, "e1")->members->session_prev->gseq, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_joining_and_leaving_are_answered_after_the_commit),
	    TEST(test_joining_twice_is_one_row),
	    TEST(test_what_a_failed_batch_took_along_is_put_in_again),
	    TEST(test_while_the_disk_is_in_trouble_nothing_new_is_promised),
	    TEST(test_the_end_takes_the_rows_along),
	    TEST(test_a_row_goes_although_a_batch_failed),
	    TEST(test_a_session_is_stored_with_its_first_commit),
	    TEST(test_a_failed_batch_takes_the_numbers_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
