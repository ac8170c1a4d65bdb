#include "tests/check.h"

#include "broker/reader_front.h"
#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"

static void a_room_has_a_front(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct reader_front front;

	assert_int_equal(reader_room_front(r, 2, &front), ERR_OK);
	assert_int_equal(front.first_seq, 1);
	assert_int_equal(front.pruned_gseq, 0);
	rows_execute(f->path, "UPDATE rooms SET first_seq = 5, pruned_gseq = 40 WHERE id = 2");
	assert_int_equal(reader_room_front(r, 2, &front), ERR_OK);
	assert_int_equal(front.first_seq, 5);
	assert_int_equal(front.pruned_gseq, 40);
	assert_int_equal(reader_room_front(r, 9, &front), ERR_NOT_FOUND);
	reader_close(&r);
}

static bool count_to_two(void *ctx, const struct reader_oldest *m)
{
	int *count = ctx;

	assert_int_equal(m->seq, 2 + *count);
	assert_int_equal(m->gseq, 5 + 3 * *count);
	assert_int_equal(m->timestamp.ms, 1700000000000 + (int64_t)m->gseq);
	assert_int_equal(m->bytes, 2);
	return ++*count < 2;
}

static void its_oldest_are_read_for_as_long_as_they_are_wanted(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct reader_page from = {.room = 2, .after = 1, .limit = 1};
	int count = 0;

	assert_int_equal(fixture_commit(f, 20), WRITER_COMMITTED);
	assert_int_equal(reader_each_oldest(r, &from, count_to_two, &count), ERR_OK);
	assert_int_equal(count, 1);
	count = 0;
	from.limit = 10;
	assert_int_equal(reader_each_oldest(r, &from, count_to_two, &count), ERR_OK);
	assert_int_equal(count, 2);
	reader_close(&r);
}

static void a_message_is_found_by_its_gseq(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct reader_place place;

	assert_int_equal(fixture_commit(f, 10), WRITER_COMMITTED);
	assert_int_equal(reader_find_gseq(r, 10, &place), ERR_OK);
	assert_int_equal(place.room, 1);
	assert_int_equal(place.seq, 4);
	assert_int_equal(place.bytes, 3);
	assert_false(place.is_deleted);
	rows_execute(f->path, "UPDATE messages SET content = NULL WHERE gseq = 10");
	assert_int_equal(reader_find_gseq(r, 10, &place), ERR_OK);
	assert_true(place.is_deleted);
	assert_int_equal(place.bytes, 0);
	assert_int_equal(reader_find_gseq(r, 11, &place), ERR_NOT_FOUND);
	reader_close(&r);
}

static void the_oldest_receipt_has_a_time(void **state)
{
	struct fixture *f = *state;
	struct reader *r = fixture_open_reader(f);
	struct wall when;

	assert_int_equal(reader_oldest_receipt(r, &when), ERR_NOT_FOUND);
	assert_int_equal(fixture_commit(f, 10), WRITER_COMMITTED);
	assert_int_equal(reader_oldest_receipt(r, &when), ERR_OK);
	assert_int_equal(when.ms, 1700000000001);
	reader_close(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_room_has_a_front),
	    TEST(its_oldest_are_read_for_as_long_as_they_are_wanted),
	    TEST(a_message_is_found_by_its_gseq),
	    TEST(the_oldest_receipt_has_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
