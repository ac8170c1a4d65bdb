#include "tests/check.h"

#include "broker/dedup.h"
#include "tests/fakes/store.h"

enum { BOOT = 11 };

static int setup(void **state)
{
	fake_store_reset();
	*state = dedup_new(NULL);
	return 0;
}

static int teardown(void **state)
{
	struct dedup *d = *state;

	dedup_free(&d);
	assert_null(d);
	dedup_free(&d);
	return 0;
}

static struct dedup_names names(const char *user, const char *message_id, uint64_t request)
{
	return (struct dedup_names){.user = str_of(user),
	    .message_id = str_of(message_id),
	    .boot = BOOT,
	    .request = request};
}

static void remember(struct dedup *d, struct dedup_names what, uint64_t gseq, uint64_t batch)
{
	struct dedup_hit hit = {.receipt = {.gseq = gseq}, .batch = batch};

	dedup_remember(d, &what, &hit);
}

static const struct dedup_window a_day = {{1700000000000}, 86400000};

static enum err find_committed(
    struct dedup *d, struct dedup_names what, bool may_be_resent, struct dedup_hit *ret)
{
	what.may_be_resent = may_be_resent;
	return dedup_find(d, &what, &a_day, ret);
}

/* The gseq it has, 0 = it is new. */
static uint64_t find(struct dedup *d, struct dedup_names what)
{
	struct dedup_hit hit;
	enum err e = find_committed(d, what, false, &hit);

	if (e == ERR_NOT_FOUND)
		return 0;
	assert_int_equal(e, ERR_OK);
	return hit.receipt.gseq;
}

static void add_gseq(void *ctx, const struct reader_receipt *receipt)
{
	*(uint64_t *)ctx += receipt->gseq;
}

/* The sum of the gseq that the commit told of. */
static uint64_t commit(struct dedup *d, uint64_t batch)
{
	uint64_t sum = 0;

	dedup_commit(d, batch, add_gseq, &sum);
	return sum;
}

static void test_found_by_either_name(void **state)
{
	struct dedup *d = *state;

	remember(d, names("ann", "k", 1), 5, 1);
	assert_int_equal(find(d, names("ann", "k", 2)), 5); /* the client sent it again */
	assert_int_equal(find(d, names("ann", "", 1)), 5);  /* the gateway did */
	assert_int_equal(find(d, names("ann", "", 2)), 0);
	assert_int_equal(find(d, names("ann", "l", 2)), 0);
	assert_int_equal(find(d, names("bob", "k", 2)), 0);
}

/* The same request again wants the first answer; a second request with the same key is told that
 * it is one. */
static void test_the_same_request_or_the_same_message(void **state)
{
	struct dedup *d = *state;
	struct dedup_names same_request = names("ann", "k", 1), same_key = names("ann", "k", 2);
	struct dedup_hit hit;

	remember(d, same_request, 5, 1);
	assert_int_equal(find_committed(d, same_request, true, &hit), ERR_OK);
	assert_true(hit.is_resent);
	assert_int_equal(find_committed(d, same_key, true, &hit), ERR_OK);
	assert_false(hit.is_resent);
	commit(d, 1);
	fake_store.stored_receipt.timestamp = a_day.now;
	fake_store.stored_message_id = "k";
	fake_store.stored_origin = 1;
	assert_int_equal(find_committed(d, same_request, true, &hit), ERR_OK);
	assert_true(hit.is_resent);
	assert_int_equal(find_committed(d, same_key, true, &hit), ERR_OK);
	assert_false(hit.is_resent);
}

static void test_another_run_of_the_gateway_counts_anew(void **state)
{
	struct dedup *d = *state;
	struct dedup_names other = names("ann", "", 1);

	remember(d, names("ann", "", 1), 5, 1);
	other.boot = BOOT + 1;
	assert_int_equal(find(d, other), 0);
}

static void test_where_the_user_ends_and_the_key_begins(void **state)
{
	struct dedup *d = *state;

	remember(d, names("ab", "c", 1), 5, 1);
	assert_int_equal(find(d, names("a", "bc", 2)), 0);
	assert_int_equal(find(d, names("abc", "", 2)), 0);
}

static void test_messages_without_a_key_are_not_the_same(void **state)
{
	struct dedup *d = *state;

	remember(d, names("ann", "", 1), 5, 1);
	remember(d, names("ann", "", 2), 6, 1);
	assert_int_equal(find(d, names("ann", "", 3)), 0);
	assert_int_equal(find(d, names("ann", "", 2)), 6);
}

static void test_a_commit_takes_its_batches_and_no_more(void **state)
{
	struct dedup *d = *state;
	struct dedup_hit hit;
	struct dedup_names third = names("ann", "z", 3);

	remember(d, names("ann", "x", 1), 5, 1);
	remember(d, names("ann", "y", 2), 6, 2);
	remember(d, third, 7, 3);
	assert_int_equal(commit(d, 2), 5 + 6);
	assert_int_equal(find(d, names("ann", "x", 1)), 0);
	assert_int_equal(find(d, names("ann", "y", 2)), 0);
	assert_int_equal(find_committed(d, third, false, &hit), ERR_OK);
	assert_int_equal(hit.receipt.gseq, 7);
	assert_int_equal(hit.batch, 3); /* its answer waits for that commit */
	assert_int_equal(commit(d, 2), 0);
	assert_int_equal(commit(d, 3), 7);
}

static void test_what_failed_is_new_again(void **state)
{
	struct dedup *d = *state;

	remember(d, names("ann", "x", 1), 5, 1);
	remember(d, names("ann", "", 2), 6, 2);
	dedup_fail(d);
	assert_int_equal(find(d, names("ann", "x", 1)), 0);
	assert_int_equal(find(d, names("ann", "", 2)), 0);
	assert_int_equal(commit(d, 2), 0);
	remember(d, names("ann", "x", 1), 5, 3);
	assert_int_equal(find(d, names("ann", "x", 1)), 5);
}

static void test_what_is_committed_the_database_knows(void **state)
{
	struct dedup *d = *state;
	struct dedup_hit hit = {.batch = 9};
	struct dedup_names by_key = names("ann", "old", 1), by_origin = names("ann", "", 77);

	fake_store.stored_message_id = "old";
	fake_store.stored_origin = 77;
	fake_store.stored_receipt =
	    (struct reader_receipt){.gseq = 4, .seq = 2, .room = 1, .timestamp = a_day.now};
	assert_int_equal(find_committed(d, by_key, false, &hit), ERR_OK);
	assert_int_equal(hit.receipt.gseq, 4);
	assert_int_equal(hit.batch, 0); /* nothing to wait for */
	/* Only who was cut off sends under the same origin: the others need no look-up. */
	assert_int_equal(find_committed(d, by_origin, false, &hit), ERR_NOT_FOUND);
	assert_int_equal(fake_store.origin_lookups, 0);
	assert_int_equal(find_committed(d, by_origin, true, &hit), ERR_OK);
	assert_int_equal(hit.receipt.gseq, 4);
}

static void test_a_key_is_free_again_when_its_window_is_over(void **state)
{
	struct dedup *d = *state;
	struct dedup_hit hit = {.batch = 9};
	struct dedup_names by_key = names("ann", "old", 1), by_origin = names("ann", "old", 77);
	struct wall *stored = &fake_store.stored_receipt.timestamp;

	fake_store.stored_message_id = "old";
	fake_store.stored_origin = 77;
	fake_store.stored_receipt.gseq = 4;
	stored->ms = a_day.now.ms - 86399999;
	assert_int_equal(find_committed(d, by_key, false, &hit), ERR_OK);
	stored->ms--;
	assert_int_equal(find_committed(d, by_key, false, &hit), ERR_EXPIRED);
	assert_int_equal(hit.receipt.gseq, 4);
	/* The same request is never a second one. */
	assert_int_equal(find_committed(d, by_origin, true, &hit), ERR_OK);
	assert_true(hit.is_resent);
	/* A clock that was put back keeps what it does not understand. */
	stored->ms = a_day.now.ms + 1000;
	assert_int_equal(find_committed(d, by_key, false, &hit), ERR_OK);
}

/* "New" would be a lie then, and the message stored twice. */
static void test_a_database_that_cannot_be_asked(void **state)
{
	struct dedup *d = *state;
	struct dedup_hit hit = {.batch = 9};
	struct dedup_names unknown = names("ann", "k", 1);

	fake_store.reader_fault = ERR_IO;
	assert_int_equal(find_committed(d, unknown, false, &hit), ERR_IO);
	assert_int_equal(hit.batch, 9);
	remember(d, unknown, 5, 1);
	assert_int_equal(find(d, unknown), 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_found_by_either_name),
	    TEST(test_the_same_request_or_the_same_message),
	    TEST(test_another_run_of_the_gateway_counts_anew),
	    TEST(test_where_the_user_ends_and_the_key_begins),
	    TEST(test_messages_without_a_key_are_not_the_same),
	    TEST(test_a_commit_takes_its_batches_and_no_more),
	    TEST(test_what_failed_is_new_again),
	    TEST(test_what_is_committed_the_database_knows),
	    TEST(test_a_key_is_free_again_when_its_window_is_over),
	    TEST(test_a_database_that_cannot_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
