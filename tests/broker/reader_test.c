/*
 * Pages of history, single messages and receipts. The log has reader_log_test.c.
 */
#include "broker/reader.h"

#include "broker/reader_start.h"
#include "proto/value.h"
#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>

/* A room of its own with one message after the other in it. */
enum { TALK = 2 };

static void talk(struct fixture *f, uint64_t seq, struct bytes content)
{
	struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = rows_message(1000 + seq)};

	op.as.message.room = TALK;
	op.as.message.seq = seq;
	if (content.len)
		op.as.message.content = content;
	batch_reset(f->batch);
	batch_put(f->batch, &op);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
}

static void talk_up_to(struct fixture *f, uint64_t last)
{
	for (uint64_t seq = 1; seq <= last; seq++)
		talk(f, seq, bytes_of(NULL, 0));
}

struct seen {
	size_t count;
	uint64_t seqs[100];
	struct buf contents;
	bool more;
};

static void on_message(void *ctx, const struct reader_message *m)
{
	struct seen *seen = ctx;

	assert_true(seen->count < ARRAY_LEN(seen->seqs));
	seen->seqs[seen->count++] = m->seq;
	buf_put(&seen->contents, m->content);
}

static struct seen read_page(struct reader *r, struct reader_page page)
{
	struct seen seen = {.more = true};

	assert_int_equal(reader_history(r, &page, on_message, &seen, &seen.more), ERR_OK);
	buf_free(&seen.contents);
	return seen;
}

/* The page is first..last in order (0..0: empty), and says whether there are more. */
static void expect_page(
    struct reader *r, struct reader_page page, uint64_t first, uint64_t last, bool more)
{
	page.room = page.room ? page.room : TALK;
	struct seen seen = read_page(r, page);

	assert_int_equal(seen.count, first ? last - first + 1 : 0);
	for (size_t i = 0; i < seen.count; i++)
		assert_int_equal(seen.seqs[i], first + i);
	assert_int_equal(seen.more, more);
}

static void pages_go_back_from_the_newest(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);

	talk_up_to(f, 25);
	expect_page(r, (struct reader_page){.limit = 10}, 16, 25, true);
	expect_page(r, (struct reader_page){.before = 16, .limit = 10}, 6, 15, true);
	expect_page(r, (struct reader_page){.before = 6, .limit = 10}, 1, 5, false);
	expect_page(r, (struct reader_page){.before = 1, .limit = 10}, 0, 0, false);
	expect_page(r, (struct reader_page){.before = 6, .limit = 5}, 1, 5, false);
	expect_page(r, (struct reader_page){.before = 100, .limit = 3}, 23, 25, true);
	expect_page(r, (struct reader_page){.before = UINT64_MAX, .limit = 3}, 23, 25, true);
	expect_page(r, (struct reader_page){.limit = 25}, 1, 25, false);
	expect_page(r, (struct reader_page){.limit = UINT32_MAX}, 1, 25, false);
	expect_page(r, (struct reader_page){.limit = 0}, 0, 0, true);
	reader_close(&r);
}

static void pages_go_forward_from_a_message(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct reader_page page = {.has_after = true, .limit = 10};

	talk_up_to(f, 25);
	expect_page(r, page, 1, 10, true);
	page.after = 10;
	expect_page(r, page, 11, 20, true);
	page.after = 15;
	expect_page(r, page, 16, 25, false);
	page.after = 20;
	expect_page(r, page, 21, 25, false);
	page.after = 25;
	expect_page(r, page, 0, 0, false);
	static const uint64_t hostile[] = {
	    1000, INT64_MAX - 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX};

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		page.after = hostile[i];
		expect_page(r, page, 0, 0, false);
	}
	page = (struct reader_page){.before = 3, .after = 1, .has_after = true, .limit = 10};
	expect_page(r, page, 1, 2, false);
	reader_close(&r);
}

static void a_page_is_of_one_room(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);

	assert_int_equal(fixture_commit(f, 9), WRITER_COMMITTED);
	for (uint64_t room = 1; room <= ROWS_ROOMS; room++)
		expect_page(r, (struct reader_page){.room = room, .limit = 100}, 1, 3, false);
	expect_page(r, (struct reader_page){.room = 99, .limit = 100}, 0, 0, false);
	expect_page(r, (struct reader_page){.room = UINT64_MAX, .limit = 100}, 0, 0, false);
	reader_close(&r);
}

static void deleted_messages_leave_no_trace_in_a_page(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);

	talk_up_to(f, 20);
	rows_execute(f->path, "DELETE FROM messages WHERE seq < 5 OR seq IN (10, 12)");
	struct seen seen =
	    read_page(r, (struct reader_page){.room = TALK, .before = 14, .limit = 4});
	static const uint64_t expected[] = {8, 9, 11, 13};

	assert_int_equal(seen.count, 4);
	assert_memory_equal(seen.seqs, expected, sizeof(expected));
	assert_true(seen.more);
	expect_page(r, (struct reader_page){.before = 10, .limit = 10}, 5, 9, false);
	reader_close(&r);
}

static void a_page_ends_before_it_gets_too_large(void **state)
{
	enum { SIZE = 1000 };
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	static char text[SIZE];
	struct buf content = {0};

	memset(text, 'a', sizeof(text));
	value_put_str(&content, (struct str){text, SIZE});
	for (uint64_t seq = 1; seq <= 10; seq++)
		talk(f, seq, buf_bytes(&content));
	struct reader_page back = {.limit = 10, .max_bytes = 3 * SIZE};
	struct reader_page forward = {.has_after = true, .limit = 10, .max_bytes = 3 * SIZE};

	expect_page(r, back, 8, 10, true);
	expect_page(r, forward, 1, 3, true);
	back.max_bytes = forward.max_bytes = 4 * SIZE - 1;
	expect_page(r, back, 8, 10, true);
	expect_page(r, forward, 1, 3, true);
	/* However large, one message is a page. */
	back.max_bytes = forward.max_bytes = 1;
	expect_page(r, back, 10, 10, true);
	expect_page(r, forward, 1, 1, true);
	back.max_bytes = forward.max_bytes = 10 * SIZE;
	expect_page(r, back, 1, 10, false);
	expect_page(r, forward, 1, 10, false);
	buf_free(&content);
	reader_close(&r);
}

static void a_page_has_so_many_bins_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);

	for (uint64_t seq = 1; seq <= 6; seq++)
		talk(f, seq, seq % 2 ? bytes_of("\xa1x", 2) : bytes_of("\xc4\x01x", 3));
	expect_page(r, (struct reader_page){.limit = 9, .max_blobs = 2}, 3, 6, true);
	expect_page(
	    r, (struct reader_page){.has_after = true, .limit = 9, .max_blobs = 1}, 1, 3, true);
	expect_page(r, (struct reader_page){.limit = 9, .max_blobs = 3}, 1, 6, false);
	reader_close(&r);
}

static void on_second(void *ctx, const struct reader_message *m)
{
	(void)ctx;
	assert_int_equal(m->gseq, 2);
	assert_int_equal(m->seq, 1);
	assert_true(str_eqz(m->user, "u1"));
	assert_true(str_eqz(m->username, "Ann"));
	assert_true(str_eqz(m->type, "text"));
	assert_int_equal(m->timestamp.ms, 1700000000002);
	assert_int_equal(m->content.len, 3);
	assert_memory_equal(m->content.p, "\xa2m2", 3);
}

static void a_message_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct reader_page page = {.room = 2, .limit = 10};
	bool more;

	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	assert_int_equal(reader_history(r, &page, on_second, NULL, &more), ERR_OK);
	reader_close(&r);
}

static void content_comes_back_as_the_value_it_was(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct buf put = {0};
	struct seen seen = {0};
	struct reader_page page = {.room = TALK, .limit = 10};
	static const struct str texts[] = {
	    {"", 0}, {"a\0b", 3}, {"\xf0\x9f\x98\x80", 4}, {"0123", 4}};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf one = {0};

		value_put_str(&one, texts[i]);
		talk(f, 2 * i + 1, buf_bytes(&one));
		buf_put(&put, buf_bytes(&one));
		buf_reset(&one);
		value_put_bin(&one, str_bytes(texts[i]));
		talk(f, 2 * i + 2, buf_bytes(&one));
		buf_put(&put, buf_bytes(&one));
		buf_free(&one);
	}
	assert_int_equal(reader_history(r, &page, on_message, &seen, &seen.more), ERR_OK);
	assert_int_equal(seen.contents.len, put.len);
	assert_memory_equal(buf_bytes(&seen.contents).p, buf_bytes(&put).p, put.len);
	buf_free(&put);
	buf_free(&seen.contents);
	reader_close(&r);
}

static void duplicates_are_found(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct reader_receipt receipt = {.gseq = 77};

	assert_int_equal(fixture_commit(f, 9), WRITER_COMMITTED);
	assert_int_equal(reader_find_message_id(r, STR("u1"), STR("id5"), &receipt), ERR_OK);
	assert_int_equal(receipt.gseq, 5);
	assert_int_equal(receipt.room, 2);
	assert_int_equal(receipt.seq, 2);
	assert_int_equal(receipt.timestamp.ms, 1700000000005);
	assert_int_equal(reader_find_origin(r, UINT64_MAX - 1, 7, &receipt), ERR_OK);
	assert_int_equal(receipt.gseq, 7);

	assert_int_equal(reader_find_message_id(r, STR("u2"), STR("id5"), &receipt), ERR_NOT_FOUND);
	assert_int_equal(
	    reader_find_message_id(r, STR("u1"), STR("id55"), &receipt), ERR_NOT_FOUND);
	assert_int_equal(reader_find_message_id(r, STR("u1"), STR(""), &receipt), ERR_NOT_FOUND);
	assert_int_equal(reader_find_origin(r, 1, 7, &receipt), ERR_NOT_FOUND);
	assert_int_equal(reader_find_origin(r, UINT64_MAX - 1, 10, &receipt), ERR_NOT_FOUND);
	assert_int_equal(receipt.gseq, 7);
	reader_close(&r);
}

static void it_sees_commits_and_holds_nothing_back(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);

	for (int i = 1; i <= 5; i++) {
		uint64_t n;

		assert_int_equal(fixture_commit(f, 10), WRITER_COMMITTED);
		assert_int_equal(reader_last_gseq(r, &n), ERR_OK);
		assert_int_equal(n, 10 * i);
		expect_page(
		    r, (struct reader_page){.room = 1, .limit = 1}, (n + 2) / 3, (n + 2) / 3, true);
		/* An unfinished statement would keep the log from being copied as a whole. */
		assert_int_equal(rows_number(f->path, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	}
	reader_close(&r);
}

static void a_missing_database_is_told(void **state)
{
	struct fixture *f = *state;
	struct reader *r = NULL;
	const char *path = tempdir_path(f->dir, "none");

	assert_int_equal(reader_open(path, f->why, sizeof(f->why), &r), ERR_DENIED);
	assert_null(r);
	assert_non_null(strstr(f->why, path));
	reader_close(&r);
}

static void damage_is_an_error_not_an_empty_page(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct reader_page page = {.room = 1, .limit = 10};
	struct seen seen = {.more = true};
	struct reader_receipt receipt;

	rows_execute(f->path, "DROP TABLE messages; DROP TABLE receipts");
	assert_int_equal(reader_history(r, &page, on_message, &seen, &seen.more), ERR_IO);
	assert_true(seen.more);
	assert_int_equal(reader_find_message_id(r, STR("u"), STR("m"), &receipt), ERR_IO);
	struct reader_span span = {.upto = 4, .limit = 10};
	uint64_t reached = 42;

	assert_int_equal(reader_log(r, &span, NULL, NULL, &reached), ERR_IO);
	assert_int_equal(reached, 42);
	reader_close(&r);
}

static void one_message_is_found_by_its_number(void **state)
{
	struct fixture *f = *state;
	struct reader *r = NULL;
	uint64_t gseq = 0;
	struct reader_message missing = {0};

	assert_int_equal(fixture_commit(f, 9), WRITER_COMMITTED);
	r = fixture_open_reader(f);
	assert_int_equal(reader_gseq_at(r, 2, 3, &gseq), ERR_OK);
	assert_int_equal(gseq, 8);
	assert_int_equal(reader_gseq_at(r, 2, 4, &gseq), ERR_NOT_FOUND);
	assert_int_equal(reader_gseq_at(r, 2, UINT64_MAX, &gseq), ERR_NOT_FOUND);
	assert_int_equal(reader_message_at(r, 9, 1, on_second, &missing), ERR_NOT_FOUND);
	reader_close(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_message_is_found_by_its_number),
	    TEST(pages_go_back_from_the_newest),
	    TEST(pages_go_forward_from_a_message),
	    TEST(a_page_is_of_one_room),
	    TEST(deleted_messages_leave_no_trace_in_a_page),
	    TEST(a_page_ends_before_it_gets_too_large),
	    TEST(a_page_has_so_many_bins_and_no_more),
	    TEST(a_message_comes_back_as_it_was),
	    TEST(content_comes_back_as_the_value_it_was),
	    TEST(duplicates_are_found),
	    TEST(it_sees_commits_and_holds_nothing_back),
	    TEST(a_missing_database_is_told),
	    TEST(damage_is_an_error_not_an_empty_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
