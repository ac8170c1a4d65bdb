#include "broker/schema.h"

#include "tests/broker/rows.h"
#include "tests/common/tempdir.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char why[400];

/* Two later releases of the program, the second of which has a step that fails. */
static const char two_more[] = "-- version 4\n"
			       "CREATE TABLE pins (room INTEGER);\n"
			       "PRAGMA user_version = 4;\n"
			       "-- version 5\n"
			       "ALTER TABLE rooms ADD COLUMN topic TEXT NOT NULL DEFAULT '-';\n"
			       "PRAGMA user_version = 5;\n";
static const char one_broken[] = "-- version 4\n"
				 "CREATE TABLE pins (room INTEGER);\n"
				 "INSERT INTO nowhere VALUES (1);\n"
				 "PRAGMA user_version = 4;\n";

static int set_up(void **state)
{
	*state = tempdir_new();
	return 0;
}

static int tear_down(void **state)
{
	struct tempdir *t = *state;

	tempdir_free(&t);
	return 0;
}

static char *with(const char *later)
{
	size_t size = strlen(schema_sql) + strlen(later) + 1;
	char *text = xcalloc(1, size);

	snprintf(text, size, "%s%s", schema_sql, later);
	return text;
}

static enum err try_open(const char *path, enum sql_mode mode, const char *schema)
{
	struct sql *s = NULL;
	struct schema_file file = {.path = path, .mode = mode, .text = schema};
	enum err e = schema_open(&file, why, sizeof(why), &s);

	assert_int_equal(e == ERR_OK, s != NULL);
	sql_close(&s);
	return e;
}

static void make(const char *path)
{
	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_OK);
}

static void a_new_file_gets_the_tables(void **state)
{
	const char *path = tempdir_path(*state, "db");

	make(path);
	assert_int_equal(rows_number(path, "PRAGMA user_version"), 3);
	assert_int_equal(rows_number(path, "PRAGMA application_id"), 0x526d6374);
	assert_int_equal(rows_number(path, "PRAGMA page_size"), 4096);
	assert_int_equal(rows_number(path, "SELECT count(*) FROM meta"), 1);
	assert_true(rows_number(path, "SELECT epoch FROM meta") > 0);
	assert_true(rows_number(path, "SELECT created_ms FROM meta") > 1600000000000);
	assert_int_equal(
	    rows_number(path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	assert_int_equal(rows_check(path), 0);
}

static void what_is_there_stays(void **state)
{
	const char *path = tempdir_path(*state, "db"), *other = tempdir_path(*state, "other");

	make(path);
	make(other);
	int64_t epoch = rows_number(path, "SELECT epoch FROM meta");

	make(path);
	assert_int_equal(try_open(path, SQL_READER, schema_sql), ERR_OK);
	assert_true(rows_number(path, "SELECT epoch FROM meta") == epoch);
	assert_true(rows_number(other, "SELECT epoch FROM meta") != epoch);
}

static void an_older_one_comes_forward_with_its_rows(void **state)
{
	const char *path = tempdir_path(*state, "db");
	char *later = with(two_more);

	make(path);
	rows_execute(path, "INSERT INTO rooms (id, nsp, name, is_public, seq, created_ms)"
			   " VALUES (1, '/', 'lobby', 1, 0, 0)");
	assert_int_equal(try_open(path, SQL_WRITER_FULL, later), ERR_OK);
	assert_int_equal(rows_number(path, "PRAGMA user_version"), 5);
	assert_int_equal(rows_number(path, "SELECT count(*) FROM pins"), 0);
	assert_int_equal(
	    rows_number(path, "SELECT count(*) FROM rooms WHERE name = 'lobby' AND topic = '-'"),
	    1);
	/* And once more, now that there is nothing to do. */
	assert_int_equal(try_open(path, SQL_WRITER_FULL, later), ERR_OK);
	free(later);
}

static void a_new_file_takes_all_steps_at_once(void **state)
{
	const char *path = tempdir_path(*state, "db");
	char *later = with(two_more);

	assert_int_equal(try_open(path, SQL_WRITER_FULL, later), ERR_OK);
	assert_int_equal(rows_number(path, "PRAGMA user_version"), 5);
	free(later);
}

/* The schema as it was up to a version. */
static char *up_to(int version)
{
	char marker[32];

	snprintf(marker, sizeof(marker), "-- version %d\n", version + 1);
	const char *end = strstr(schema_sql, marker);

	assert_non_null(end);
	return str_dup((struct str){schema_sql, (size_t)(end - schema_sql)});
}

/* With everything that a broker of version 2 wrote. */
static void what_version_2_had_is_there_in_version_3(void **state)
{
	const char *path = tempdir_path(*state, "db");
	char *old = up_to(2);
	struct sql *s = NULL;

	assert_int_equal(sql_open(path, SQL_WRITER_FULL, why, sizeof(why), &s), ERR_OK);
	assert_int_equal(sql_configure(s), ERR_OK);
	assert_int_equal(sql_script(s, old), ERR_OK);
	sql_close(&s);
	free(old);
	rows_execute(path,
	    "INSERT INTO rooms (id, nsp, name, is_public, seq, created_ms)"
	    " VALUES (1, '/', 'lobby', 1, 2, 0), (2, '/', 'hall', 1, 0, 0);"
	    "INSERT INTO messages (room, seq, gseq, user, username, type, content, timestamp_ms,"
	    " origin_boot, origin_count, message_id) VALUES"
	    " (1, 1, 1, 'u1', 'Ann', 'text', 'h\u00e9', 5, 7, 1, 'k'),"
	    " (1, 2, 2, 'u1', 'Ann', 'file', x'00ff', 6, 7, 2, NULL);"
	    "UPDATE meta SET last_gseq = 2");
	make(path);
	assert_int_equal(rows_number(path, "SELECT count(*) FROM messages WHERE room = 1 AND"
					   " typeof(content) = iif(seq = 1, 'text', 'blob')"
					   " AND message_id IS iif(seq = 1, 'k', NULL)"),
	    2);
	assert_int_equal(rows_number(path, "SELECT count(*) FROM receipts WHERE gseq = seq AND"
					   " origin_boot = 7 AND origin_count = gseq AND"
					   " message_id IS iif(seq = 1, 'k', NULL)"
					   " AND timestamp_ms = 4 + gseq"),
	    2);
	assert_int_equal(rows_number(path, "SELECT bytes FROM rooms WHERE id = 1"), 5);
	assert_int_equal(rows_number(path, "SELECT bytes FROM rooms WHERE id = 2"), 0);
	assert_int_equal(
	    rows_number(path, "SELECT min(first_seq) + max(pruned_gseq) FROM rooms"), 1);
	assert_int_equal(rows_number(path, "SELECT pruned_gseq FROM meta"), 0);
	assert_int_equal(rows_number(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

static void a_step_that_fails_leaves_the_version_before(void **state)
{
	const char *path = tempdir_path(*state, "db");
	char *broken = with(one_broken), *later = with(two_more);

	make(path);
	assert_int_equal(try_open(path, SQL_WRITER_FULL, broken), ERR_IO);
	assert_non_null(strstr(why, "nowhere"));
	assert_int_equal(rows_number(path, "PRAGMA user_version"), 3);
	assert_int_equal(
	    rows_number(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'pins'"), 0);
	assert_int_equal(try_open(path, SQL_WRITER_FULL, later), ERR_OK);
	free(broken);
	free(later);
}

static void killed_in(const char *path, const char *schema, int step)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		char armed[40];

		snprintf(armed, sizeof(armed), "in-migration:%d", step);
		setenv("ROOMCAST_FAILPOINT", armed, 1);
		_exit(try_open(path, SQL_WRITER_FULL, schema) != ERR_OK);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void a_kill_leaves_a_whole_version(void **state)
{
	char *later = with(two_more);

	for (int step = 1; step <= 5; step++) {
		char name[20];

		snprintf(name, sizeof(name), "db%d", step);
		const char *path = tempdir_path(*state, name);

		killed_in(path, later, step);
		assert_int_equal(rows_number(path, "PRAGMA user_version"), step - 1);
		assert_int_equal(try_open(path, SQL_WRITER_FULL, later), ERR_OK);
		assert_int_equal(rows_number(path, "PRAGMA user_version"), 5);
		assert_int_equal(rows_check(path), 0);
	}
	free(later);
}

static void a_newer_one_is_refused(void **state)
{
	const char *path = tempdir_path(*state, "db");

	make(path);
	rows_execute(path, "PRAGMA user_version = 1000");
	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_VERSION);
	assert_non_null(strstr(why, "version 1000"));
	assert_non_null(strstr(why, "upgrade"));
	assert_int_equal(try_open(path, SQL_READER, schema_sql), ERR_VERSION);
	assert_int_equal(rows_number(path, "PRAGMA user_version"), 1000);
}

static void a_reader_wants_this_version(void **state)
{
	const char *path = tempdir_path(*state, "db");
	char *later = with(two_more);

	make(path);
	assert_int_equal(try_open(path, SQL_READER, later), ERR_VERSION);
	assert_non_null(strstr(why, "start the broker"));
	assert_int_equal(rows_number(path, "PRAGMA user_version"), 3);
	free(later);
}

static void a_reader_makes_nothing(void **state)
{
	const char *path = tempdir_path(*state, "db");

	assert_int_equal(try_open(path, SQL_READER, schema_sql), ERR_DENIED);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_file_of_another_kind_is_refused(void **state)
{
	enum { SIZE = 5000 };
	char *text = xcalloc(1, SIZE);

	memset(text, 'x', SIZE);
	const char *path = tempdir_write(*state, "notes.txt", text, SIZE, 0644);

	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_MALFORMED);
	assert_non_null(strstr(why, path));
	assert_int_equal(try_open(path, SQL_READER, schema_sql), ERR_MALFORMED);
	free(text);
}

static void the_database_of_another_program_is_left_alone(void **state)
{
	const char *path = tempdir_write(*state, "foreign", "", 0, 0644);

	rows_execute(path, "CREATE TABLE shopping (item TEXT)");
	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_MALFORMED);
	assert_non_null(strstr(why, "another program"));
	assert_int_equal(rows_number(path, "SELECT count(*) FROM sqlite_schema"), 1);
	assert_int_equal(
	    rows_number(path, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
	rows_execute(path, "PRAGMA application_id = 77; PRAGMA user_version = 1000");
	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_MALFORMED);
}

static void a_damaged_one_is_refused(void **state)
{
	const char *path = tempdir_path(*state, "db");

	make(path);
	/* The header says how many pages there are. */
	assert_int_equal(truncate(path, 8192), 0);
	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_MALFORMED);
	assert_non_null(strstr(why, "backup"));
}

static void one_that_is_cut_off_within_a_page_is_refused(void **state)
{
	const char *path = tempdir_path(*state, "db");
	struct stat st;

	make(path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 100), 0);
	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_MALFORMED);
	assert_non_null(strstr(why, "cut off"));
	assert_non_null(strstr(why, "backup"));
}

static void a_log_without_its_database_is_not_thrown_away(void **state)
{
	const char *path = tempdir_write(*state, "db", "", 0, 0644);
	const char *wal = tempdir_write(*state, "db-wal", "log", 3, 0644);
	struct stat st;

	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_MALFORMED);
	assert_non_null(strstr(why, wal));
	unlink(path);
	assert_int_equal(try_open(path, SQL_WRITER_FULL, schema_sql), ERR_MALFORMED);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 3);
}

static void a_place_that_does_not_serve_is_refused(void **state)
{
	const char *const paths[] = {
	    tempdir_path(*state, "missing/db"), tempdir_path(*state, ""), "/proc/roomcast.db"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		assert_int_equal(try_open(paths[i], SQL_WRITER_FULL, schema_sql), ERR_DENIED);
		assert_non_null(strstr(why, paths[i]));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_new_file_gets_the_tables),
	    TEST(what_is_there_stays),
	    TEST(an_older_one_comes_forward_with_its_rows),
	    TEST(a_new_file_takes_all_steps_at_once),
	    TEST(what_version_2_had_is_there_in_version_3),
	    TEST(a_step_that_fails_leaves_the_version_before),
	    TEST(a_kill_leaves_a_whole_version),
	    TEST(a_newer_one_is_refused),
	    TEST(a_reader_wants_this_version),
	    TEST(a_reader_makes_nothing),
	    TEST(a_file_of_another_kind_is_refused),
	    TEST(the_database_of_another_program_is_left_alone),
	    TEST(a_damaged_one_is_refused),
	    TEST(one_that_is_cut_off_within_a_page_is_refused),
	    TEST(a_log_without_its_database_is_not_thrown_away),
	    TEST(a_place_that_does_not_serve_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
