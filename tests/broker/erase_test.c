#include "tests/check.h"

#include "broker/erase.h"
#include "broker/outbox.h"
#include "broker/publish.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"

#include <string.h>

static char why[ERASE_WHY_SIZE];
static int answers;
static enum err last_answer;

static void on_done(void *ctx, enum err error)
{
	answers += *(int *)ctx;
	last_answer = error;
}

static enum err erase(struct world *w, uint64_t target)
{
	static int one = 1;
	struct erase_order order = {.target = target, .done = on_done, .ctx = &one};
	struct erased erased;

	return erase_message(&w->b, &order, why, &erased);
}

/* Two members on two gateways, and a message that is committed. */
static void begin(struct world *w)
{
	answers = 0;
	world_connect(w, &w->east, "s1", "ann");
	world_connect(w, &w->west, "s2", "bob");
	world_join(w, &w->east, "s1", "lobby");
	world_join(w, &w->west, "s2", "lobby");
	world_publish(w, &w->east, "s1", "lobby");
	world_commit(w);
	world_forget_heard(w);
	fake_store.stored_place_gseq = 1;
	fake_store.stored_place =
	    (struct reader_place){.room = world_room(w, "lobby")->id, .seq = 1, .bytes = 2};
}

static void commit(struct world *w)
{
	uint64_t batch = fake_store.gathering;

	world_commit(w);
	erase_on_committed(&w->b, batch);
}

static void test_members_hear_of_it_after_the_commit(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_int_equal(erase(w, 1), ERR_OK);
	assert_int_equal(fake_store.deletions, 1);
	assert_int_equal(fake_store.last_deletion.gseq, 2);
	assert_int_equal(fake_store.last_deletion.target, 1);
	assert_int_equal(fake_store.last_deletion.seq, 1);
	assert_false(fake_peer_heard(&w->east, "message-deleted"));
	assert_int_equal(answers, 0);
	commit(w);
	assert_true(fake_peer_heard(&w->east, "gseq=2"));
	assert_true(fake_peer_heard(&w->east, "message-deleted"));
	assert_true(fake_peer_heard(&w->west, "message-deleted"));
	assert_true(fake_peer_read(&w->west, "0000000000001"));
	assert_int_equal(answers, 1);
	assert_int_equal(last_answer, ERR_OK);
	assert_int_equal(w->b.released, 2);
	assert_int_equal(world_room(w, "lobby")->committed_gseq, 2);
}

/* seq goes on as if nothing had been, gseq behind the deletion. */
static void test_the_next_message_has_the_next_numbers(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_int_equal(erase(w, 1), ERR_OK);
	world_publish(w, &w->west, "s2", "lobby");
	assert_int_equal(fake_store.last_seq, 2);
	assert_int_equal(fake_store.last_gseq, 3);
	commit(w);
	assert_int_equal(w->b.released, 3);
}

static void test_what_cannot_be_deleted(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_int_equal(erase(w, 0), ERR_NOT_FOUND);
	assert_int_equal(erase(w, 2), ERR_NOT_FOUND);
	fake_store.stored_place_gseq = 0;
	assert_int_equal(erase(w, 1), ERR_NOT_FOUND);
	assert_non_null(strstr(why, "pruned"));
	fake_store.stored_place_gseq = 1;
	fake_store.stored_place.is_deleted = true;
	assert_int_equal(erase(w, 1), ERR_EXISTS);
	fake_store.stored_place.is_deleted = false;
	fake_store.reader_fault = ERR_IO;
	assert_int_equal(erase(w, 1), ERR_UNAVAILABLE);
	fake_store.reader_fault = ERR_OK;
	fake_store.is_in_doubt = true;
	assert_int_equal(erase(w, 1), ERR_UNAVAILABLE);
	fake_store.is_in_doubt = false;
	world_publish(w, &w->east, "s1", "lobby");
	assert_int_equal(erase(w, 2), ERR_UNAVAILABLE);
	assert_int_equal(fake_store.deletions, 0);
	assert_int_equal(w->b.gseq, 2);
	assert_int_equal(erase(w, 1), ERR_OK);
	assert_int_equal(erase(w, 1), ERR_EXISTS);
	commit(w);
	assert_int_equal(answers, 1);
}

/* Its row stands until the batch commits that has the pruning. */
static void test_what_is_being_pruned_is_gone(void **state)
{
	struct world *w = *state;
	struct room *r;

	begin(w);
	r = world_room(w, "lobby");
	r->first_seq = 2;
	r->bytes = 7;
	assert_int_equal(erase(w, 1), ERR_NOT_FOUND);
	assert_non_null(strstr(why, "pruned"));
	assert_int_equal(r->bytes, 7);
	assert_int_equal(fake_store.deletions, 0);
	r->first_seq = 1;
	assert_int_equal(erase(w, 1), ERR_OK);
	assert_int_equal(r->bytes, 5);
	assert_int_equal(r->erased_gseq, 2);
	commit(w);
}

static void test_a_batch_that_fails_takes_it_along(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_int_equal(erase(w, 1), ERR_OK);
	fake_store.stored_gseq = 1;
	fake_store.stored_room = (struct reader_room){.id = world_room(w, "lobby")->id,
	    .nsp = STR("/chat"),
	    .name = STR("lobby"),
	    .seq = 1,
	    .first_seq = 1};
	world_fail(w);
	erase_on_failed(&w->b);
	assert_int_equal(answers, 1);
	assert_int_equal(last_answer, ERR_UNAVAILABLE);
	assert_false(fake_peer_heard(&w->east, "message-deleted"));
	assert_int_equal(w->b.gseq, 1);
	/* And may be asked for again. */
	assert_int_equal(erase(w, 1), ERR_OK);
	commit(w);
	assert_true(fake_peer_heard(&w->east, "message-deleted"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_members_hear_of_it_after_the_commit),
	    TEST(test_the_next_message_has_the_next_numbers),
	    TEST(test_what_cannot_be_deleted),
	    TEST(test_what_is_being_pruned_is_gone),
	    TEST(test_a_batch_that_fails_takes_it_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
