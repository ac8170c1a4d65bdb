#include "broker/catchup.h"

#include "tests/broker/replay_stage.h"

/* The gateways of the stage, one socket of which is in one room. */
static struct gateway *east(struct stage *s)
{
	return &s->gateways[0];
}

static struct gateway *west(struct stage *s)
{
	return &s->gateways[1];
}

/* A few turns in which everything is taken in, and nothing new comes. */
static void calm(struct stage *s)
{
	for (int i = 0; i < 10; i++) {
		stage_turn(s);
		gateway_take(s, east(s), 100);
		gateway_take(s, west(s), 100);
		stage_seal(s);
		stage_commit(s);
	}
}

static void both_join(struct stage *s, size_t room)
{
	gateway_turn_stay(s, east(s), 0, room);
	gateway_turn_stay(s, west(s), 0, room);
	calm(s);
	assert_false(gateway_is_owed(east(s)) || gateway_is_owed(west(s)));
}

static void publish(struct stage *s, size_t count, size_t room)
{
	for (size_t i = 0; i < count; i++)
		gateway_publish(s, west(s), 0, room);
	stage_seal(s);
	stage_commit(s);
}

/* The next message of the room that the socket is due. */
static uint64_t due(const struct gateway *g, size_t socket, size_t room)
{
	return g->stays[socket][room].next;
}

static void test_who_missed_nothing_asks_for_nothing(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	publish(s, 3, 0);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 4);
	assert_int_equal(s->page_count, 0);
	gateway_cut(s, east(s));
	gateway_mend(s, east(s));
	calm(s);
	assert_int_equal(s->page_count, 0);
	assert_int_equal(s->replayed, 0);
	publish(s, 1, 0);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 5);
}

static void test_what_was_missed_is_sent_again(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	gateway_cut(s, east(s));
	publish(s, 12, 0);
	calm(s);
	gateway_mend(s, east(s));
	calm(s);
	assert_int_equal(s->page_count, 1);
	assert_int_equal(s->pages[0].after, 0);
	assert_int_equal(s->pages[0].upto, 12);
	assert_int_equal(due(east(s), 0, 0), 1);
	stage_answer_page(s, 5, ERR_OK);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 6);
	assert_int_equal(s->pages[0].after, 5);
	publish(s, 1, 0); /* meanwhile: in the next page */
	stage_answer_page(s, 50, ERR_OK);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 14);
	assert_int_equal(s->page_count, 0);
	assert_int_equal(east(s)->gaps, 0);
}

/* Rooms that it does not hold are read over; it is told that they are. */
static void test_other_rooms_are_left_out(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	gateway_turn_stay(s, west(s), 0, 1);
	calm(s);
	gateway_cut(s, east(s));
	publish(s, 3, 1);
	publish(s, 1, 0);
	publish(s, 3, 1);
	gateway_mend(s, east(s));
	calm(s);
	uint64_t heard = s->heard;

	stage_answer_page(s, 50, ERR_OK);
	calm(s);
	assert_int_equal(s->heard, heard + 1);
	assert_int_equal(due(east(s), 0, 0), 2);
	assert_int_equal(east(s)->place, 7);
}

/* A gateway that holds quiet rooms keeps up with the log all the same. */
static void test_the_place_is_told_now_and_then(void **state)
{
	struct stage *s = *state;

	gateway_turn_stay(s, west(s), 0, 1);
	calm(s);
	publish(s, 4, 1);
	calm(s);
	assert_int_equal(east(s)->place, 0);
	peers_tick(s->b.peers, s->now);
	calm(s);
	assert_int_equal(east(s)->place, 4);
}

static void test_a_page_that_cannot_be_read_is_tried_again(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	gateway_cut(s, east(s));
	publish(s, 2, 0);
	gateway_mend(s, east(s));
	calm(s);
	stage_answer_page(s, 5, ERR_IO);
	calm(s);
	assert_int_equal(s->page_count, 1);
	assert_int_equal(due(east(s), 0, 0), 1);
	stage_answer_page(s, 5, ERR_OK);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 3);
}

/* And not in every turn of a disk that is broken. */
static void test_an_unreadable_log_is_left_alone_until_the_tick(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	gateway_cut(s, east(s));
	publish(s, 2, 0);
	gateway_mend(s, east(s));
	calm(s);
	struct archive_log log = {.request = s->pages[0].ticket, .error = ERR_IO};

	s->page_count = 0;
	catchup_on_log(&s->b, &log);
	calm(s);
	assert_int_equal(s->page_count, 0);
	catchup_on_tick(&s->b);
	calm(s);
	assert_int_equal(s->page_count, 1);
}

static void test_a_page_for_a_conversation_that_broke_is_nothing(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	gateway_cut(s, east(s));
	publish(s, 2, 0);
	gateway_mend(s, east(s));
	calm(s);
	gateway_cut(s, east(s));
	gateway_mend(s, east(s));
	calm(s);
	assert_int_equal(s->page_count, 2);
	stage_answer_page(s, 50, ERR_OK);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 1);
	stage_answer_page(s, 50, ERR_OK);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 3);
}

/* Its rooms were announced while numbers were out that came to nothing. */
static void test_numbers_that_came_to_nothing_are_not_waited_for(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	gateway_cut(s, east(s));
	publish(s, 2, 0);
	for (int i = 0; i < 5; i++)
		gateway_publish(s, west(s), 0, 0);
	gateway_mend(s, east(s));
	stage_turn(s);
	gateway_take(s, east(s), 100);
	stage_turn(s);
	assert_int_equal(s->page_count, 0); /* 3 to 7 are still to come */
	stage_fail(s);
	stage_turn(s);
	assert_int_equal(s->page_count, 1);
	stage_answer_page(s, 50, ERR_OK);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 3);
	publish(s, 1, 0);
	calm(s);
	assert_int_equal(due(east(s), 0, 0), 4);
	assert_int_equal(s->page_count, 0);
}

/* More than is sent again: told so, it begins where the log ends, and its clients with it. */
static void test_too_much_is_a_gap_and_said_so(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	gateway_cut(s, east(s));
	publish(s, 200, 0);
	calm(s);
	gateway_mend(s, east(s));
	calm(s);
	assert_int_equal(east(s)->gaps, 1);
	assert_int_equal(east(s)->place, 200);
	assert_int_equal(s->page_count, 0);
	assert_false(east(s)->stays[0][0].is_in);
}

/* A gateway that takes in nothing: little is queued, the rest is read when it does again. */
static void test_a_slow_gateway_is_kept_a_number_for(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	for (int i = 0; i < 70; i++) {
		publish(s, 1, 0);
		stage_turn(s);
		gateway_take(s, west(s), 100);
	}
	assert_int_equal(s->page_count, 0); /* not before it has taken in something */
	assert_int_equal(due(east(s), 0, 0), 1);
	while (due(east(s), 0, 0) <= 70) {
		uint64_t before = due(east(s), 0, 0);

		calm(s);
		stage_answer_page(s, 5, ERR_OK);
		calm(s);
		assert_true(due(east(s), 0, 0) > before);
	}
	assert_true(s->replayed > 0);
	assert_int_equal(east(s)->gaps, 0);
	stage_settle(s);
}

/* East has five messages, and misses six. */
static void miss_six(struct stage *s)
{
	both_join(s, 0);
	publish(s, 5, 0);
	calm(s);
	gateway_cut(s, east(s));
	publish(s, 6, 0);
	calm(s);
}

/* It has a place from before something that is not there any more. */
static void test_what_was_pruned_is_a_gap_too(void **state)
{
	struct stage *s = *state;

	miss_six(s);
	s->b.pruned = 5;
	gateway_mend(s, east(s));
	calm(s);
	assert_int_equal(s->page_count, 1);
	stage_answer_page(s, 50, ERR_OK);
	calm(s);
	assert_int_equal(east(s)->gaps, 0);
	assert_int_equal(due(east(s), 0, 0), 12);
	gateway_cut(s, east(s));
	publish(s, 6, 0);
	calm(s);
	s->b.pruned = 12;
	gateway_mend(s, east(s));
	calm(s);
	assert_int_equal(east(s)->gaps, 1);
	stage_settle(s);
}

/* What a page should have had was pruned before it was read: too far away, it was not waited for.
 */
static void test_what_is_pruned_while_a_page_is_read_is_a_gap_too(void **state)
{
	struct stage *s = *state;

	miss_six(s);
	gateway_mend(s, east(s));
	calm(s);
	assert_int_equal(s->page_count, 1);
	assert_int_equal(s->pages[0].after, 5);
	s->b.pruned = 7;
	stage_answer_page(s, 50, ERR_OK);
	calm(s);
	assert_int_equal(east(s)->gaps, 1);
	stage_settle(s);
}

/* It was slow for so long that the rest is too much: it begins anew. */
static void test_a_gateway_may_be_too_slow(void **state)
{
	struct stage *s = *state;

	both_join(s, 0);
	for (int i = 0; i < 300; i++) {
		publish(s, 1, 0);
		stage_turn(s);
		gateway_take(s, west(s), 100);
	}
	calm(s);
	assert_int_equal(east(s)->gaps, 1);
	assert_int_equal(east(s)->place, 300);
	stage_settle(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_who_missed_nothing_asks_for_nothing),
	    TEST(test_what_was_missed_is_sent_again),
	    TEST(test_other_rooms_are_left_out),
	    TEST(test_the_place_is_told_now_and_then),
	    TEST(test_a_page_that_cannot_be_read_is_tried_again),
	    TEST(test_an_unreadable_log_is_left_alone_until_the_tick),
	    TEST(test_a_page_for_a_conversation_that_broke_is_nothing),
	    TEST(test_numbers_that_came_to_nothing_are_not_waited_for),
	    TEST(test_too_much_is_a_gap_and_said_so),
	    TEST(test_a_slow_gateway_is_kept_a_number_for),
	    TEST(test_what_was_pruned_is_a_gap_too),
	    TEST(test_what_is_pruned_while_a_page_is_read_is_a_gap_too),
	    TEST(test_a_gateway_may_be_too_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
