#include "broker/sql.h"

#include "tests/common/tempdir.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The real tables; putting them in place is schema.c's, so here it is done by hand. */
extern const char schema_sql[];

static char why[400];

struct fixture {
	struct tempdir *dir;
	struct sql *sql;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = tempdir_new();
	assert_int_equal(
	    sql_open(tempdir_path(f->dir, "db"), SQL_WRITER_FULL, why, sizeof(why), &f->sql),
	    ERR_OK);
	assert_int_equal(sql_configure(f->sql), ERR_OK);
	assert_int_equal(sql_script(f->sql, schema_sql), ERR_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sql_close(&f->sql);
	sql_close(&f->sql);
	tempdir_free(&f->dir);
	free(f);
	return 0;
}

static int64_t pragma(struct sql *s, const char *name)
{
	char text[100];
	int64_t n = -1;
	sqlite3_stmt *statement;
	sqlite3 *db = sqlite3_db_handle(sql_get(s, SQL_BEGIN));

	snprintf(text, sizeof(text), "PRAGMA %s", name);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		n = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return n;
}

static void every_statement_fits_the_tables(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sql_prepare(f->sql), ERR_OK);
}

static void preparing_changes_no_setting(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sql_prepare(f->sql), ERR_OK);
	assert_int_equal(pragma(f->sql, "page_size"), 4096);
	assert_int_equal(pragma(f->sql, "synchronous"), 2);
	assert_int_equal(pragma(f->sql, "wal_autocheckpoint"), 4000);
	assert_int_equal(pragma(f->sql, "journal_size_limit"), 64 << 20);
	assert_int_equal(pragma(f->sql, "foreign_keys"), 1);
	assert_int_equal(pragma(f->sql, "query_only"), 0);
}

static void the_grade_of_synchronous_is_the_mode(void **state)
{
	struct fixture *f = *state;
	struct sql *normal = NULL;

	assert_int_equal(
	    sql_open(sql_path(f->sql), SQL_WRITER_NORMAL, why, sizeof(why), &normal), ERR_OK);
	assert_int_equal(sql_configure(normal), ERR_OK);
	assert_int_equal(pragma(normal, "synchronous"), 1);
	sql_close(&normal);
}

static void binds_and_reads_back(void **state)
{
	struct fixture *f = *state;
	sqlite3_stmt *put = sql_get(f->sql, SQL_PUT_ROOM);
	bool has_row;

	sql_bind_u64(put, 1, 7);
	sql_bind_str(put, 2, (struct str){NULL, 0});
	sql_bind_str(put, 3, STR("a\0b"));
	sql_bind_u64(put, 4, 1);
	sql_bind_i64(put, 5, -1);
	sql_bind_u64(put, 6, 0);
	assert_int_equal(sql_run(f->sql, put), ERR_OK);

	sqlite3_stmt *rooms = sql_get(f->sql, SQL_ROOMS);

	assert_int_equal(sql_row(f->sql, rooms, &has_row), ERR_OK);
	assert_true(has_row);
	assert_int_equal(sql_column_u64(rooms, 0), 7);
	assert_int_equal(sql_column_str(rooms, 1).len, 0);
	assert_true(str_eq(sql_column_str(rooms, 2), STR("a\0b")));
	assert_int_equal(sql_row(f->sql, rooms, &has_row), ERR_OK);
	assert_false(has_row);
}

static void a_row_that_may_not_be_is_told_apart(void **state)
{
	struct fixture *f = *state;
	sqlite3_stmt *put = sql_get(f->sql, SQL_PUT_MEMBERSHIP);

	sql_bind_u64(put, 1, 99);
	sql_bind_str(put, 2, STR("u1"));
	sql_bind_str(put, 3, STR("member"));
	sql_bind_i64(put, 4, 0);
	assert_int_equal(sql_run(f->sql, put), ERR_EXISTS);
	assert_int_equal(sql_code(f->sql), SQLITE_CONSTRAINT_FOREIGNKEY);
	sql_why(f->sql, "write to", why, sizeof(why));
	assert_non_null(strstr(why, "cannot write to "));
	assert_non_null(strstr(why, sql_path(f->sql)));
}

static void numbers_come_one_at_a_time(void **state)
{
	struct fixture *f = *state;
	int64_t n = 42;

	assert_int_equal(sql_number(f->sql, SQL_LAST_GSEQ, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(sql_number(f->sql, SQL_EPOCH, &n), ERR_OK);
	assert_true(n > 0);
	assert_int_equal(sql_number(f->sql, SQL_ROOMS, &n), ERR_NOT_FOUND);
}

static void a_reader_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct sql *reader = NULL;

	assert_int_equal(sql_open(sql_path(f->sql), SQL_READER, why, sizeof(why), &reader), ERR_OK);
	assert_int_equal(sql_configure(reader), ERR_OK);
	assert_int_equal(sql_script(reader, "DELETE FROM rooms"), ERR_DENIED);
	sql_close(&reader);
}

static void a_statement_without_its_table_fails_when_run(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sql_script(f->sql, "DROP TABLE memberships"), ERR_OK);
	assert_null(sql_get(f->sql, SQL_MEMBERSHIPS));
	assert_int_equal(sql_run(f->sql, sql_get(f->sql, SQL_MEMBERSHIPS)), ERR_IO);
	assert_int_equal(sql_prepare(f->sql), ERR_IO);
	sql_why(f->sql, "read", why, sizeof(why));
	assert_non_null(strstr(why, "memberships"));
}

static void a_checkpoint_says_when_a_reader_is_in_the_way(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other;
	sqlite3_stmt *statement;

	assert_int_equal(sql_checkpoint(f->sql), ERR_OK);
	assert_int_equal(sqlite3_open(sql_path(f->sql), &other), SQLITE_OK);
	sqlite3_prepare_v2(other, "SELECT * FROM meta", -1, &statement, NULL);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sql_script(f->sql, "UPDATE meta SET last_gseq = 1"), ERR_OK);
	/* No test waits for the whole busy time. */
	sqlite3_busy_timeout(sqlite3_db_handle(sql_get(f->sql, SQL_BEGIN)), 1);
	assert_int_equal(sql_checkpoint(f->sql), ERR_BUSY);
	sqlite3_finalize(statement);
	sqlite3_close(other);
	assert_int_equal(sql_checkpoint(f->sql), ERR_OK);
}

/* Nothing that runs for every message may scan a table or sort. */
static void look_ups_use_an_index(void **state)
{
	static const enum sql_name names[] = {SQL_MESSAGE_BY_ID, SQL_MESSAGE_BY_ORIGIN,
	    SQL_PAGE_START, SQL_PAGE, SQL_RAISE_ROOM_SEQ, SQL_REMOVE_MEMBERSHIP};
	struct fixture *f = *state;
	sqlite3 *db = sqlite3_db_handle(sql_get(f->sql, SQL_BEGIN));

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char text[600];
		sqlite3_stmt *plan;

		snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s",
		    sqlite3_sql(sql_get(f->sql, names[i])));
		assert_int_equal(sqlite3_prepare_v2(db, text, -1, &plan, NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *detail = (const char *)sqlite3_column_text(plan, 3);

			if (!strstr(detail, "SEARCH") || strstr(detail, "TEMP B-TREE"))
				fail_msg("%s: %s", text, detail);
		}
		sqlite3_finalize(plan);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_statement_fits_the_tables),
	    TEST(preparing_changes_no_setting),
	    TEST(the_grade_of_synchronous_is_the_mode),
	    TEST(binds_and_reads_back),
	    TEST(a_row_that_may_not_be_is_told_apart),
	    TEST(numbers_come_one_at_a_time),
	    TEST(a_reader_cannot_write),
	    TEST(a_statement_without_its_table_fails_when_run),
	    TEST(a_checkpoint_says_when_a_reader_is_in_the_way),
	    TEST(look_ups_use_an_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
