#include "tests/broker/peer_fixture.h"

/* ---- HELLO ---- */

static void test_hello_is_welcomed(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	assert_true(
	    fake_link_sent("@east BATCH{number=1}WELCOME{version=4 boot=5 epoch=6 gseq=77 "
			   "heartbeat_ms=2000 credit_messages=2000 credit_bytes=16777216}"));
	assert_string_equal(w->news, "");
	assert_int_equal(peers_count(w->peers), 1);
	assert_string_equal(peer_name(w->last), "east");
	assert_int_equal(peer_boot(w->last), 11);
	assert_int_equal(peer_generation(w->last), 1);
	assert_int_equal(peer_door(w->last), LINK_IPC);
	assert_true(peer_since(w->last).ms > 1700000000000);
	assert_true(peer_is_resuming(w->last));
	gateway_say_type(w, &w->east, WIRE_RESUMED);
	assert_false(peer_is_resuming(w->last));
	assert_string_equal(w->news, "message east: RESUMED; ");
}

static void test_another_version_is_told_which_side_to_upgrade(void **state)
{
	struct peer_world *w = *state;

	w->east.version = WIRE_VERSION - 1;
	gateway_say_hello(w, &w->east);
	assert_true(fake_link_sent("@east BATCH{number=1}REFUSED{version=4 reason=\"gateway speaks "
				   "link version 3, broker 4: upgrade the gateway\"}"));
	w->east.version = WIRE_VERSION + 1;
	gateway_say_hello(w, &w->east);
	assert_true(fake_link_sent("link version 5, broker 4: upgrade the broker\"}"));
	assert_int_equal(peers_count(w->peers), 0);
	assert_null(w->last);
}

static void test_a_gateway_has_a_name(void **state)
{
	struct peer_world *w = *state;
	struct wire_message m = {.type = WIRE_HELLO};

	w->east.name = "";
	gateway_say_hello(w, &w->east);
	assert_true(fake_link_sent("REFUSED{version=4 reason=\"the gateway's name is empty"));
	m.as.hello.version = WIRE_VERSION;
	m.as.hello.gateway = STR("e\0st");
	w->east.number = 0;
	gateway_say(w, &w->east, &m, 1);
	assert_true(fake_link_sent("REFUSED{version=4 reason=\"the gateway's name holds a NUL"));
	assert_int_equal(peers_count(w->peers), 0);
}

static void test_hello_again_begins_anew(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	gateway_say_type(w, &w->east, WIRE_RESUMED);
	peer_world_deliver(w, "old");
	assert_true(peer_queued_bytes(w->last) > 0);
	peer_world_forget(w);
	gateway_say_hello(w, &w->east);
	assert_string_equal(w->news, ""); /* not gone: its sessions are still here */
	assert_int_equal(peer_generation(w->last), 2);
	assert_true(peer_is_resuming(w->last));
	assert_true(fake_link_sent("@east BATCH{number=1}WELCOME{"));
	assert_false(fake_link_sent("old"));
	peer_world_deliver(w, "new");
	peers_flush(w->peers);
	assert_true(
	    fake_link_sent("BATCH{number=2}DELIVER{gseq=0 nsp=\"\" room=\"\" event=\"new\""));
	assert_false(fake_link_sent("old"));
	gateway_say_type(w, &w->east, WIRE_HEARTBEAT);
	assert_false(fake_link_sent("REFUSED"));
}

static void test_another_run_takes_the_place(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	gateway_say_hello(w, &w->east);
	peer_world_deliver(w, "old");
	peer_world_forget(w);
	w->east.boot = 12;
	gateway_say_hello(w, &w->east);
	assert_string_equal(w->news, "gone east: another run of this gateway said hello; ");
	assert_int_equal(peers_count(w->peers), 1);
	assert_int_equal(peer_boot(w->last), 12);
	assert_int_equal(peer_generation(w->last), 1);
	assert_false(fake_link_sent("old"));
}

/* The others were told that its members left: they have to hear that they are back. */
static void test_who_was_ended_is_remembered(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	assert_false(peer_was_ended(w->last));
	gateway_say_hello(w, &w->east); /* a broken link ends nobody */
	assert_false(peer_was_ended(w->last));
	gateway_say_type(w, &w->east, WIRE_GOODBYE);
	peers_flush(w->peers);
	gateway_say_hello(w, &w->east);
	assert_true(peer_was_ended(w->last));
	w->east.name = "west";
	w->east.address = fake_link_address("@west");
	gateway_say_hello(w, &w->east);
	assert_false(peer_was_ended(w->last));
}

static void test_numbers_of_messages_go_up(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	assert_true(peer_note_publish(w->last, 1));
	assert_true(peer_note_publish(w->last, 5));
	assert_false(peer_note_publish(w->last, 5));
	assert_false(peer_note_publish(w->last, 3));
	/* They are of one run of the gateway, not of one conversation. */
	gateway_say_hello(w, &w->east);
	assert_false(peer_note_publish(w->last, 5));
	w->east.boot++;
	gateway_say_hello(w, &w->east);
	assert_true(peer_note_publish(w->last, 1));
}

static void test_a_gateway_may_come_from_elsewhere(void **state)
{
	struct peer_world *w = *state;
	struct gateway before;

	gateway_say_hello(w, &w->east);
	before = w->east;
	w->east.address = fake_link_address("@elsewhere");
	gateway_say_hello(w, &w->east);
	assert_true(fake_link_sent("@elsewhere BATCH{number=1}WELCOME{"));
	assert_int_equal(peers_count(w->peers), 1);
	gateway_say_type(w, &before, WIRE_HEARTBEAT);
	assert_true(
	    fake_link_sent("@east BATCH{number=1}REFUSED{version=4 reason=\"say HELLO first"));
}

static void test_a_key_speaks_for_its_gateway_only(void **state)
{
	struct peer_world *w = *state;

	w->east.address.door = LINK_TCP;
	w->east.user = "west";
	gateway_say_hello(w, &w->east);
	assert_true(fake_link_sent("REFUSED{version=4 reason=\"its key is that of west: set "
				   "gateway-id to that"));
	assert_int_equal(peers_count(w->peers), 0);
	w->east.user = "east";
	gateway_say_hello(w, &w->east);
	assert_non_null(w->last);
	assert_int_equal(peer_door(w->last), LINK_TCP);
}

/* Who calls himself by the other's address at ZeroMQ gets his letters, but not his voice. */
static void test_an_address_does_not_speak_for_a_key(void **state)
{
	struct peer_world *w = *state;
	struct gateway thief;

	w->east.address.door = LINK_TCP;
	w->east.user = "east";
	gateway_say_hello(w, &w->east);
	thief = w->east;
	thief.user = "west";
	peer_world_forget(w);
	gateway_say_type(w, &thief, WIRE_RESUMED);
	assert_true(fake_link_sent("REFUSED{version=4 reason=\"say HELLO first"));
	assert_string_equal(w->news, "");
	assert_true(peer_is_resuming(w->last));
}

/* ---- conversation ---- */

static void test_who_is_not_known_says_hello_first(void **state)
{
	struct peer_world *w = *state;

	w->east.number = 6;
	gateway_say_type(w, &w->east, WIRE_HEARTBEAT);
	gateway_say_bytes(w, &w->east, str_bytes(STR("what is this")));
	assert_int_equal(fake_link.letters, 2);
	assert_true(
	    fake_link_sent("@east BATCH{number=1}REFUSED{version=4 reason=\"say HELLO first"));
	assert_int_equal(peers_count(w->peers), 0);
}

static void test_a_lost_batch_is_noticed(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	peer_world_forget(w);
	w->east.number++;
	gateway_say_type(w, &w->east, WIRE_JOIN);
	assert_true(fake_link_sent("REFUSED{version=4 reason=\"something was lost on the way"));
	assert_string_equal(w->news, ""); /* the peer stays: it says HELLO again */
	gateway_say_hello(w, &w->east);
	assert_int_equal(peer_generation(w->last), 2);
}

static void test_what_cannot_be_read_ends_the_peer(void **state)
{
	struct peer_world *w = *state;
	struct wire_message join = {.type = WIRE_JOIN}, header = {.type = WIRE_BATCH};
	struct buf batch = {0};

	gateway_say_hello(w, &w->east);
	peer_world_forget(w);
	header.as.batch.number = 2;
	wire_put(&batch, &header);
	wire_put(&batch, &join);
	buf_puts(&batch, STR("\xc1"));
	gateway_say_bytes(w, &w->east, buf_bytes(&batch));
	buf_free(&batch);
	assert_string_equal(w->news, "message east: JOIN; gone east: malformed message; ");
	assert_true(fake_link_sent("REFUSED{version=4 reason=\"malformed message\"}"));
	assert_int_equal(peers_count(w->peers), 0);
}

static void test_a_letter_without_a_number_ends_the_peer(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	peer_world_forget(w);
	gateway_say_bytes(w, &w->east, bytes_of("\x91\x04", 2));
	assert_string_equal(w->news, "gone east: malformed message; ");
}

static void test_messages_go_up_in_their_order(void **state)
{
	struct peer_world *w = *state;
	struct wire_message batch[] = {
	    {.type = WIRE_CONNECT}, {.type = WIRE_HEARTBEAT}, {.type = WIRE_JOIN}};

	gateway_say_hello(w, &w->east);
	peer_world_forget(w);
	gateway_say(w, &w->east, batch, ARRAY_LEN(batch));
	assert_string_equal(w->news, "message east: CONNECT; message east: JOIN; ");
}

/* A gateway waits for its lease to run out; what a worker has in hand shall not. */
static void test_a_worker_that_is_not_reached_is_gone(void **state)
{
	struct peer_world *w = *state;

	peer_world_serve(w);
	assert_false(peer_is_resuming(w->last));
	fake_link.fault = ERR_CLOSED;
	peers_tick(w->peers, w->now);
	peers_flush(w->peers);
	assert_string_equal(w->news, "");
	peers_tick(w->peers, w->now);
	assert_string_equal(w->news, "gone east: its connection is gone; ");
}

static void test_a_worker_that_begins_anew_has_forgotten(void **state)
{
	struct peer_world *w = *state;

	peer_world_serve(w);
	gateway_say_hello(w, &w->east);
	assert_string_equal(w->news, "gone east: another run of this gateway said hello; ");
	assert_int_equal(peers_count(w->peers), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_world_setup, peer_world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_hello_is_welcomed),
	    TEST(test_another_version_is_told_which_side_to_upgrade),
	    TEST(test_a_gateway_has_a_name),
	    TEST(test_hello_again_begins_anew),
	    TEST(test_another_run_takes_the_place),
	    TEST(test_who_was_ended_is_remembered),
	    TEST(test_numbers_of_messages_go_up),
	    TEST(test_a_gateway_may_come_from_elsewhere),
	    TEST(test_a_key_speaks_for_its_gateway_only),
	    TEST(test_an_address_does_not_speak_for_a_key),
	    TEST(test_who_is_not_known_says_hello_first),
	    TEST(test_a_lost_batch_is_noticed),
	    TEST(test_what_cannot_be_read_ends_the_peer),
	    TEST(test_a_letter_without_a_number_ends_the_peer),
	    TEST(test_messages_go_up_in_their_order),
	    TEST(test_a_worker_that_is_not_reached_is_gone),
	    TEST(test_a_worker_that_begins_anew_has_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
