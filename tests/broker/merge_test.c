#include "broker/merge.h"

#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"
#include "tests/check.h"

#include <stdlib.h>

enum { MESSAGES = 40 };

/* What a merge gave. */
struct heard {
	uint64_t gseqs[MESSAGES];
	size_t count;
};

static void hear(void *ctx, const struct merge_room *room, const struct reader_message *message)
{
	struct heard *heard = ctx;

	assert_true(heard->count < MESSAGES);
	assert_int_equal((message->gseq - 1) % ROWS_ROOMS + 1, room->id);
	heard->gseqs[heard->count++] = message->gseq;
}

/* A merge of all rooms, none of which has more than `count` messages in all. */
static struct merge *merge_of(uint64_t after, uint64_t until, uint64_t count)
{
	struct merge *m = merge_new(ROWS_ROOMS);

	for (uint64_t id = 1; id <= ROWS_ROOMS; id++)
		m->rooms[id - 1] = (struct merge_room){.id = id,
		    .name = xstrdup("room"),
		    .after = after,
		    .last_seq = (count + ROWS_ROOMS - id) / ROWS_ROOMS};
	m->until = until;
	m->limit = 1000;
	m->max_bytes = 1 << 20;
	return m;
}

static void expect_run(const struct heard *heard, uint64_t first, uint64_t last)
{
	assert_int_equal(heard->count, last - first + 1);
	for (size_t i = 0; i < heard->count; i++)
		assert_int_equal(heard->gseqs[i], first + i);
}

static void every_range_is_whole_and_in_one_order(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, MESSAGES), WRITER_COMMITTED);
	struct reader *r = fixture_open_reader(f);

	for (uint64_t after = 0; after <= MESSAGES; after++) {
		for (uint64_t until = after; until <= MESSAGES; until++) {
			struct merge *m = merge_of(after, until, MESSAGES);
			struct heard heard = {0};
			bool more = true;

			assert_int_equal(merge_read(r, m, hear, &heard, &more), ERR_OK);
			assert_false(more);
			expect_run(&heard, after + 1, until);
			merge_free(&m);
		}
	}
	reader_close(&r);
}

static void each_room_has_a_beginning_of_its_own(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	struct reader *r = fixture_open_reader(f);
	struct merge *m = merge_of(0, 11, 12);
	static const uint64_t expected[] = {5, 8, 9, 11};
	struct heard heard = {0};
	bool more;

	m->rooms[0].after = 12;
	m->rooms[1].after = 4;
	m->rooms[2].after = 6;
	assert_int_equal(merge_read(r, m, hear, &heard, &more), ERR_OK);
	assert_int_equal(heard.count, ARRAY_LEN(expected));
	for (size_t i = 0; i < heard.count; i++)
		assert_int_equal(heard.gseqs[i], expected[i]);
	merge_free(&m);
	reader_close(&r);
}

static void pages_follow_each_other_without_a_gap(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, MESSAGES), WRITER_COMMITTED);
	struct reader *r = fixture_open_reader(f);

	for (unsigned limit = 1; limit <= 10; limit++) {
		struct heard heard = {0};
		bool more = true;

		while (more) {
			uint64_t after = heard.count ? heard.gseqs[heard.count - 1] : 0;
			size_t before = heard.count;
			struct merge *m = merge_of(after, MESSAGES, MESSAGES);

			m->limit = limit;
			assert_int_equal(merge_read(r, m, hear, &heard, &more), ERR_OK);
			assert_true(heard.count - before <= limit);
			merge_free(&m);
		}
		expect_run(&heard, 1, MESSAGES);
	}
	reader_close(&r);
}

static void a_page_is_bounded_in_bytes_and_never_empty(void **state)
{
	struct fixture *f = *state;
	struct heard heard = {0};
	bool more;

	assert_int_equal(fixture_commit(f, 9), WRITER_COMMITTED);
	struct reader *r = fixture_open_reader(f);
	struct merge *m = merge_of(0, 9, 9);

	m->max_bytes = 1;
	assert_int_equal(merge_read(r, m, hear, &heard, &more), ERR_OK);
	assert_true(more);
	expect_run(&heard, 1, 1);
	heard.count = 0;
	m->max_bytes = 3 * 3; /* "m1" is three bytes of msgpack */
	assert_int_equal(merge_read(r, m, hear, &heard, &more), ERR_OK);
	assert_true(more);
	expect_run(&heard, 1, 3);
	merge_free(&m);
	reader_close(&r);
}

static void nothing_is_claimed_of_what_was_removed(void **state)
{
	struct fixture *f = *state;
	bool more;

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	rows_execute(f->path, "DELETE FROM messages WHERE gseq < 6");
	struct reader *r = fixture_open_reader(f);

	for (uint64_t after = 0; after <= 12; after++) {
		struct merge *m = merge_of(after, 12, 12);
		struct heard heard = {0};
		/* Of each room one that was heard has to be there: 6, 7, 8 are the first. */
		enum err expected = after < 8 ? ERR_NOT_FOUND : ERR_OK;

		assert_int_equal(merge_read(r, m, hear, &heard, &more), expected);
		if (expected == ERR_OK)
			expect_run(&heard, after + 1, 12);
		merge_free(&m);
	}
	reader_close(&r);
}

/* What was pruned by the book is no loss for who had heard it. */
static void what_was_pruned_is_missed_by_those_who_had_not_heard_it(void **state)
{
	struct fixture *f = *state;
	bool more;

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	/* 1, 4 and 7 of room 1, all of room 2. */
	batch_reset(f->batch);
	batch_put(f->batch, &(struct batch_op){.kind = BATCH_PRUNING, .as.pruning = {1, 4, 7, 6}});
	batch_put(f->batch, &(struct batch_op){.kind = BATCH_PRUNING, .as.pruning = {2, 5, 11, 9}});
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	struct reader *r = fixture_open_reader(f);

	for (uint64_t after = 0; after <= 12; after++) {
		struct merge *m = merge_of(after, 12, 12);
		struct heard heard = {0};

		m->rooms[1].after = after < 11 ? 11 : after;
		assert_int_equal(
		    merge_read(r, m, hear, &heard, &more), after < 7 ? ERR_NOT_FOUND : ERR_OK);
		if (after == 7) {
			assert_int_equal(heard.count, 3);
			assert_int_equal(heard.gseqs[0], 9);
			assert_int_equal(heard.gseqs[1], 10);
			assert_int_equal(heard.gseqs[2], 12);
		}
		merge_free(&m);
	}
	reader_close(&r);
}

static void no_rooms_are_no_messages(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct merge *m = merge_new(0);
	struct heard heard = {0};
	bool more = true;

	m->limit = 10;
	m->until = 100;
	assert_int_equal(merge_read(r, m, hear, &heard, &more), ERR_OK);
	assert_false(more);
	assert_int_equal(heard.count, 0);
	merge_free(&m);
	merge_free(&m);
	reader_close(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(every_range_is_whole_and_in_one_order),
	    TEST(each_room_has_a_beginning_of_its_own),
	    TEST(pages_follow_each_other_without_a_gap),
	    TEST(a_page_is_bounded_in_bytes_and_never_empty),
	    TEST(nothing_is_claimed_of_what_was_removed),
	    TEST(what_was_pruned_is_missed_by_those_who_had_not_heard_it),
	    TEST(no_rooms_are_no_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
