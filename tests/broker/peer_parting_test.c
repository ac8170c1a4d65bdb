#include "tests/broker/peer_fixture.h"

/* GOODBYE, from either side. */

/* ---- a gateway goes ---- */

static void test_goodbye_is_answered(void **state)
{
	struct peer_world *w = *state;
	struct wire_message batch[] = {
	    {.type = WIRE_JOIN}, {.type = WIRE_GOODBYE}, {.type = WIRE_LEAVE}};

	gateway_say_hello(w, &w->east);
	peer_world_forget(w);
	gateway_say(w, &w->east, batch, ARRAY_LEN(batch));
	peers_flush(w->peers);
	assert_string_equal(w->news, "message east: JOIN; gone east: it said goodbye; ");
	assert_true(fake_link_sent("@east BATCH{number=2}GOODBYE_OK{}"));
	assert_int_equal(peers_count(w->peers), 0);
}

/* Whatever it is owed comes first: answers that wait for a commit, and what is queued. */
static void test_goodbye_is_answered_when_nothing_is_owed(void **state)
{
	struct peer_world *w = *state;
	struct wire_message credit = {.type = WIRE_CREDIT};

	w->east.credit_messages = 1;
	gateway_say_hello(w, &w->east);
	peer_world_deliver(w, "last");
	w->is_owed = true;
	gateway_say_type(w, &w->east, WIRE_GOODBYE);
	peers_flush(w->peers);
	credit.as.credit.messages = 1;
	gateway_say(w, &w->east, &credit, 1);
	peers_flush(w->peers);
	assert_true(fake_link_sent("event=\"last\""));
	assert_false(fake_link_sent("GOODBYE_OK"));
	assert_string_equal(w->news, "");
	w->is_owed = false;
	peers_flush(w->peers);
	assert_true(fake_link_sent("GOODBYE_OK"));
	assert_string_equal(w->news, "gone east: it said goodbye; ");
}

static void test_who_left_without_waiting_is_gone(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	peer_world_deliver(w, "last");
	w->is_owed = true;
	gateway_say_type(w, &w->east, WIRE_GOODBYE);
	fake_link.fault = ERR_CLOSED;
	peers_flush(w->peers);
	assert_string_equal(w->news, "gone east: it said goodbye; ");
}

/* ---- the broker goes ---- */

static void test_goodbye_comes_behind_what_is_queued(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	peer_world_deliver(w, "last");
	peer_world_forget(w);
	peers_part(w->peers);
	assert_true(fake_link_sent("event=\"last\" args=<1:c0> except=\"\" is_volatile=false}"
				   "GOODBYE{reason=\"broker stops\"}"));
	assert_false(peers_have_parted(w->peers));
	gateway_say_type(w, &w->east, WIRE_GOODBYE_OK);
	assert_true(peers_have_parted(w->peers));
	peer_world_forget(w);
	peers_free(&w->peers);
	assert_false(fake_link_sent("GOODBYE"));
}

static void test_nothing_new_is_heard_at_the_end(void **state)
{
	struct peer_world *w = *state;
	struct gateway west = w->east;

	gateway_say_hello(w, &w->east);
	peers_hush(w->peers);
	peer_world_forget(w);
	gateway_say_type(w, &w->east, WIRE_JOIN);
	gateway_say_type(w, &w->east, WIRE_HEARTBEAT);
	assert_string_equal(w->news, "");
	/* Who comes now tries again, and finds another broker. */
	west.name = "west";
	west.address = fake_link_address("@west");
	gateway_say_hello(w, &west);
	assert_false(fake_link_sent("@west"));
	assert_int_equal(peers_count(w->peers), 1);
}

static void test_who_is_not_there_is_not_waited_for(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	fake_link.fault = ERR_CLOSED;
	peers_part(w->peers);
	assert_true(peers_have_parted(w->peers));
	fake_link.fault = ERR_FULL;
	peers_flush(w->peers);
	assert_false(peers_have_parted(w->peers));
}

static void test_the_broker_says_goodbye_to_the_living(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	peer_world_forget(w);
	peers_free(&w->peers);
	assert_true(fake_link_sent("@east BATCH{number=2}GOODBYE{reason=\"broker stops\"}"));
	assert_string_equal(w->news, "");
}

/* Workers know no answer to it. */
static void test_a_worker_is_told_goodbye_and_not_waited_for(void **state)
{
	struct peer_world *w = *state;

	peer_world_serve(w);
	peers_part(w->peers);
	assert_true(fake_link_sent("GOODBYE{"));
	assert_true(peers_have_parted(w->peers));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_world_setup, peer_world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_goodbye_is_answered),
	    TEST(test_goodbye_is_answered_when_nothing_is_owed),
	    TEST(test_who_left_without_waiting_is_gone),
	    TEST(test_goodbye_comes_behind_what_is_queued),
	    TEST(test_nothing_new_is_heard_at_the_end),
	    TEST(test_who_is_not_there_is_not_waited_for),
	    TEST(test_the_broker_says_goodbye_to_the_living),
	    TEST(test_a_worker_is_told_goodbye_and_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
