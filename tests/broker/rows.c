#include "tests/broker/rows.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const struct wall noon = {1700000000000};

struct store_room rows_room(uint64_t id)
{
	static const char *const names[] = {"room-1", "room-2", "room-3"};

	return (struct store_room){
	    .id = id,
	    .nsp = STR("/"),
	    .name = str_of(names[id - 1]),
	    .is_public = true,
	    .created = noon,
	};
}

struct store_message rows_message(uint64_t gseq)
{
	static char content[24], message_id[24];
	int len = snprintf(content + 1, sizeof(content) - 1, "m%llu", (unsigned long long)gseq);

	content[0] = (char)(0xa0 | len); /* msgpack: str of fewer than 32 bytes */
	snprintf(message_id, sizeof(message_id), "id%llu", (unsigned long long)gseq);
	return (struct store_message){
	    .gseq = gseq,
	    .room = (gseq - 1) % ROWS_ROOMS + 1,
	    .seq = (gseq - 1) / ROWS_ROOMS + 1,
	    .user = STR("u1"),
	    .username = STR("Ann"),
	    .type = STR("text"),
	    .content = bytes_of(content, (size_t)len + 1),
	    .message_id = str_of(message_id),
	    .origin_boot = UINT64_MAX - 1,
	    .origin_count = gseq,
	    .timestamp = {noon.ms + (int64_t)gseq},
	};
}

static sqlite3 *open_file(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	return db;
}

void rows_execute(const char *path, const char *sql)
{
	sqlite3 *db = open_file(path);
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(statement, 0);

	sqlite3_finalize(statement);
	return n;
}

int64_t rows_number(const char *path, const char *sql)
{
	sqlite3 *db = open_file(path);
	int64_t n = number(db, sql);

	sqlite3_close(db);
	return n;
}

uint64_t rows_check(const char *path)
{
	sqlite3 *db = open_file(path);
	int64_t n = number(db, "SELECT count(*) FROM messages");

	assert_int_equal(
	    number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
	    1);
	assert_int_equal(number(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(number(db, "SELECT coalesce(max(gseq), 0) FROM messages"), n);
	assert_int_equal(number(db, "SELECT last_gseq FROM meta"), n);
	assert_int_equal(number(db, "SELECT count(*) FROM messages WHERE room = (gseq - 1) % 3 + 1"
				    " AND seq = (gseq - 1) / 3 + 1 AND content = 'm' || gseq"
				    " AND message_id = 'id' || gseq AND EXISTS (SELECT 1"
				    " FROM receipts WHERE receipts.gseq = messages.gseq"
				    " AND receipts.message_id = messages.message_id"
				    " AND origin_count = messages.gseq)"
				    " AND timestamp_ms = 1700000000000 + gseq"),
	    n);
	assert_int_equal(
	    number(db, "SELECT count(*) FROM rooms WHERE seq <>"
		       " (SELECT coalesce(max(seq), 0) FROM messages WHERE room = rooms.id)"),
	    0);
	sqlite3_close(db);
	return (uint64_t)n;
}
