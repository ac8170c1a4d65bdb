/*
 * Pages of history, and the life of an archive. archive_log_test.c has what the broker asks for
 * itself.
 */
#include "tests/broker/archive_stage.h"

#include "proto/message_id.h"
#include "proto/value.h"
#include "tests/broker/rows.h"
#include "tests/check.h"
#include "tests/proto/map.h"

#include <string.h>

static void a_page_is_made_for_the_client(void **state)
{
	struct stage *s = *state;
	struct value_reader r;
	struct bytes message;

	assert_int_equal(fixture_commit(s->f, 9), WRITER_COMMITTED);
	struct reader_page page = {.room = 2, .limit = 2};

	assert_int_equal(archive_history(s->a, 1, &page, STR("lobby")), ERR_OK);
	stage_serve(s, 1);
	assert_int_equal(s->error, ERR_OK);
	assert_true(s->more);
	assert_int_equal(stage_messages(s, &r), 2);
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
	archive_close(&s->a);
	assert_null(s->a);
	archive_close(&s->a);
}

static void an_empty_room_is_an_empty_array(void **state)
{
	struct stage *s = *state;
	struct reader_page page = {.room = 1, .limit = 10};
	struct value_reader r;

	assert_int_equal(archive_history(s->a, 1, &page, STR("lobby")), ERR_OK);
	stage_serve(s, 1);
	assert_int_equal(stage_messages(s, &r), 0);
	assert_true(value_at_end(&r));
	assert_false(s->more);
}

static void answers_come_in_order_and_the_queue_has_an_end(void **state)
{
	struct stage *s = *state;
	struct reader_page page = {.room = 1, .limit = 3};

	assert_int_equal(fixture_commit(s->f, 30), WRITER_COMMITTED);
	for (uint64_t i = 1; i <= ARCHIVE_QUEUE_MAX; i++)
		assert_int_equal(archive_history(s->a, i, &page, STR("lobby")), ERR_OK);
	assert_int_equal(
	    archive_history(s->a, ARCHIVE_QUEUE_MAX + 1, &page, STR("lobby")), ERR_FULL);
	stage_serve(s, ARCHIVE_QUEUE_MAX);
	assert_int_equal(archive_history(s->a, ARCHIVE_QUEUE_MAX + 1, &page, STR("lobby")), ERR_OK);
	stage_serve(s, ARCHIVE_QUEUE_MAX + 1);
}

static void closing_drops_what_waits(void **state)
{
	struct stage *s = *state;
	struct reader_page page = {.room = 1, .limit = 3};

	assert_int_equal(fixture_commit(s->f, 30), WRITER_COMMITTED);
	for (uint64_t i = 1; i <= ARCHIVE_QUEUE_MAX; i++)
		assert_int_equal(archive_history(s->a, i, &page, STR("lobby")), ERR_OK);
	archive_close(&s->a);
	assert_int_equal(s->count, 0);
}

/* Whatever a client asks for: the answer can be sent. */
static void a_page_fits_the_link(void **state)
{
	struct stage *s = *state;
	struct reader_page page = {.room = 1, .limit = UINT32_MAX};
	struct value_reader r;

	stage_put_large(s, 700 * 1024, 10);
	assert_int_equal(archive_history(s->a, 1, &page, STR("lobby")), ERR_OK);
	stage_serve(s, 1);
	assert_int_equal(stage_messages(s, &r), 2);
	assert_true(s->more);
	assert_true(s->messages.len <= ARCHIVE_CONTENT_MAX);
	page.has_after = true;
	assert_int_equal(archive_history(s->a, 2, &page, STR("lobby")), ERR_OK);
	stage_serve(s, 2);
	assert_int_equal(stage_messages(s, &r), 2);
}

static void a_page_has_a_greatest_length(void **state)
{
	struct stage *s = *state;
	struct reader_page page = {.room = 1, .limit = UINT32_MAX};
	struct value_reader r;

	assert_int_equal(fixture_commit(s->f, 3300), WRITER_COMMITTED);
	assert_int_equal(archive_history(s->a, 1, &page, STR("lobby")), ERR_OK);
	stage_serve(s, 1);
	assert_int_equal(stage_messages(s, &r), 1000);
	assert_true(s->more);
}

static void a_failure_is_an_answer_too(void **state)
{
	struct stage *s = *state;
	struct reader_page page = {.room = 1, .limit = 10};
	struct value_reader r;

	rows_execute(s->f->path, "ALTER TABLE messages RENAME TO hidden");
	assert_int_equal(archive_history(s->a, 1, &page, STR("lobby")), ERR_OK);
	stage_serve(s, 1);
	assert_int_equal(s->error, ERR_IO);
	assert_int_equal(stage_messages(s, &r), 0);
	assert_int_equal(archive_read_log(s->a, 2, 0, 1), ERR_OK);
	stage_serve(s, 2);
	assert_int_equal(s->error, ERR_IO);
	/* And it goes on when the trouble is over. */
	rows_execute(s->f->path, "ALTER TABLE hidden RENAME TO messages");
	assert_int_equal(archive_history(s->a, 3, &page, STR("lobby")), ERR_OK);
	stage_serve(s, 3);
	assert_int_equal(s->error, ERR_OK);
}

static void without_a_database_it_does_not_open(void **state)
{
	struct fixture *f = ((struct stage *)*state)->f;
	const char *path = tempdir_path(f->dir, "none");
	struct archive *a = NULL;

	assert_int_equal(
	    archive_open(path, &stage_events, NULL, f->why, sizeof(f->why), &a), ERR_DENIED);
	assert_null(a);
	assert_non_null(strstr(f->why, "none"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_page_is_made_for_the_client),
	    TEST(an_empty_room_is_an_empty_array),
	    TEST(answers_come_in_order_and_the_queue_has_an_end),
	    TEST(closing_drops_what_waits),
	    TEST(a_page_fits_the_link),
	    TEST(a_page_has_a_greatest_length),
	    TEST(a_failure_is_an_answer_too),
	    TEST(without_a_database_it_does_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
