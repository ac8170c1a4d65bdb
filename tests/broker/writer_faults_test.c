#include "broker/writer.h"

#include "tests/broker/faults.h"
#include "tests/broker/rows.h"
#include "tests/broker/writer_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void a_full_disk_fails_the_batch_and_heals(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	faults_arm(FAULT_WRITE, 1, FAULT_FOR_EVER, ENOSPC);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fixture_commit(f, 100), WRITER_FAILED);
		assert_non_null(strstr(f->why, "free space"));
	}
	assert_true(faults_struck() > 0);
	faults_heal();
	assert_int_equal(fixture_check_copy(f), 3);
	assert_int_equal(fixture_commit(f, 100), WRITER_COMMITTED);
	assert_int_equal(rows_check(f->path), 103);
}

static void a_write_error_fails_the_batch_and_heals(void **state)
{
	struct fixture *f = *state;

	faults_arm(FAULT_WRITE, 1, 1, EIO);
	assert_int_equal(fixture_commit(f, 100), WRITER_FAILED);
	assert_non_null(strstr(f->why, f->path));
	assert_int_equal(fixture_commit(f, 100), WRITER_COMMITTED);
	assert_int_equal(rows_check(f->path), 100);
}

/* A second connection that keeps the shared index of the log alive. */
static sqlite3 *open_reader(struct fixture *f)
{
	sqlite3 *reader;

	assert_int_equal(sqlite3_open(f->path, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "SELECT * FROM meta", NULL, NULL, NULL), SQLITE_OK);
	return reader;
}

/* The trap itself: the COMMIT fails, and the batch is in the log for whoever recovers it. */
static void a_failed_sync_leaves_a_doubt(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	sqlite3 *reader = open_reader(f);

	faults_arm(FAULT_SYNC, 1, 1, EIO);
	assert_int_equal(fixture_commit(f, 5), WRITER_IN_DOUBT);
	assert_int_equal(faults_struck(), 1);
	assert_int_equal(fixture_check_copy(f), 8);
	/* Having said so it must stay so: without the fence the copy would have 8 again. */
	assert_int_equal(fixture_settle(f), WRITER_FAILED);
	assert_int_equal(fixture_check_copy(f), 3);
	sqlite3_close(reader);
	assert_int_equal(fixture_commit(f, 5), WRITER_COMMITTED);
	assert_int_equal(rows_check(f->path), 8);
}

static void a_doubt_lasts_as_long_as_the_disk_is_ill(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	faults_arm(FAULT_SYNC, 1, FAULT_FOR_EVER, EIO);
	assert_int_equal(fixture_commit(f, 5), WRITER_IN_DOUBT);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(fixture_settle(f), WRITER_IN_DOUBT);
		assert_non_null(strstr(f->why, f->path));
	}
	faults_heal();
	assert_int_not_equal(fixture_settle(f), WRITER_IN_DOUBT);
	assert_int_equal(fixture_check_copy(f), f->gseq);
	assert_int_equal(fixture_commit(f, 5), WRITER_COMMITTED);
	assert_int_equal(rows_check(f->path), f->gseq);
}

static void a_doubt_may_end_with_the_batch_in_the_database(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	/* The log cannot be copied into the database when the connection closes, so it stays and
	 * is recovered. */
	faults_arm(FAULT_SYNC, 1, 2, EIO);
	assert_int_equal(fixture_commit(f, 5), WRITER_IN_DOUBT);
	assert_int_equal(faults_struck(), 2);
	assert_int_equal(fixture_settle(f), WRITER_COMMITTED);
	assert_int_equal(rows_check(f->path), 8);
	assert_int_equal(fixture_check_copy(f), 8);
}

static void a_fence_in_doubt_is_not_taken_for_the_batch(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	sqlite3 *reader = open_reader(f);

	faults_arm(FAULT_SYNC, 1, FAULT_FOR_EVER, EIO);
	assert_int_equal(fixture_commit(f, 5), WRITER_IN_DOUBT);
	assert_int_equal(fixture_settle(f), WRITER_IN_DOUBT);
	/* Now the fence is in the log, and nobody keeps from recovery that it is. */
	sqlite3_close(reader);
	faults_heal();
	assert_int_equal(fixture_settle(f), WRITER_FAILED);
	assert_int_equal(fixture_check_copy(f), 3);
	assert_int_equal(rows_check(f->path), 3);
}

/* Twenty batches; the nth call of one kind fails, `times` times. What was said is what is so. */
static void survive(struct fixture *f, enum fault fault, int nth, int times)
{
	faults_arm(fault, nth, times, fault == FAULT_WRITE ? ENOSPC : EIO);
	for (int i = 0; i < 20; i++) {
		enum writer_outcome outcome = fixture_commit(f, 40);

		for (int tries = 0; outcome == WRITER_IN_DOUBT && tries < 20; tries++)
			outcome = fixture_settle(f);
		assert_int_not_equal(outcome, WRITER_IN_DOUBT);
		if (outcome == WRITER_FAILED)
			assert_int_equal(fixture_check_copy(f), f->gseq);
	}
	faults_heal();
	assert_int_equal(fixture_check_copy(f), f->gseq);
	assert_int_equal(rows_check(f->path), f->gseq);
}

static void exhaust(enum fault fault, int times, int step, int limit)
{
	int unscathed = 0;

	for (int nth = 1; nth < limit && !unscathed; nth += step) {
		struct fixture *f;

		fixture_set_up((void **)&f);
		survive(f, fault, nth, times);
		unscathed = faults_struck() == 0;
		fixture_tear_down((void **)&f);
	}
	/* The range was wide enough to come past the last call. */
	assert_true(unscathed);
}

static void survives_the_nth_sync_failing(void **state)
{
	(void)state;
	exhaust(FAULT_SYNC, 1, 1, 100);
	exhaust(FAULT_SYNC, 2, 1, 100);
	exhaust(FAULT_SYNC, 5, 3, 100);
}

static void survives_the_nth_write_failing(void **state)
{
	(void)state;
	exhaust(FAULT_WRITE, 1, 7, 2000);
	exhaust(FAULT_WRITE, 3, 17, 2000);
}

static void fail_once(struct fixture *f)
{
	faults_arm(FAULT_WRITE, 1, 1, EIO);
	assert_int_equal(fixture_commit(f, 3), WRITER_FAILED);
	assert_int_equal(faults_struck(), 1);
}

static void a_lost_file_is_no_new_beginning(void **state)
{
	struct fixture *f = *state;
	const char *moved = tempdir_path(f->dir, "moved");

	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	fail_once(f);
	assert_int_equal(rename(f->path, moved), 0);
	assert_int_equal(fixture_commit(f, 3), WRITER_FAILED);
	assert_non_null(strstr(f->why, "put it back"));
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(rename(moved, f->path), 0);
	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	assert_int_equal(rows_check(f->path), 6);
}

static void another_database_in_its_place_is_not_written(void **state)
{
	struct fixture *f = *state;
	const char *moved = tempdir_path(f->dir, "moved");
	struct store_conf conf = {.path = f->path};
	struct writer *other;

	fail_once(f);
	assert_int_equal(rename(f->path, moved), 0);
	assert_int_equal(writer_open(&conf, f->why, sizeof(f->why), &other), ERR_OK);
	writer_close(&other);
	fixture_put_rooms(f);
	assert_int_equal(fixture_commit_batch(f), WRITER_FAILED);
	assert_non_null(strstr(f->why, "not the database of before"));
	assert_int_equal(rows_number(f->path, "SELECT count(*) FROM rooms"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_full_disk_fails_the_batch_and_heals),
	    TEST(a_write_error_fails_the_batch_and_heals),
	    TEST(a_failed_sync_leaves_a_doubt),
	    TEST(a_doubt_lasts_as_long_as_the_disk_is_ill),
	    TEST(a_doubt_may_end_with_the_batch_in_the_database),
	    TEST(a_fence_in_doubt_is_not_taken_for_the_batch),
	    cmocka_unit_test(survives_the_nth_sync_failing),
	    cmocka_unit_test(survives_the_nth_write_failing),
	    TEST(a_lost_file_is_no_new_beginning),
	    TEST(another_database_in_its_place_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
