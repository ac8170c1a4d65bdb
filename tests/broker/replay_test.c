#include "tests/check.h"

#include "broker/replay.h"
#include "common/buf.h"

#include <stdio.h>

static struct replay *at(uint64_t place)
{
	struct replay *r = replay_new();

	replay_begin(r, place);
	return r;
}

/* A message of this number is released; was it to be queued at once? */
static bool release(struct replay *r, uint64_t gseq, bool is_full)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)gseq);
	struct frame *f = frame_new(bytes_of(text, (size_t)len));
	bool is_passed = replay_pass(r, gseq, f, is_full);

	frame_unref(&f);
	return is_passed;
}

enum { ROOM = 0, FULL = 1 };

static void expect_late(struct replay *r, uint64_t first, uint64_t last)
{
	struct frame *f;

	for (uint64_t gseq = first; gseq <= last; gseq++) {
		char text[24];

		snprintf(text, sizeof(text), "%llu", (unsigned long long)gseq);
		f = replay_next_of_tail(r);
		assert_non_null(f);
		assert_true(str_eqz(bytes_str(frame_bytes(f)), text));
		frame_unref(&f);
	}
	assert_null(replay_next_of_tail(r));
}

static void make_live(struct replay *r, uint64_t end)
{
	replay_ask(r, 1, end);
	replay_reach(r, end);
	assert_true(replay_is_live(r));
}

static int check_frames(void **state)
{
	(void)state;
	return frame_live() == 0 ? 0 : -1;
}

static void test_it_begins_behind(void **state)
{
	struct replay *r = at(40);

	(void)state;
	assert_false(replay_is_live(r));
	assert_true(replay_place(r) == 40);
	assert_true(replay_wants_page(r, 50));
	assert_false(release(r, 51, ROOM));
	assert_true(replay_place(r) == 40);
	assert_null(replay_next_of_tail(r));
	replay_free(&r);
	assert_null(r);
	replay_free(&r);
}

static void test_a_page_that_reaches_the_end_makes_it_live(void **state)
{
	struct replay *r = at(40);

	(void)state;
	replay_ask(r, 9, 50);
	assert_false(replay_wants_page(r, 50));
	assert_true(replay_is_waiting_for(r, 9));
	assert_false(replay_is_waiting_for(r, 8));
	replay_reach(r, 50);
	assert_true(replay_is_live(r));
	assert_true(replay_place(r) == 50);
	assert_false(replay_is_waiting_for(r, 9));
	assert_false(replay_is_waiting_for(r, 0));
	assert_true(release(r, 51, ROOM));
	assert_true(replay_place(r) == 51);
	replay_free(&r);
}

static void test_page_by_page(void **state)
{
	struct replay *r = at(40);

	(void)state;
	replay_ask(r, 1, 50);
	replay_reach(r, 45);
	assert_false(replay_is_live(r));
	assert_true(replay_place(r) == 45);
	assert_true(replay_wants_page(r, 50));
	replay_ask(r, 2, 50);
	replay_reach(r, 50);
	assert_true(replay_is_live(r));
	replay_free(&r);
}

/* Released while the page was read: behind it, and nothing of it is left out. */
static void test_the_tail_follows_the_page(void **state)
{
	struct replay *r = at(40);

	(void)state;
	assert_false(release(r, 50, ROOM)); /* in the page to come */
	replay_ask(r, 1, 50);
	for (uint64_t gseq = 51; gseq <= 53; gseq++)
		assert_false(release(r, gseq, ROOM));
	replay_reach(r, 50);
	assert_true(replay_is_live(r));
	expect_late(r, 51, 53);
	assert_true(replay_place(r) == 53);
	assert_true(release(r, 54, ROOM));
	replay_free(&r);
}

/* The page was cut short: what comes after it is in the next one. */
static void test_there_is_no_tail_behind_a_short_page(void **state)
{
	struct replay *r = at(40);

	(void)state;
	replay_ask(r, 1, 50);
	assert_false(release(r, 51, ROOM));
	replay_reach(r, 45);
	assert_null(replay_next_of_tail(r));
	replay_ask(r, 2, 51);
	assert_false(release(r, 52, ROOM));
	replay_reach(r, 51);
	expect_late(r, 52, 52);
	replay_free(&r);
}

static void test_the_tail_has_an_end(void **state)
{
	struct replay *r = at(40);
	struct buf b = {0};

	(void)state;
	buf_extend(&b, REPLAY_TAIL_MAX_BYTES);
	struct frame *large = buf_seal(&b);

	replay_ask(r, 1, 50);
	assert_false(replay_pass(r, 51, large, ROOM));
	assert_false(release(r, 52, ROOM));
	assert_false(release(r, 53, ROOM));
	replay_reach(r, 50);
	assert_false(replay_is_live(r));
	assert_null(replay_next_of_tail(r));
	/* It begins anew with the next page. */
	replay_ask(r, 2, 53);
	assert_false(replay_pass(r, 54, large, ROOM));
	replay_reach(r, 53);
	assert_true(replay_is_live(r));
	frame_unref(&large);
	large = replay_next_of_tail(r);
	assert_int_equal(frame_bytes(large).len, REPLAY_TAIL_MAX_BYTES);
	frame_unref(&large);
	assert_true(replay_place(r) == 54);
	replay_free(&r);
}

static void test_a_full_queue_makes_it_fall_behind(void **state)
{
	struct replay *r = at(40);

	(void)state;
	make_live(r, 40);
	assert_true(release(r, 41, ROOM));
	assert_false(release(r, 42, FULL));
	assert_false(replay_is_live(r));
	assert_true(replay_place(r) == 41);
	/* There is room again, but not for this one: 42 comes first. */
	assert_false(release(r, 43, ROOM));
	assert_true(replay_wants_page(r, 43));
	replay_free(&r);
}

/* What was numbered before its rooms were known may come out after they were. */
static void test_it_is_not_live_before_what_is_required(void **state)
{
	struct replay *r = at(40);

	(void)state;
	replay_require(r, 44);
	assert_false(replay_wants_page(r, 43));
	assert_true(replay_wants_page(r, 44));
	replay_ask(r, 1, 43); /* even so */
	assert_false(release(r, 44, ROOM));
	replay_reach(r, 43);
	assert_false(replay_is_live(r));
	assert_null(replay_next_of_tail(r));
	replay_ask(r, 2, 44);
	replay_reach(r, 44);
	assert_true(replay_is_live(r));
	replay_free(&r);
}

static void test_void_numbers_are_not_waited_for(void **state)
{
	struct replay *r = at(40);

	(void)state;
	replay_require(r, 44);
	replay_void(r, 50);
	assert_false(replay_wants_page(r, 43));
	replay_void(r, 41);
	assert_true(replay_wants_page(r, 41));
	replay_free(&r);
}

static void test_a_page_that_cannot_be_read_is_asked_for_again(void **state)
{
	struct replay *r = at(40);

	(void)state;
	replay_ask(r, 1, 50);
	assert_false(release(r, 51, ROOM));
	replay_fail(r);
	assert_false(replay_is_live(r));
	assert_true(replay_place(r) == 40);
	assert_true(replay_wants_page(r, 51));
	assert_null(replay_next_of_tail(r));
	replay_free(&r);
}

static void test_beginning_anew_forgets_the_page(void **state)
{
	struct replay *r = at(40);

	(void)state;
	replay_require(r, 1000);
	replay_ask(r, 1, 50);
	assert_false(release(r, 51, ROOM));
	replay_begin(r, 30);
	assert_false(replay_is_waiting_for(r, 1));
	assert_true(replay_wants_page(r, 51));
	assert_true(replay_place(r) == 30);
	assert_null(replay_next_of_tail(r));
	make_live(r, 51);
	replay_begin(r, 51);
	assert_false(replay_is_live(r));
	replay_free(&r);
}

/* What did not concern it is behind it all the same; the place never goes back. */
static void test_the_place_goes_on(void **state)
{
	struct replay *r = at(40);

	(void)state;
	make_live(r, 40);
	replay_advance(r, 60);
	assert_true(replay_place(r) == 60);
	replay_advance(r, 50);
	assert_true(replay_place(r) == 60);
	replay_free(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, check_frames)
	const struct CMUnitTest tests[] = {
	    TEST(test_it_begins_behind),
	    TEST(test_a_page_that_reaches_the_end_makes_it_live),
	    TEST(test_page_by_page),
	    TEST(test_the_tail_follows_the_page),
	    TEST(test_there_is_no_tail_behind_a_short_page),
	    TEST(test_the_tail_has_an_end),
	    TEST(test_a_full_queue_makes_it_fall_behind),
	    TEST(test_it_is_not_live_before_what_is_required),
	    TEST(test_void_numbers_are_not_waited_for),
	    TEST(test_a_page_that_cannot_be_read_is_asked_for_again),
	    TEST(test_beginning_anew_forgets_the_page),
	    TEST(test_the_place_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
