#include "tests/broker/world.h"

#include "broker/publish.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

static void test_nothing_is_said_before_the_commit(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_forget_heard(w);
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.messages, 1);
	assert_int_equal(w->east.heard.len, 0);
	world_commit(w);
	assert_true(fake_peer_heard(&w->east, "event=\"message\""));
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_int_equal(w->b.stored, 1);
}

static void test_seq_is_of_the_room_and_gseq_of_all(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "a");
	world_join(w, &w->east, "e1", "b");
	world_publish(w, &w->east, "e1", "a");
	world_publish(w, &w->east, "e1", "b");
	assert_int_equal(fake_store.last_seq, 1);
	assert_int_equal(fake_store.last_gseq, 2);
	world_publish(w, &w->east, "e1", "a");
	assert_int_equal(fake_store.last_seq, 2);
	assert_int_equal(fake_store.last_gseq, 3);
}

static void test_only_gateways_with_members_get_it(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_connect(w, &w->west, "w1", "bob");
	world_forget_heard(w);
	world_publish(w, &w->east, "e1", "lobby");
	world_commit(w);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
	/* Speaking in a public room takes no membership, and the speaker hears only his ack. */
	world_publish(w, &w->west, "w1", "lobby");
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
}

static void test_a_room_that_is_not_there(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_publish(w, &w->east, "e1", "nowhere");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
}

static void test_the_same_message_id_is_stored_once(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_forget_heard(w);
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "k1", false);
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "k1", false);
	assert_int_equal(fake_store.messages, 1);
	assert_int_equal(world_last_error(w, &w->east), -1); /* the first is not committed yet */
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	/* Another user's key is another key. */
	world_connect(w, &w->west, "w1", "bob");
	world_publish_as(w, &w->west, ++w->request, "w1", "lobby", "k1", false);
	assert_int_equal(fake_store.messages, 2);
}

static void test_what_the_database_knows_is_answered_from_it(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	fake_store.stored_message_id = "old";
	fake_store.stored_receipt = (struct reader_receipt){
	    .gseq = 9, .seq = 3, .room = world_room(w, "lobby")->id, .timestamp = fake_turn_wall};
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "old", false);
	assert_int_equal(fake_store.messages, 0);
	assert_int_equal(fake_store.receipts_removed, 0);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
}

/* The key is a new message's; what stands in its way goes in the same batch. */
static void test_a_key_whose_window_is_over_is_new(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	w->b.config.idempotency_window_ms = 5000;
	fake_store.stored_message_id = "old";
	fake_store.stored_receipt = (struct reader_receipt){.gseq = 9,
	    .seq = 3,
	    .room = world_room(w, "lobby")->id,
	    .timestamp = {fake_turn_wall.ms - 4999}};
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "old", false);
	assert_int_equal(fake_store.messages, 0);
	fake_store.stored_receipt.timestamp.ms--;
	fake_store.is_in_doubt = true;
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "old", false);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_int_equal(fake_store.receipts_removed, 0);
	fake_store.is_in_doubt = false;
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "old", false);
	assert_int_equal(fake_store.messages, 1);
	assert_int_equal(fake_store.receipts_removed, 1);
	assert_int_equal(fake_store.last_receipt, 9);
	/* From now on that one counts, before it is committed too. */
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "old", false);
	assert_int_equal(fake_store.messages, 1);
}

static void test_only_a_resent_message_is_looked_for_by_origin(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	fake_store.stored_origin = 77;
	fake_store.stored_receipt =
	    (struct reader_receipt){.gseq = 9, .seq = 3, .room = world_room(w, "lobby")->id};
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.origin_lookups, 0);
	assert_int_equal(fake_store.messages, 1);
	w->request = 77;
	world_publish_as(w, &w->east, 77, "e1", "lobby", "", true);
	assert_int_equal(fake_store.origin_lookups, 1);
	assert_int_equal(fake_store.messages, 1);
	/* A number that came before is looked for even when the gateway says nothing of it. */
	fake_store.stored_origin = 0;
	w->request = 5;
	world_publish_as(w, &w->east, 5, "e1", "lobby", "", false);
	assert_int_equal(fake_store.origin_lookups, 2);
	assert_int_equal(fake_store.messages, 2);
	/* Sent twice on one living broker: the first is not in the database yet. */
	w->request = 78;
	world_publish_as(w, &w->east, 78, "e1", "lobby", "", false);
	world_publish_as(w, &w->east, 78, "e1", "lobby", "", true);
	assert_int_equal(fake_store.messages, 3);
}

static void test_a_failed_batch_is_answered_and_numbers_go_back(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	world_publish(w, &w->east, "e1", "lobby");
	world_commit(w);
	world_publish(w, &w->east, "e1", "lobby");
	world_publish(w, &w->east, "e1", "lobby");
	world_forget_heard(w);
	fake_store.stored_gseq = 1;
	fake_store.stored_room = (struct reader_room){.id = world_room(w, "lobby")->id,
	    .nsp = STR("/chat"),
	    .name = STR("lobby"),
	    .is_public = true,
	    .seq = 1};
	publish_on_failed(&w->b, "disk full");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_false(fake_peer_heard(&w->east, "DELIVER"));
	fake_store.trouble = "disk full";
	assert_string_equal(publish_fault(&w->b), "disk full");
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.last_seq, 2);
	assert_int_equal(fake_store.last_gseq, 2);
	world_commit(w);
	fake_store.trouble = "";
	assert_string_equal(publish_fault(&w->b), "");
	assert_false(w->b.is_failing);
}

static void test_while_a_batch_is_in_doubt_nothing_is_taken(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	fake_store.is_in_doubt = true;
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_int_equal(fake_store.messages, 0);
	fake_store.is_in_doubt = false;
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.messages, 1);
}

static void test_while_the_numbers_are_unknown_nothing_is_taken(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	fake_store.reader_fault = ERR_IO;
	publish_on_failed(&w->b, "disk gone");
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	/* What needs no disk goes on. */
	world_typing(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
	fake_store.reader_fault = ERR_OK;
	publish_on_tick(&w->b);
	world_publish(w, &w->east, "e1", "lobby");
	world_commit(w);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_NONE);
}

static void test_a_slow_disk_refuses_and_says_so(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	fake_store.backlog = 100;
	world_publish(w, &w->east, "e1", "lobby");
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_int_equal(fake_store.messages, 0);
}

/* One that is asked again may be stored: that it is not must not be said where nobody can look. */
static void test_what_may_be_stored_is_not_called_refused(void **state)
{
	struct world *w = *state;

	world_connect(w, &w->east, "e1", "ann");
	world_join(w, &w->east, "e1", "lobby");
	fake_store.reader_fault = ERR_IO;
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "", true);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_TIMEOUT);
	world_publish_as(w, &w->east, ++w->request, "e1", "lobby", "key", false);
	assert_int_equal(world_last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_int_equal(fake_store.messages, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_nothing_is_said_before_the_commit),
	    TEST(test_seq_is_of_the_room_and_gseq_of_all),
	    TEST(test_only_gateways_with_members_get_it),
	    TEST(test_a_room_that_is_not_there),
	    TEST(test_the_same_message_id_is_stored_once),
	    TEST(test_what_the_database_knows_is_answered_from_it),
	    TEST(test_a_key_whose_window_is_over_is_new),
	    TEST(test_only_a_resent_message_is_looked_for_by_origin),
	    TEST(test_a_failed_batch_is_answered_and_numbers_go_back),
	    TEST(test_while_a_batch_is_in_doubt_nothing_is_taken),
	    TEST(test_while_the_numbers_are_unknown_nothing_is_taken),
	    TEST(test_a_slow_disk_refuses_and_says_so),
	    TEST(test_what_may_be_stored_is_not_called_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
