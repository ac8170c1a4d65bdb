#include "broker/archive.h"

#include "proto/message_id.h"
#include "proto/value.h"
#include "proto/wire.h"
#include "tests/broker/rows.h"
#include "tests/broker/writer_fixture.h"
#include "tests/proto/map.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { DEADLINE_MS = 10000 };

struct answers {
	size_t count;
	uint64_t last_request;
	enum err error;
	bool more;
	struct buf messages; /* of the last one */
	struct buf log;      /* "gseq:room " of each entry */
	uint64_t reached;
};

static void on_page(void *up, const struct archive_answer *answer)
{
	struct answers *answers = up;

	assert_int_equal(answer->request, answers->last_request + 1);
	answers->last_request = answer->request;
	answers->count++;
	answers->error = answer->error;
	answers->more = answer->more;
	buf_reset(&answers->messages);
	buf_put(&answers->messages, answer->messages);
}

static void on_log(void *up, const struct archive_log *log)
{
	struct answers *answers = up;

	assert_int_equal(log->request, answers->last_request + 1);
	answers->last_request = log->request;
	answers->count++;
	answers->error = log->error;
	answers->reached = log->reached;
	for (size_t i = 0; i < log->count; i++) {
		struct wire_reader r = wire_reader(log->entries[i].deliver);
		struct wire_message m;

		assert_int_equal(wire_next(&r, &m), ERR_OK);
		assert_true(wire_at_end(&r));
		assert_int_equal(m.type, WIRE_DELIVER);
		buf_printf(
		    &answers->log, "%d:%d ", (int)m.as.deliver.gseq, (int)log->entries[i].room);
	}
}

static void on_plan(void *up, uint64_t request, enum err error, const struct plan *plan)
{
	struct answers *answers = up;

	answers->last_request = request;
	answers->count++;
	answers->error = error;
	answers->reached = plan->rooms[0].upto;
}

static const struct archive_events events = {
    .on_page = on_page, .on_log = on_log, .on_plan = on_plan};

static struct archive *open_archive(struct fixture *f, struct answers *answers)
{
	struct archive *a = NULL;

	assert_int_equal(
	    archive_open(f->path, &events, answers, f->why, sizeof(f->why), &a), ERR_OK);
	return a;
}

static void serve_until(struct archive *a, const struct answers *answers, size_t count)
{
	zmq_pollitem_t item = {.socket = archive_socket(a), .events = ZMQ_POLLIN};

	while (answers->count < count) {
		assert_int_equal(zmq_poll(&item, 1, DEADLINE_MS), 1);
		archive_serve(a);
	}
}

/* The messages of the answer, one after the other; their number. */
static uint32_t open_messages(const struct answers *answers, struct value_reader *ret)
{
	struct value head;

	assert_int_equal(value_check(buf_bytes(&answers->messages), 4), ERR_OK);
	*ret = value_reader(buf_bytes(&answers->messages));
	assert_int_equal(value_next(ret, &head), ERR_OK);
	assert_int_equal(head.type, VALUE_ARRAY);
	return head.as.count;
}

static void a_page_is_made_for_the_client(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct value_reader r;
	struct bytes message;

	assert_int_equal(fixture_commit(f, 9), WRITER_COMMITTED);
	struct reader_page page = {.room = 2, .limit = 2};

	assert_int_equal(archive_history(a, 1, &page, STR("lobby")), ERR_OK);
	serve_until(a, &answers, 1);
	assert_int_equal(answers.error, ERR_OK);
	assert_true(answers.more);
	assert_int_equal(open_messages(&answers, &r), 2);
	for (uint64_t seq = 2; seq <= 3; seq++) {
		uint64_t gseq = (seq - 1) * ROWS_ROOMS + 2;
		char id[MESSAGE_ID_LEN + 1];
		char text[3] = {'m', (char)('0' + gseq), '\0'};

		message_id_text(gseq, id);
		assert_int_equal(value_skip(&r, &message), ERR_OK);
		map_expect_str(message, "id", id);
		map_expect_u64(message, "seq", seq);
		map_expect_str(message, "userId", "u1");
		map_expect_str(message, "username", "Ann");
		map_expect_str(message, "content", text);
		map_expect_str(message, "type", "text");
		map_expect_u64(message, "timestamp", 1700000000000 + gseq);
		map_expect_str(message, "roomId", "lobby");
	}
	assert_true(value_at_end(&r));
	buf_free(&answers.messages);
	archive_close(&a);
	assert_null(a);
	archive_close(&a);
}

static void an_empty_room_is_an_empty_array(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct reader_page page = {.room = 1, .limit = 10};
	struct value_reader r;

	assert_int_equal(archive_history(a, 1, &page, STR("lobby")), ERR_OK);
	serve_until(a, &answers, 1);
	assert_int_equal(open_messages(&answers, &r), 0);
	assert_true(value_at_end(&r));
	assert_false(answers.more);
	buf_free(&answers.messages);
	archive_close(&a);
}

static void answers_come_in_order_and_the_queue_has_an_end(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct reader_page page = {.room = 1, .limit = 3};

	assert_int_equal(fixture_commit(f, 30), WRITER_COMMITTED);
	for (uint64_t i = 1; i <= ARCHIVE_QUEUE_MAX; i++)
		assert_int_equal(archive_history(a, i, &page, STR("lobby")), ERR_OK);
	assert_int_equal(archive_history(a, ARCHIVE_QUEUE_MAX + 1, &page, STR("lobby")), ERR_FULL);
	serve_until(a, &answers, ARCHIVE_QUEUE_MAX);
	assert_int_equal(archive_history(a, ARCHIVE_QUEUE_MAX + 1, &page, STR("lobby")), ERR_OK);
	serve_until(a, &answers, ARCHIVE_QUEUE_MAX + 1);
	buf_free(&answers.messages);
	archive_close(&a);
}

static void closing_drops_what_waits(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct reader_page page = {.room = 1, .limit = 3};

	assert_int_equal(fixture_commit(f, 30), WRITER_COMMITTED);
	for (uint64_t i = 1; i <= ARCHIVE_QUEUE_MAX; i++)
		assert_int_equal(archive_history(a, i, &page, STR("lobby")), ERR_OK);
	archive_close(&a);
	assert_int_equal(answers.count, 0);
}

static void put_large_messages(struct fixture *f, size_t size, uint64_t count)
{
	struct buf content = {0};
	char *bytes = xcalloc(1, size);

	value_put_bin(&content, bytes_of(bytes, size));
	batch_reset(f->batch);
	for (uint64_t seq = 1; seq <= count; seq++) {
		struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = rows_message(seq)};

		op.as.message.room = 1;
		op.as.message.seq = seq;
		op.as.message.content = buf_bytes(&content);
		batch_put(f->batch, &op);
	}
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	free(bytes);
	buf_free(&content);
}

/* Whatever a client asks for: the answer can be sent. */
static void a_page_fits_the_link(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct reader_page page = {.room = 1, .limit = UINT32_MAX};
	struct value_reader r;

	put_large_messages(f, 700 * 1024, 10);
	assert_int_equal(archive_history(a, 1, &page, STR("lobby")), ERR_OK);
	serve_until(a, &answers, 1);
	assert_int_equal(open_messages(&answers, &r), 2);
	assert_true(answers.more);
	assert_true(answers.messages.len <= ARCHIVE_CONTENT_MAX);
	page.has_after = true;
	assert_int_equal(archive_history(a, 2, &page, STR("lobby")), ERR_OK);
	serve_until(a, &answers, 2);
	assert_int_equal(open_messages(&answers, &r), 2);
	buf_free(&answers.messages);
	archive_close(&a);
}

static void a_page_has_a_greatest_length(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct reader_page page = {.room = 1, .limit = UINT32_MAX};
	struct value_reader r;

	assert_int_equal(fixture_commit(f, 3300), WRITER_COMMITTED);
	assert_int_equal(archive_history(a, 1, &page, STR("lobby")), ERR_OK);
	serve_until(a, &answers, 1);
	assert_int_equal(open_messages(&answers, &r), 1000);
	assert_true(answers.more);
	buf_free(&answers.messages);
	archive_close(&a);
}

static void the_log_comes_as_deliveries(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct reader_page page = {.room = 1, .limit = 3};

	assert_int_equal(fixture_commit(f, 5), WRITER_COMMITTED);
	assert_int_equal(archive_read_log(a, 1, 1, 4), ERR_OK);
	assert_int_equal(archive_history(a, 2, &page, STR("lobby")), ERR_OK);
	assert_int_equal(archive_read_log(a, 3, 4, 99), ERR_OK);
	serve_until(a, &answers, 1);
	serve_until(a, &answers, 3);
	assert_int_equal(answers.error, ERR_OK);
	assert_int_equal(answers.reached, 99);
	assert_true(str_eqz(buf_str(&answers.log), "2:2 3:3 4:1 5:2 "));
	buf_free(&answers.log);
	buf_free(&answers.messages);
	archive_close(&a);
}

static void a_page_of_the_log_has_its_bounds(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);

	assert_int_equal(fixture_commit(f, ARCHIVE_LOG_MESSAGES + 1), WRITER_COMMITTED);
	assert_int_equal(archive_read_log(a, 1, 0, UINT64_MAX), ERR_OK);
	serve_until(a, &answers, 1);
	assert_int_equal(answers.reached, ARCHIVE_LOG_MESSAGES);
	buf_free(&answers.log);
	for (uint64_t i = 2; i <= ARCHIVE_QUEUE_MAX + 1; i++)
		assert_int_equal(archive_read_log(a, i, 0, 1), ERR_OK);
	assert_int_equal(archive_read_log(a, 0, 0, 1), ERR_FULL);
	archive_close(&a);
}

static void large_contents_make_short_pages_of_the_log(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);

	put_large_messages(f, ARCHIVE_LOG_CONTENT_MAX / 2, 4);
	assert_int_equal(archive_read_log(a, 1, 0, 4), ERR_OK);
	serve_until(a, &answers, 1);
	assert_int_equal(answers.reached, 2);
	buf_free(&answers.log);
	archive_close(&a);
}

static void a_failure_is_an_answer_too(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct reader_page page = {.room = 1, .limit = 10};
	struct value_reader r;

	rows_execute(f->path, "ALTER TABLE messages RENAME TO hidden");
	assert_int_equal(archive_history(a, 1, &page, STR("lobby")), ERR_OK);
	serve_until(a, &answers, 1);
	assert_int_equal(answers.error, ERR_IO);
	assert_int_equal(open_messages(&answers, &r), 0);
	assert_int_equal(archive_read_log(a, 2, 0, 1), ERR_OK);
	serve_until(a, &answers, 2);
	assert_int_equal(answers.error, ERR_IO);
	/* And it goes on when the trouble is over. */
	rows_execute(f->path, "ALTER TABLE hidden RENAME TO messages");
	assert_int_equal(archive_history(a, 3, &page, STR("lobby")), ERR_OK);
	serve_until(a, &answers, 3);
	assert_int_equal(answers.error, ERR_OK);
	buf_free(&answers.messages);
	archive_close(&a);
}

static void without_a_database_it_does_not_open(void **state)
{
	struct fixture *f = *state;
	struct archive *a = NULL;

	assert_int_equal(
	    archive_open(tempdir_path(f->dir, "none"), &events, NULL, f->why, sizeof(f->why), &a),
	    ERR_DENIED);
	assert_null(a);
	assert_non_null(strstr(f->why, "none"));
}

static void a_merge_is_made_of_events(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct merge *m = merge_new(1);
	struct value_reader r;
	struct value head, gseq, name;

	assert_int_equal(fixture_commit(f, 9), WRITER_COMMITTED);
	m->rooms[0] = (struct merge_room){2, xstrdup("lobby"), 2, 3};
	m->until = 9;
	m->limit = 10;
	m->max_bytes = 1000;
	assert_int_equal(archive_merge_take(a, 1, &m), ERR_OK);
	assert_null(m);
	serve_until(a, &answers, 1);
	assert_int_equal(answers.error, ERR_OK);
	assert_false(answers.more);
	assert_int_equal(open_messages(&answers, &r), 2);
	assert_int_equal(value_next(&r, &head), ERR_OK);
	assert_int_equal(head.as.count, 3);
	assert_int_equal(value_next(&r, &gseq), ERR_OK);
	assert_int_equal(gseq.as.u, 5);
	assert_int_equal(value_next(&r, &name), ERR_OK);
	assert_true(str_eqz(name.as.s, "message"));
	/* What waits when it closes is dropped whole. */
	m = merge_new(0);
	assert_int_equal(archive_merge_take(a, 2, &m), ERR_OK);
	archive_close(&a);
	buf_free(&answers.messages);
}

static void a_plan_is_filled_in(void **state)
{
	struct fixture *f = *state;
	struct answers answers = {0};
	struct archive *a = open_archive(f, &answers);
	struct plan *p = plan_new(1);

	assert_int_equal(fixture_commit(f, 9), WRITER_COMMITTED);
	p->rooms[0] = (struct plan_room){.room = 1, .first_seq = 1, .below = 3};
	p->count = 1;
	p->limit = 10;
	p->place = 9;
	p->young.ms = INT64_MAX;
	assert_int_equal(archive_plan_take(a, 1, &p), ERR_OK);
	assert_null(p);
	serve_until(a, &answers, 1);
	assert_int_equal(answers.error, ERR_OK);
	assert_int_equal(answers.last_request, 1);
	assert_int_equal(answers.reached, 3);
	p = plan_new(0);
	assert_int_equal(archive_plan_take(a, 2, &p), ERR_OK);
	archive_close(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_merge_is_made_of_events),
	    TEST(a_plan_is_filled_in),
	    TEST(a_page_is_made_for_the_client),
	    TEST(an_empty_room_is_an_empty_array),
	    TEST(answers_come_in_order_and_the_queue_has_an_end),
	    TEST(closing_drops_what_waits),
	    TEST(a_page_fits_the_link),
	    TEST(a_page_has_a_greatest_length),
	    TEST(the_log_comes_as_deliveries),
	    TEST(a_page_of_the_log_has_its_bounds),
	    TEST(large_contents_make_short_pages_of_the_log),
	    TEST(a_failure_is_an_answer_too),
	    TEST(without_a_database_it_does_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
