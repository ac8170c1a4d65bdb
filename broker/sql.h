#ifndef ROOMCAST_BROKER_SQL_H
#define ROOMCAST_BROKER_SQL_H
/*
 * One SQLite connection and its prepared statements (statements.def). For the files that write
 * and read the database, the only ones that see an SQLite type. A connection is used by one
 * thread at a time.
 *
 * What goes wrong is returned as enum err, and kept until the next failure for sql_why() and
 * sql_code():
 *   ERR_BUSY       another process holds the database
 *   ERR_DENIED     the file cannot be opened or written
 *   ERR_MALFORMED  not a database, or a damaged one
 *   ERR_EXISTS     a constraint: such a row exists, or the room it names does not
 *   ERR_IO         the disk is full, or any other failure
 */
#include "common/str.h"

#include <sqlite3.h>

struct sql;

enum sql_name {
#define SETTING(who, text)
#define STATEMENT(name, text) SQL_##name,
#include "broker/statements.def"
#undef STATEMENT
#undef SETTING
	SQL_NAMES
};

enum sql_mode {
	SQL_READER = 1,        /* never writes; the file must exist */
	SQL_WRITER_FULL = 2,   /* a commit survives loss of power */
	SQL_WRITER_NORMAL = 4, /* a commit survives the death of the process */
};

/* Opens the file without looking into it yet. */
MUST_USE enum err sql_open(
    const char *path, enum sql_mode mode, char *ret_why, size_t why_size, struct sql **ret);

/* Rolls back what is open. The last writer to close also checkpoints. */
void sql_close(struct sql **s);

/* Executes the rows SETTING of this connection's mode. */
MUST_USE enum err sql_configure(struct sql *s);

/* Prepares every statement now, so that a table that does not fit is found at start. */
MUST_USE enum err sql_prepare(struct sql *s);

/* Executes a script of many statements. */
MUST_USE enum err sql_script(struct sql *s, const char *text);

/* Copies the log into the database, durably. ERR_BUSY: not all of it, a reader needs the rest. */
MUST_USE enum err sql_checkpoint(struct sql *s);

/*
 * The statement, ready for its parameters (numbered from 1; what is bound is borrowed until the
 * statement has run). NULL when it cannot be prepared, which sql_run() and sql_row() then report.
 */
sqlite3_stmt *sql_get(struct sql *s, enum sql_name name);

void sql_bind_u64(sqlite3_stmt *statement, int at, uint64_t u);
void sql_bind_i64(sqlite3_stmt *statement, int at, int64_t i);
void sql_bind_str(sqlite3_stmt *statement, int at, struct str s);
void sql_bind_blob(sqlite3_stmt *statement, int at, struct bytes b);
void sql_bind_null(sqlite3_stmt *statement, int at);

/* Runs to the end, ignoring rows. */
MUST_USE enum err sql_run(struct sql *s, sqlite3_stmt *statement);

/* The next row, if there is one. Without one, and on failure, the statement is done. */
MUST_USE enum err sql_row(struct sql *s, sqlite3_stmt *statement, bool *ret_has_row);

/* Ends a statement before its last row; an unfinished one would hold the WAL back. */
void sql_done(sqlite3_stmt *statement);

/* Columns of the row, numbered from 0; views are good until the statement moves on. */
uint64_t sql_column_u64(sqlite3_stmt *statement, int at);
int64_t sql_column_i64(sqlite3_stmt *statement, int at);
struct str sql_column_str(sqlite3_stmt *statement, int at);
struct bytes sql_column_blob(sqlite3_stmt *statement, int at);

/* The first column of the first row. ERR_NOT_FOUND when there is no row. */
MUST_USE enum err sql_number(struct sql *s, enum sql_name name, int64_t *ret);

/* The extended result code of the last failure. */
int sql_code(const struct sql *s);

const char *sql_path(const struct sql *s);

/* The last failure in words: "cannot <verb> <path>: <reason>; <what to do>". */
void sql_why(const struct sql *s, const char *verb, char *ret_why, size_t why_size);

#endif
