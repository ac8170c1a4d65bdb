#include "tests/check.h"

#include "gateway/room/trail.h"

enum { EPOCH = 5 };

static int setup(void **state)
{
	*state = trail_new();
	return 0;
}

static int teardown(void **state)
{
	struct trail *t = *state;

	trail_free(&t);
	assert_null(t);
	trail_free(&t);
	return 0;
}

static void deliver(struct trail *t, uint64_t gseq, uint32_t sockets, uint32_t lagging)
{
	trail_note(t, &(struct trail_step){.gseq = gseq,
			  .at = {(int64_t)gseq + 1000},
			  .sockets = sockets,
			  .lagging = lagging});
}

static void recall(struct trail *t, uint64_t gseq)
{
	trail_note(t, &(struct trail_step){.gseq = gseq, .at = {99}, .recovered = 1});
}

static enum err find(const struct trail *t, uint64_t gseq)
{
	struct trail_step step;

	return trail_find(t, gseq, &step);
}

static void test_what_was_noted_is_found(void **state)
{
	struct trail *t = *state;
	struct trail_step step;

	trail_begin(t, EPOCH, 3);
	deliver(t, 4, 7, 2);
	recall(t, 4);
	recall(t, 4);
	assert_int_equal(trail_find(t, 4, &step), ERR_OK);
	assert_int_equal(step.gseq, 4);
	assert_int_equal(step.at.ms, 1004);
	assert_int_equal(step.sockets, 7);
	assert_int_equal(step.lagging, 2);
	assert_int_equal(step.recovered, 2);
	/* It was given to nobody, and that is known. */
	assert_int_equal(find(t, 5), ERR_NOT_FOUND);
}

static void test_what_only_came_back_is_found(void **state)
{
	struct trail *t = *state;
	struct trail_step step;

	trail_begin(t, EPOCH, 3);
	recall(t, 2);
	assert_int_equal(trail_find(t, 2, &step), ERR_OK);
	assert_int_equal(step.at.ms, 99);
	assert_int_equal(step.sockets, 0);
	assert_int_equal(step.recovered, 1);
}

static void test_what_was_before_is_not_known(void **state)
{
	struct trail *t = *state;

	trail_begin(t, EPOCH, 3);
	assert_int_equal(find(t, 3), ERR_EXPIRED);
	assert_int_equal(find(t, 4), ERR_NOT_FOUND);
	/* The same link again, further on. */
	deliver(t, 4, 1, 0);
	trail_begin(t, EPOCH, 8);
	assert_int_equal(find(t, 3), ERR_EXPIRED);
	assert_int_equal(find(t, 4), ERR_OK);
	assert_int_equal(find(t, 5), ERR_NOT_FOUND);
}

static void test_the_oldest_are_forgotten(void **state)
{
	struct trail *t = *state;
	uint64_t last = 3 * TRAIL_STEPS + 17;

	trail_begin(t, EPOCH, 0);
	for (uint64_t gseq = 1; gseq <= last; gseq++)
		deliver(t, gseq, 1, 0);
	assert_int_equal(find(t, last), ERR_OK);
	assert_int_equal(find(t, last - TRAIL_STEPS + 1), ERR_OK);
	assert_int_equal(find(t, last - TRAIL_STEPS), ERR_EXPIRED);
	assert_int_equal(find(t, 1), ERR_EXPIRED);
	/* One that comes back after that does not push a newer one out. */
	recall(t, last - TRAIL_STEPS);
	assert_int_equal(find(t, last - TRAIL_STEPS), ERR_EXPIRED);
	assert_int_equal(find(t, last), ERR_OK);
}

static void test_another_database_begins_anew(void **state)
{
	struct trail *t = *state;

	trail_begin(t, EPOCH, 0);
	deliver(t, 7, 1, 0);
	trail_begin(t, EPOCH + 1, 5);
	assert_int_equal(find(t, 7), ERR_NOT_FOUND);
	assert_int_equal(find(t, 5), ERR_EXPIRED);
}

/* The same database, put back from a backup: its numbers are given a second time. */
static void test_a_database_that_was_put_back_begins_anew(void **state)
{
	struct trail *t = *state;

	trail_begin(t, EPOCH, 0);
	deliver(t, 7, 1, 0);
	/* What clients got back may be ahead of the gateway; that is no sign of it. */
	recall(t, 9);
	trail_begin(t, EPOCH, 7);
	assert_int_equal(find(t, 7), ERR_OK);
	trail_begin(t, EPOCH, 6);
	assert_int_equal(find(t, 7), ERR_NOT_FOUND);
	assert_int_equal(find(t, 6), ERR_EXPIRED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_what_was_noted_is_found),
	    TEST(test_what_only_came_back_is_found),
	    TEST(test_what_was_before_is_not_known),
	    TEST(test_the_oldest_are_forgotten),
	    TEST(test_another_database_begins_anew),
	    TEST(test_a_database_that_was_put_back_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
