/*
 * The log: stored messages of all rooms in one order, page by page.
 */
#include "broker/reader.h"

#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"
#include "tests/check.h"

#include <stdio.h>

/* What a page of the log has, "gseq:room:seq " each. */
static void on_entry(void *ctx, const struct reader_entry *e)
{
	char name[20];

	snprintf(name, sizeof(name), "room-%d", (int)e->room);
	assert_true(str_eqz(e->name, name));
	assert_true(str_eqz(e->nsp, "/"));
	assert_int_equal(e->message.timestamp.ms, 1700000000000 + (int64_t)e->message.gseq);
	assert_true(str_eqz(e->message.user, "u1"));
	buf_printf(ctx, "%d:%d:%d ", (int)e->message.gseq, (int)e->room, (int)e->message.seq);
}

static void expect_log(
    struct reader *r, struct reader_span span, const char *expected, uint64_t reached)
{
	struct buf text = {0};
	uint64_t n = 0;

	assert_int_equal(reader_log(r, &span, on_entry, &text, &n), ERR_OK);
	buf_putc(&text, '\0');
	assert_string_equal(buf_str(&text).p, expected);
	assert_true(n == reached);
	buf_free(&text);
}

static void the_log_is_of_all_rooms_in_one_order(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);

	expect_log(r, (struct reader_span){.upto = 9, .limit = 10}, "", 9);
	assert_int_equal(fixture_commit(f, 7), WRITER_COMMITTED);
	expect_log(r, (struct reader_span){.upto = 7, .limit = 10},
	    "1:1:1 2:2:1 3:3:1 4:1:2 5:2:2 6:3:2 7:1:3 ", 7);
	expect_log(r, (struct reader_span){.after = 3, .upto = 5, .limit = 10}, "4:1:2 5:2:2 ", 5);
	/* The last one fits: that there is no more is known at once. */
	expect_log(r, (struct reader_span){.after = 3, .upto = 5, .limit = 2}, "4:1:2 5:2:2 ", 5);
	expect_log(r, (struct reader_span){.after = 3, .upto = 6, .limit = 2}, "4:1:2 5:2:2 ", 5);
	expect_log(r, (struct reader_span){.after = 7, .upto = 7, .limit = 2}, "", 7);
	expect_log(r, (struct reader_span){.after = 7, .upto = 100, .limit = 2}, "", 100);
	expect_log(r, (struct reader_span){.after = UINT64_MAX, .upto = UINT64_MAX, .limit = 2}, "",
	    UINT64_MAX);
	reader_close(&r);
}

static void numbers_that_were_never_used_are_no_end_of_the_log(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);

	assert_int_equal(fixture_commit(f, 7), WRITER_COMMITTED);
	rows_execute(f->path, "DELETE FROM messages WHERE gseq IN (2, 3, 4, 7)");
	expect_log(r, (struct reader_span){.upto = 7, .limit = 2}, "1:1:1 5:2:2 ", 5);
	expect_log(r, (struct reader_span){.after = 5, .upto = 7, .limit = 1}, "6:3:2 ", 7);
	reader_close(&r);
}

static void a_page_of_the_log_ends_before_it_gets_too_large(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct reader_span span = {.upto = 4, .limit = 10, .max_bytes = 5};

	assert_int_equal(fixture_commit(f, 4), WRITER_COMMITTED); /* contents of 2 bytes each */
	expect_log(r, span, "1:1:1 2:2:1 ", 2);
	span.max_bytes = 1; /* one, however large */
	expect_log(r, span, "1:1:1 ", 1);
	reader_close(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_log_is_of_all_rooms_in_one_order),
	    TEST(numbers_that_were_never_used_are_no_end_of_the_log),
	    TEST(a_page_of_the_log_ends_before_it_gets_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
