#include "tests/broker/peer_fixture.h"

/* Where a peer stands in the log of stored messages, and what of them is queued for it. */

static void say_hello_at(struct peer_world *w, uint64_t epoch, uint64_t last_gseq)
{
	w->east.epoch = epoch;
	w->east.last_gseq = last_gseq;
	peer_world_forget(w);
	gateway_say_hello(w, &w->east);
}

static void test_it_goes_on_where_it_was(void **state)
{
	struct peer_world *w = *state;

	say_hello_at(w, PEER_EPOCH, PEER_GSEQ - PEER_REPLAY_MAX);
	assert_true(fake_link_sent(" epoch=6 gseq=27 "));
	assert_ptr_equal(w->last_begun, w->last);
	w->last_begun = NULL;
	say_hello_at(w, PEER_EPOCH, PEER_GSEQ - PEER_REPLAY_MAX - 1);
	assert_true(fake_link_sent(" epoch=6 gseq=77 "));
	assert_ptr_equal(w->last_begun, w->last);
	say_hello_at(w, PEER_EPOCH + 1, PEER_GSEQ);
	assert_true(fake_link_sent(" epoch=6 gseq=77 "));
}

/* Numbers that are given out and not committed yet are still to come. */
static void test_what_is_not_released_is_not_behind_it(void **state)
{
	struct peer_world *w = *state;
	uint64_t after;

	w->gseq = PEER_GSEQ + 5;
	say_hello_at(w, 0, 0);
	assert_true(fake_link_sent(" gseq=77 "));
	assert_false(peer_wants_page(w->last, PEER_GSEQ, &after)); /* announcing */
	gateway_say_type(w, &w->east, WIRE_RESUMED);
	assert_false(peer_wants_page(w->last, PEER_GSEQ + 4, &after));
	assert_true(peer_wants_page(w->last, PEER_GSEQ + 5, &after));
	assert_int_equal(after, PEER_GSEQ);
	peer_void(w->last, PEER_GSEQ);
	assert_true(peer_wants_page(w->last, PEER_GSEQ, &after));
}

static void make_live(struct peer_world *w)
{
	gateway_say_hello(w, &w->east);
	gateway_say_type(w, &w->east, WIRE_RESUMED);
	peer_ask_page(w->last, 1, PEER_GSEQ);
	peer_end_page(w->last, PEER_GSEQ);
	assert_true(peer_is_live(w->last));
	peers_flush(w->peers);
	peer_world_forget(w);
}

static void release(struct peer_world *w, uint64_t gseq)
{
	struct wire_message m = {.type = WIRE_DELIVER};
	struct buf b = {0};

	m.as.deliver.gseq = gseq;
	wire_put(&b, &m);
	struct frame *f = buf_seal(&b);

	peer_deliver(w->last, gseq, f);
	frame_unref(&f);
}

static void test_who_is_live_gets_what_is_released(void **state)
{
	struct peer_world *w = *state;

	make_live(w);
	release(w, 78);
	peers_flush(w->peers);
	assert_true(fake_link_sent("DELIVER{gseq=78 "));
}

/* Not a longer queue, but a number: what does not fit is left to the log. */
static void test_who_is_full_falls_behind(void **state)
{
	struct peer_world *w = *state;
	uint64_t gseq = PEER_GSEQ, after;

	w->east.credit_messages = 1;
	make_live(w);
	while (peer_is_live(w->last))
		release(w, ++gseq);
	size_t queued = peer_queued_bytes(w->last);

	assert_true(queued > PEER_BACKLOG_MAX / 4 && queued < PEER_BACKLOG_MAX / 2);
	release(w, ++gseq);
	peers_flush(w->peers);
	assert_int_equal(peer_queued_bytes(w->last), queued);
	assert_false(fake_link_sent("REFUSED"));
	/* What is not stored goes on, and it reads nothing before it has taken in enough. */
	peer_world_deliver(w, "other");
	assert_true(peer_queued_bytes(w->last) > queued);
	assert_false(peer_wants_page(w->last, gseq, &after));
	struct wire_message credit = {.type = WIRE_CREDIT};

	credit.as.credit.messages = 1;
	gateway_say(w, &w->east, &credit, 1);
	peers_flush(w->peers);
	assert_true(peer_wants_page(w->last, gseq, &after));
	assert_int_equal(after, gseq - 2); /* the last one queued */
}

static void test_the_end_of_a_page_is_told(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	gateway_say_type(w, &w->east, WIRE_RESUMED);
	w->released = 90;
	peer_ask_page(w->last, 5, 90);
	assert_true(peer_asked_page(w->last, 5));
	release(w, 91);
	peer_end_page(w->last, 90);
	peers_flush(w->peers);
	assert_true(fake_link_sent("POSITION{gseq=90}DELIVER{gseq=91 "));
	assert_true(peer_is_live(w->last));
}

/* What was released and did not concern it: once, when there is time. */
static void test_the_place_is_told_with_the_heartbeat(void **state)
{
	struct peer_world *w = *state;

	make_live(w);
	peers_tick(w->peers, w->now);
	peers_flush(w->peers);
	assert_false(fake_link_sent("POSITION"));
	w->released = 90;
	peers_tick(w->peers, w->now);
	peers_flush(w->peers);
	assert_true(fake_link_sent("POSITION{gseq=90}"));
	peer_world_forget(w);
	peers_tick(w->peers, w->now);
	peers_flush(w->peers);
	assert_false(fake_link_sent("POSITION"));
}

/* It hears REFUSED, and nothing more is kept for it, nor read. */
static void test_who_is_given_up_begins_anew(void **state)
{
	struct peer_world *w = *state;
	uint64_t after;

	make_live(w);
	peers_give_up(w->peers, w->last);
	assert_true(fake_link_sent("REFUSED{"));
	release(w, 78);
	assert_int_equal(peer_queued_bytes(w->last), 0);
	assert_false(peer_wants_page(w->last, 78, &after));
	assert_string_equal(w->news, ""); /* it lives, and so do its sessions */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_world_setup, peer_world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_it_goes_on_where_it_was),
	    TEST(test_what_is_not_released_is_not_behind_it),
	    TEST(test_who_is_live_gets_what_is_released),
	    TEST(test_who_is_full_falls_behind),
	    TEST(test_the_end_of_a_page_is_told),
	    TEST(test_the_place_is_told_with_the_heartbeat),
	    TEST(test_who_is_given_up_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
