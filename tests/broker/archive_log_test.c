/*
 * What the broker asks for itself: the log, what a session missed, what may be pruned.
 */
#include "tests/broker/archive_stage.h"

#include "proto/value.h"
#include "tests/check.h"

static void the_log_comes_as_deliveries(void **state)
{
	struct stage *s = *state;
	struct reader_page page = {.room = 1, .limit = 3};

	assert_int_equal(fixture_commit(s->f, 5), WRITER_COMMITTED);
	assert_int_equal(archive_read_log(s->a, 1, 1, 4), ERR_OK);
	assert_int_equal(archive_history(s->a, 2, &page, STR("lobby")), ERR_OK);
	assert_int_equal(archive_read_log(s->a, 3, 4, 99), ERR_OK);
	stage_serve(s, 1);
	stage_serve(s, 3);
	assert_int_equal(s->error, ERR_OK);
	assert_int_equal(s->reached, 99);
	assert_true(str_eqz(buf_str(&s->log), "2:2 3:3 4:1 5:2 "));
}

static void a_page_of_the_log_has_its_bounds(void **state)
{
	struct stage *s = *state;

	assert_int_equal(fixture_commit(s->f, ARCHIVE_LOG_MESSAGES + 1), WRITER_COMMITTED);
	assert_int_equal(archive_read_log(s->a, 1, 0, UINT64_MAX), ERR_OK);
	stage_serve(s, 1);
	assert_int_equal(s->reached, ARCHIVE_LOG_MESSAGES);
	for (uint64_t i = 2; i <= ARCHIVE_QUEUE_MAX + 1; i++)
		assert_int_equal(archive_read_log(s->a, i, 0, 1), ERR_OK);
	assert_int_equal(archive_read_log(s->a, 0, 0, 1), ERR_FULL);
}

static void large_contents_make_short_pages_of_the_log(void **state)
{
	struct stage *s = *state;

	stage_put_large(s, ARCHIVE_LOG_CONTENT_MAX / 2, 4);
	assert_int_equal(archive_read_log(s->a, 1, 0, 4), ERR_OK);
	stage_serve(s, 1);
	assert_int_equal(s->reached, 2);
}

static void a_merge_is_made_of_events(void **state)
{
	struct stage *s = *state;
	struct merge *m = merge_new(1);
	struct value_reader r;
	struct value head, gseq, name;

	assert_int_equal(fixture_commit(s->f, 9), WRITER_COMMITTED);
	m->rooms[0] = (struct merge_room){2, xstrdup("lobby"), 2, 3};
	m->until = 9;
	m->limit = 10;
	m->max_bytes = 1000;
	assert_int_equal(archive_merge_take(s->a, 1, &m), ERR_OK);
	assert_null(m);
	stage_serve(s, 1);
	assert_int_equal(s->error, ERR_OK);
	assert_false(s->more);
	assert_int_equal(stage_messages(s, &r), 2);
	assert_int_equal(value_next(&r, &head), ERR_OK);
	assert_int_equal(head.as.count, 3);
	assert_int_equal(value_next(&r, &gseq), ERR_OK);
	assert_int_equal(gseq.as.u, 5);
	assert_int_equal(value_next(&r, &name), ERR_OK);
	assert_true(str_eqz(name.as.s, "message"));
	/* What waits when it closes, behind the test, is dropped whole. */
	m = merge_new(0);
	assert_int_equal(archive_merge_take(s->a, 2, &m), ERR_OK);
}

static void a_plan_is_filled_in(void **state)
{
	struct stage *s = *state;
	struct plan *p = plan_new(1);

	assert_int_equal(fixture_commit(s->f, 9), WRITER_COMMITTED);
	p->rooms[0] = (struct plan_room){.room = 1, .first_seq = 1, .below = 3};
	p->count = 1;
	p->limit = 10;
	p->place = 9;
	p->young.ms = INT64_MAX;
	assert_int_equal(archive_plan_take(s->a, 1, &p), ERR_OK);
	assert_null(p);
	stage_serve(s, 1);
	assert_int_equal(s->error, ERR_OK);
	assert_int_equal(s->last_request, 1);
	assert_int_equal(s->reached, 3);
	p = plan_new(0);
	assert_int_equal(archive_plan_take(s->a, 2, &p), ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_merge_is_made_of_events),
	    TEST(a_plan_is_filled_in),
	    TEST(the_log_comes_as_deliveries),
	    TEST(a_page_of_the_log_has_its_bounds),
	    TEST(large_contents_make_short_pages_of_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
