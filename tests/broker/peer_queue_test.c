#include "tests/broker/peer_fixture.h"

#include <string.h>

/* What waits for a gateway and how long the broker waits for it. */

/* Time passes in ticks, as the broker's loop makes them. */
static void pass(struct peer_world *w, uint64_t ms)
{
	while (ms > 0) {
		uint64_t step = ms < PEER_HEARTBEAT_MS ? ms : PEER_HEARTBEAT_MS;

		w->now = mono_add_ms(w->now, step);
		peers_tick(w->peers, w->now);
		ms -= step;
	}
}

static void test_every_sign_of_life_renews_the_lease(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	pass(w, PEER_LEASE_MS);
	assert_int_equal(peers_count(w->peers), 1);
	gateway_say_type(w, &w->east, WIRE_HEARTBEAT);
	pass(w, PEER_LEASE_MS);
	assert_int_equal(peers_count(w->peers), 1);
	peer_world_forget(w);
	pass(w, 1);
	assert_int_equal(peers_count(w->peers), 0);
	assert_string_equal(w->news, "gone east: not heard of within its lease; ");
}

static void test_what_was_lost_is_no_sign_of_life(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	pass(w, PEER_LEASE_MS);
	w->east.number++;
	gateway_say_type(w, &w->east, WIRE_HEARTBEAT);
	pass(w, 1);
	assert_int_equal(peers_count(w->peers), 0);
}

static void test_one_silence_ends_one_peer(void **state)
{
	struct peer_world *w = *state;
	struct gateway west = w->east;

	west.name = "west";
	west.address = fake_link_address("@west");
	gateway_say_hello(w, &w->east);
	pass(w, PEER_LEASE_MS / 2);
	gateway_say_hello(w, &west);
	pass(w, PEER_LEASE_MS / 2);
	peer_world_forget(w);
	pass(w, 1);
	peers_flush(w->peers);
	assert_string_equal(w->news, "gone east: not heard of within its lease; ");
	assert_true(fake_link_sent("@west BATCH{number=2}HEARTBEAT{}"));
	assert_false(fake_link_sent("@east"));
}

/* A broker that was stopped for a while has heard nobody: that is not their fault. */
static void test_who_could_not_be_heard_is_given_a_new_lease(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	pass(w, PEER_HEARTBEAT_MS);
	w->now = mono_add_ms(w->now, PEER_LEASE_MS * 10);
	peers_tick(w->peers, w->now);
	assert_int_equal(peers_count(w->peers), 1);
	pass(w, PEER_LEASE_MS);
	assert_int_equal(peers_count(w->peers), 1);
	pass(w, 1);
	assert_int_equal(peers_count(w->peers), 0);
}

static void test_nothing_leaves_before_the_end_of_the_turn(void **state)
{
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	peer_world_forget(w);
	peer_world_deliver(w, "a");
	peer_world_deliver(w, "b");
	assert_false(fake_link_sent("DELIVER"));
	unsigned before = fake_link.letters;

	peers_flush(w->peers);
	assert_int_equal(fake_link.letters, before + 1); /* both in one batch */
	assert_int_equal(peer_queued_bytes(w->last), 0);
}

static void test_encoded_or_not_it_is_the_same(void **state)
{
	struct peer_world *w = *state;
	struct wire_message m = {.type = WIRE_REPLY};
	struct buf encoded = {0};

	gateway_say_hello(w, &w->east);
	m.as.reply.request = 9;
	wire_put(&encoded, &m);
	peer_put_encoded(w->last, buf_bytes(&encoded));
	buf_free(&encoded);
	peer_put(w->last, &m);
	peers_flush(w->peers);
	assert_true(fake_link_sent(
	    "REPLY{request=9 error=0 text=\"\" retry_after_ms=0 value=<1:c0> gseq=0}"
	    "REPLY{request=9 error=0 text=\"\" retry_after_ms=0 value=<1:c0> gseq=0}\n"));
}

static void test_credit_holds_back_and_lets_go(void **state)
{
	struct peer_world *w = *state;
	struct wire_message credit = {.type = WIRE_CREDIT};

	w->east.credit_messages = 2; /* one for WELCOME */
	gateway_say_hello(w, &w->east);
	peer_world_deliver(w, "first");
	peers_flush(w->peers);
	assert_true(fake_link_sent("first"));
	peer_world_deliver(w, "second");
	peers_flush(w->peers);
	assert_false(fake_link_sent("second"));
	/* Life signs need no credit. */
	peers_tick(w->peers, w->now);
	peers_flush(w->peers);
	assert_true(fake_link_sent("BATCH{number=3}HEARTBEAT{}"));
	credit.as.credit.messages = 3;
	gateway_say(w, &w->east, &credit, 1);
	peers_flush(w->peers);
	assert_true(
	    fake_link_sent("BATCH{number=4}DELIVER{gseq=0 nsp=\"\" room=\"\" event=\"second\""));
}

/* Whatever it says that it takes in: what is in flight to it stays under the marks of ZeroMQ. */
static void test_credit_has_a_bound(void **state)
{
	struct peer_world *w = *state;

	w->east.credit_messages = UINT64_MAX;
	gateway_say_hello(w, &w->east);
	for (int i = 0; i < 2 * LIMIT_WINDOW_MESSAGES; i++) {
		peer_world_deliver(w, "x");
		peers_flush(w->peers);
	}
	assert_int_equal(fake_link.letters, LIMIT_WINDOW_MESSAGES + 1); /* and REFUSED */
	assert_true(fake_link_sent("REFUSED{version=4 reason=\"fell behind"));
}

static void test_what_the_link_does_not_take_stays(void **state)
{
	static const enum err faults[] = {ERR_FULL, ERR_CLOSED};
	struct peer_world *w = *state;

	gateway_say_hello(w, &w->east);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		peer_world_deliver(w, "kept");
		size_t queued = peer_queued_bytes(w->last);

		fake_link.fault = faults[i];
		peers_flush(w->peers);
		assert_int_equal(peer_queued_bytes(w->last), queued);
		fake_link.fault = ERR_OK;
		peers_flush(w->peers);
		assert_int_equal(peer_queued_bytes(w->last), 0);
	}
	/* Once each, and without a gap in the numbers. */
	assert_int_equal(fake_link.letters, 3);
	assert_true(fake_link_sent("BATCH{number=2}DELIVER{"));
	assert_true(fake_link_sent("BATCH{number=3}DELIVER{"));
}

static void fill_over_the_bound(struct peer_world *w)
{
	while (peer_queued_bytes(w->last) <= PEER_BACKLOG_MAX)
		peer_world_deliver(w, "waiting");
}

static void test_who_falls_behind_begins_anew(void **state)
{
	struct peer_world *w = *state;

	w->east.credit_messages = 1;
	gateway_say_hello(w, &w->east);
	fill_over_the_bound(w);
	peer_world_forget(w);
	peers_flush(w->peers);
	assert_true(fake_link_sent("@east BATCH{number=1}REFUSED{version=4 reason=\"fell behind"));
	assert_int_equal(peer_queued_bytes(w->last), 0);
	assert_string_equal(w->news, ""); /* it lives, and so do its sessions */
	/* Nothing gathers for it meanwhile. */
	struct wire_message m = {.type = WIRE_DELIVER};
	struct buf encoded = {0};

	wire_put(&encoded, &m);
	peer_put_encoded(w->last, buf_bytes(&encoded));
	buf_free(&encoded);
	peer_world_deliver(w, "waiting");
	peers_tick(w->peers, w->now);
	unsigned before = fake_link.letters;

	peers_flush(w->peers);
	assert_int_equal(fake_link.letters, before);
	assert_int_equal(peer_queued_bytes(w->last), 0);
	w->east.credit_messages = 100;
	gateway_say_hello(w, &w->east);
	assert_string_equal(w->news, "");
	peer_world_deliver(w, "fresh");
	peers_flush(w->peers);
	assert_true(
	    fake_link_sent("BATCH{number=2}DELIVER{gseq=0 nsp=\"\" room=\"\" event=\"fresh\""));
	assert_false(fake_link_sent("waiting"));
}

/* The news that it fell behind may get lost: then the next thing it says is answered so. */
static void test_falling_behind_is_said_until_it_is_heard(void **state)
{
	struct peer_world *w = *state;

	w->east.credit_messages = 1;
	gateway_say_hello(w, &w->east);
	fill_over_the_bound(w);
	fake_link.fault = ERR_CLOSED;
	peers_flush(w->peers);
	fake_link.fault = ERR_OK;
	peer_world_forget(w);
	gateway_say_type(w, &w->east, WIRE_JOIN);
	assert_true(fake_link_sent("REFUSED{"));
	assert_string_equal(w->news, "");
}

static void test_a_backlog_at_its_bound_is_kept(void **state)
{
	struct peer_world *w = *state;
	struct buf filler = {0};

	w->east.credit_messages = 1;
	gateway_say_hello(w, &w->east);
	buf_extend(&filler, PEER_BACKLOG_MAX);
	memset((void *)buf_bytes(&filler).p, 0xc0, PEER_BACKLOG_MAX);
	peer_put_encoded(w->last, buf_bytes(&filler));
	buf_free(&filler);
	peer_world_forget(w);
	peers_flush(w->peers);
	assert_int_equal(peer_queued_bytes(w->last), PEER_BACKLOG_MAX);
	assert_false(fake_link_sent("REFUSED"));
}

static void print_name(void *ctx, struct peer *p)
{
	char *names = ctx;

	strcat(strcat(names, peer_name(p)), " ");
}

static void test_all_of_them(void **state)
{
	struct peer_world *w = *state;
	struct gateway west = w->east;
	char names[64] = "";

	west.name = "west";
	west.address = fake_link_address("@west");
	gateway_say_hello(w, &w->east);
	gateway_say_hello(w, &west);
	peers_each(w->peers, print_name, names);
	assert_string_equal(names, "east west ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_world_setup, peer_world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_every_sign_of_life_renews_the_lease),
	    TEST(test_what_was_lost_is_no_sign_of_life),
	    TEST(test_one_silence_ends_one_peer),
	    TEST(test_who_could_not_be_heard_is_given_a_new_lease),
	    TEST(test_nothing_leaves_before_the_end_of_the_turn),
	    TEST(test_encoded_or_not_it_is_the_same),
	    TEST(test_credit_holds_back_and_lets_go),
	    TEST(test_credit_has_a_bound),
	    TEST(test_what_the_link_does_not_take_stays),
	    TEST(test_who_falls_behind_begins_anew),
	    TEST(test_falling_behind_is_said_until_it_is_heard),
	    TEST(test_a_backlog_at_its_bound_is_kept),
	    TEST(test_all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
