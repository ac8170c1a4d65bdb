#include "tests/broker/world.h"

#include "broker/state.h"
#include "tests/fakes/store.h"

#include <string.h>

static struct reader_room stored(uint64_t id, const char *name, uint64_t seq)
{
	return (struct reader_room){
	    .id = id, .nsp = STR("/chat"), .name = str_of(name), .is_public = true, .seq = seq};
}

static void test_the_start_fills_the_tables(void **state)
{
	struct world *w = *state;
	char why[STORE_WHY_SIZE] = "";

	fake_store.stored_gseq = 12;
	fake_store.stored_room = stored(3, "lobby", 7);
	assert_int_equal(state_load(&w->b, why, sizeof(why)), ERR_OK);
	assert_int_equal(w->b.gseq, 12);
	assert_int_equal(world_room(w, "lobby")->seq, 7);
	assert_int_equal(world_room(w, "lobby")->committed_seq, 7);
	assert_true(world_room(w, "lobby")->is_stored);
}

static void test_a_database_that_cannot_be_read_is_named(void **state)
{
	struct world *w = *state;
	char why[STORE_WHY_SIZE] = "";

	w->b.config.database = (char *)"/some/where.db";
	fake_store.reader_fault = ERR_IO;
	assert_int_equal(state_load(&w->b, why, sizeof(why)), ERR_IO);
	assert_non_null(strstr(why, "/some/where.db"));
}

static void test_numbers_go_back_to_what_is_stored(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "kept");
	world_join(w, &w->east, "e1", "lost");
	world_room(w, "kept")->seq = 9;
	w->b.gseq = 20;
	w->b.is_numbering_stale = true;
	fake_store.stored_gseq = 5;
	fake_store.stored_room = stored(world_room(w, "kept")->id, "kept", 4);
	assert_int_equal(state_read_numbers(&w->b), ERR_OK);
	assert_false(w->b.is_numbering_stale);
	assert_int_equal(w->b.gseq, 5);
	assert_int_equal(world_room(w, "kept")->seq, 4);
	/* Its row was in the batch that failed: it is to be put in again. */
	assert_false(world_room(w, "lost")->is_stored);
	assert_true(world_room(w, "kept")->is_stored);
}

static void test_numbers_that_cannot_be_read_stay_stale(void **state)
{
	struct world *w = *state;

	w->b.is_numbering_stale = true;
	fake_store.reader_fault = ERR_IO;
	assert_int_equal(state_read_numbers(&w->b), ERR_IO);
	assert_true(w->b.is_numbering_stale);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_start_fills_the_tables),
	    TEST(test_a_database_that_cannot_be_read_is_named),
	    TEST(test_numbers_go_back_to_what_is_stored),
	    TEST(test_numbers_that_cannot_be_read_stay_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
