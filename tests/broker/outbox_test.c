#include "tests/check.h"

#include "broker/outbox.h"

#include <string.h>

struct peer {
	char heard[256];
	uint64_t last_gseq;
};

static void on_send(void *up, struct peer *to, struct frame *message, uint64_t gseq)
{
	struct bytes b = frame_bytes(message);

	to->last_gseq = gseq;
	(void)up;
	strncat(to->heard, (const char *)b.p, b.len);
}

static const struct outbox_events events = {.on_send = on_send};

struct world {
	struct outbox *outbox;
	struct peer a, b;
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->outbox = outbox_new(&events, NULL);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	outbox_free(&w->outbox);
	test_free(w);
	return frame_live() == 0 ? 0 : -1;
}

static void hold_in(struct world *w, const void *lane, uint64_t batch, struct peer *to,
    const char *message, const char *instead)
{
	struct outbox_letter l = {.to = to,
	    .batch = batch,
	    .lane = lane,
	    .message = frame_new(bytes_of(message, strlen(message))),
	    .instead = instead ? frame_new(bytes_of(instead, strlen(instead))) : NULL};

	outbox_hold(w->outbox, &l);
	frame_unref(&l.message);
	frame_unref(&l.instead);
}

static void hold(
    struct world *w, uint64_t batch, struct peer *to, const char *message, const char *instead)
{
	hold_in(w, w, batch, to, message, instead);
}

static void test_nothing_before_its_commit(void **state)
{
	struct world *w = *state;

	hold(w, 1, &w->a, "m", NULL);
	assert_string_equal(w->a.heard, "");
	outbox_commit(w->outbox, 1);
	assert_string_equal(w->a.heard, "m");
}

static void test_what_depends_on_nothing_goes_at_once(void **state)
{
	struct world *w = *state;

	hold(w, 0, &w->a, "x", NULL);
	assert_string_equal(w->a.heard, "x");
	assert_int_equal(outbox_length(w->outbox), 0);
}

static void test_another_lane_does_not_wait(void **state)
{
	struct world *w = *state;
	int lane;

	hold(w, 1, &w->a, "slow", NULL);
	hold_in(w, &lane, 0, &w->a, "other room", NULL);
	hold_in(w, NULL, 0, &w->a, ", no room", NULL);
	assert_string_equal(w->a.heard, "other room, no room");
	assert_true(outbox_is_waiting(w->outbox, w));
	assert_false(outbox_is_waiting(w->outbox, &lane));
	/* What is stored keeps the one order of all rooms. */
	hold_in(w, &lane, 2, &w->a, " second", NULL);
	outbox_commit(w->outbox, 2);
	assert_string_equal(w->a.heard, "other room, no roomslow second");
	assert_false(outbox_is_waiting(w->outbox, w));
}

static void test_one_order_in_a_lane(void **state)
{
	struct world *w = *state;

	hold(w, 1, &w->a, "1", NULL);
	hold(w, 0, &w->a, "2", NULL); /* decided later: it waits behind */
	hold(w, 2, &w->a, "3", NULL);
	hold(w, 0, &w->a, "4", NULL);
	outbox_commit(w->outbox, 1);
	assert_string_equal(w->a.heard, "12");
	outbox_commit(w->outbox, 2);
	assert_string_equal(w->a.heard, "1234");
}

static void test_a_failed_batch_says_the_other_thing(void **state)
{
	struct world *w = *state;

	hold(w, 1, &w->a, "ok", "no");
	hold(w, 1, &w->b, "deliver", NULL);
	hold(w, 0, &w->a, "!", NULL);
	outbox_fail(w->outbox);
	assert_string_equal(w->a.heard, "no!");
	assert_string_equal(w->b.heard, "");
	assert_int_equal(outbox_length(w->outbox), 0);
}

static void test_a_failure_spares_what_was_committed(void **state)
{
	struct world *w = *state;

	outbox_commit(w->outbox, 4);
	hold(w, 5, &w->a, "ok", "no");
	hold(w, 4, &w->a, "old", "no"); /* a duplicate of what is committed */
	outbox_fail(w->outbox);
	assert_string_equal(w->a.heard, "noold");
}

static void test_nothing_for_a_peer_that_is_gone(void **state)
{
	struct world *w = *state;

	hold(w, 1, &w->a, "a", NULL);
	hold(w, 1, &w->b, "b", NULL);
	outbox_forget(w->outbox, &w->a);
	outbox_commit(w->outbox, 1);
	assert_string_equal(w->a.heard, "");
	assert_string_equal(w->b.heard, "b");
}

/* Its conversation broke: what it asked it asks again, what it is to be told stays. */
static void test_no_answers_in_another_conversation(void **state)
{
	struct world *w = *state;
	struct outbox_letter answer = {
	    .to = &w->a, .batch = 1, .is_answer = true, .message = frame_new(bytes_of("ok", 2))};

	outbox_hold(w->outbox, &answer);
	hold(w, 1, &w->a, "deliver", NULL);
	answer.to = &w->b;
	outbox_hold(w->outbox, &answer);
	frame_unref(&answer.message);
	outbox_forget_answers(w->outbox, &w->a);
	outbox_commit(w->outbox, 1);
	assert_string_equal(w->a.heard, "deliver");
	assert_string_equal(w->b.heard, "ok");
}

static void test_what_waits_for_whom(void **state)
{
	struct world *w = *state;

	assert_false(outbox_has_for(w->outbox, &w->a));
	hold(w, 1, &w->a, "a", NULL);
	assert_true(outbox_has_for(w->outbox, &w->a));
	assert_false(outbox_has_for(w->outbox, &w->b));
	outbox_forget(w->outbox, &w->a);
	assert_false(outbox_has_for(w->outbox, &w->a));
	outbox_commit(w->outbox, 1);
}

/* The number of a stored message goes with it; what is said instead is none. */
static void test_numbers_go_with_stored_messages(void **state)
{
	struct world *w = *state;
	struct outbox_letter l = {.to = &w->a,
	    .batch = 1,
	    .gseq = 7,
	    .message = frame_new(bytes_of("m", 1)),
	    .instead = frame_new(bytes_of("i", 1))};

	outbox_hold(w->outbox, &l);
	outbox_commit(w->outbox, 1);
	assert_int_equal(w->a.last_gseq, 7);
	l.batch = 2;
	outbox_hold(w->outbox, &l);
	outbox_fail(w->outbox);
	assert_int_equal(w->a.last_gseq, 0);
	l.batch = 0;
	outbox_hold(w->outbox, &l);
	assert_int_equal(w->a.last_gseq, 7);
	assert_string_equal(w->a.heard, "mim");
	frame_unref(&l.message);
	frame_unref(&l.instead);
}

static void test_the_newest_batch_that_is_waited_for(void **state)
{
	struct world *w = *state;
	int lane;

	assert_int_equal(outbox_newest(w->outbox), 0);
	hold(w, 3, &w->a, "x", NULL);
	hold(w, 4, &w->a, "y", NULL);
	hold_in(w, w, 0, &w->a, "behind them", NULL);
	hold_in(w, &lane, 0, &w->a, "at once", NULL);
	assert_int_equal(outbox_newest(w->outbox), 4);
	outbox_commit(w->outbox, 3);
	assert_int_equal(outbox_newest(w->outbox), 4);
	outbox_commit(w->outbox, 4);
	assert_int_equal(outbox_newest(w->outbox), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_the_newest_batch_that_is_waited_for, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nothing_before_its_commit, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_what_depends_on_nothing_goes_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_another_lane_does_not_wait, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_one_order_in_a_lane, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_failed_batch_says_the_other_thing, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        test_a_failure_spares_what_was_committed, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        test_nothing_for_a_peer_that_is_gone, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        test_no_answers_in_another_conversation, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_waits_for_whom, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        test_numbers_go_with_stored_messages, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
