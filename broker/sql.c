#include "broker/sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long another process (a backup, a shell) may hold the database before we give up. */
enum { BUSY_TIMEOUT_MS = 5000 };

struct sql {
	char *path;
	enum sql_mode mode;
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_NAMES];
	int code;         /* extended result code of the last failure */
	int system_errno; /* the errno behind it, 0 = none */
	char message[200];
};

static const char *const texts[SQL_NAMES] = {
#define SETTING(who, text)
#define STATEMENT(name, text) text,
#include "broker/statements.def"
#undef STATEMENT
#undef SETTING
};

enum {
	WHO_READER = SQL_READER,
	WHO_FULL = SQL_WRITER_FULL,
	WHO_NORMAL = SQL_WRITER_NORMAL,
	WHO_WRITER = SQL_WRITER_FULL | SQL_WRITER_NORMAL,
	WHO_ANY = SQL_READER | SQL_WRITER_FULL | SQL_WRITER_NORMAL,
};

static const struct setting {
	unsigned who;
	const char *text;
} settings[] = {
#define SETTING(who, text) {WHO_##who, text},
#define STATEMENT(name, text)
#include "broker/statements.def"
#undef STATEMENT
#undef SETTING
};

static enum err err_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ERR_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return ERR_DENIED;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return ERR_MALFORMED;
	case SQLITE_CONSTRAINT:
		return ERR_EXISTS;
	default:
		return ERR_IO;
	}
}

/*
 * Keeps what is to be known of a failure before the next call on the connection forgets it. Of a
 * COMMIT that failed SQLite does not tell the cause, so errno (0 before the call) stands in.
 */
static enum err note(struct sql *s, int code)
{
	int seen = errno;
	bool has_cause = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;

	if (err_of(code) == ERR_OK)
		return ERR_OK;
	s->code = code;
	s->system_errno = has_cause && s->db ? sqlite3_system_errno(s->db) : 0;
	if (has_cause && s->system_errno == 0)
		s->system_errno = seen;
	snprintf(s->message, sizeof(s->message), "%s",
	    s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
	return err_of(code);
}

enum err sql_open(
    const char *path, enum sql_mode mode, char *ret_why, size_t why_size, struct sql **ret)
{
	struct sql *s = xcalloc(1, sizeof(*s));
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	flags |=
	    mode == SQL_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	s->path = xstrdup(path);
	s->mode = mode;
	enum err e = note(s, sqlite3_open_v2(path, &s->db, flags, NULL));

	if (e) {
		sql_why(s, "open", ret_why, why_size);
		sql_close(&s);
		return e;
	}
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	*ret = s;
	return ERR_OK;
}

void sql_close(struct sql **s)
{
	struct sql *dead = *s;

	*s = NULL;
	if (!dead)
		return;
	for (size_t i = 0; i < SQL_NAMES; i++)
		sqlite3_finalize(dead->statements[i]);
	sqlite3_close(dead->db);
	free(dead->path);
	free(dead);
}

enum err sql_configure(struct sql *s)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		if (!(settings[i].who & s->mode))
			continue;
		enum err e = sql_script(s, settings[i].text);

		if (e)
			return e;
	}
	return ERR_OK;
}

enum err sql_prepare(struct sql *s)
{
	for (size_t i = 0; i < SQL_NAMES; i++)
		if (!sql_get(s, (enum sql_name)i))
			return err_of(s->code);
	return ERR_OK;
}

enum err sql_script(struct sql *s, const char *text)
{
	errno = 0;
	return note(s, sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

enum err sql_checkpoint(struct sql *s)
{
	int frames = 0, copied = 0;

	errno = 0;
	int code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_FULL, &frames, &copied);

	return note(s, code == SQLITE_OK && frames != copied ? SQLITE_BUSY : code);
}

sqlite3_stmt *sql_get(struct sql *s, enum sql_name name)
{
	sqlite3_stmt **at = &s->statements[name];

	if (!*at) {
		int code =
		    sqlite3_prepare_v3(s->db, texts[name], -1, SQLITE_PREPARE_PERSISTENT, at, NULL);

		if (note(s, code))
			return NULL;
	}
	sqlite3_reset(*at);
	return *at;
}

/*
 * Binding can only fail for a parameter that the statement does not have, which every test of
 * that statement shows, or for a statement that was not prepared, which running it reports.
 */
void sql_bind_u64(sqlite3_stmt *statement, int at, uint64_t u)
{
	sqlite3_bind_int64(statement, at, (int64_t)u);
}

void sql_bind_i64(sqlite3_stmt *statement, int at, int64_t i)
{
	sqlite3_bind_int64(statement, at, i);
}

void sql_bind_str(sqlite3_stmt *statement, int at, struct str s)
{
	/* A NULL pointer would bind NULL, not the empty text. */
	sqlite3_bind_text64(statement, at, s.len ? s.p : "", s.len, SQLITE_STATIC, SQLITE_UTF8);
}

void sql_bind_blob(sqlite3_stmt *statement, int at, struct bytes b)
{
	sqlite3_bind_blob64(statement, at, b.len ? b.p : (const void *)"", b.len, SQLITE_STATIC);
}

void sql_bind_null(sqlite3_stmt *statement, int at)
{
	sqlite3_bind_null(statement, at);
}

enum err sql_row(struct sql *s, sqlite3_stmt *statement, bool *ret_has_row)
{
	if (!statement)
		return err_of(s->code);
	errno = 0;
	int code = sqlite3_step(statement);
	enum err e = note(s, code);

	if (code != SQLITE_ROW)
		sqlite3_reset(statement);
	if (e)
		return e;
	*ret_has_row = code == SQLITE_ROW;
	return ERR_OK;
}

enum err sql_run(struct sql *s, sqlite3_stmt *statement)
{
	bool has_row = true;

	while (has_row) {
		enum err e = sql_row(s, statement, &has_row);

		if (e)
			return e;
	}
	return ERR_OK;
}

void sql_done(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
}

uint64_t sql_column_u64(sqlite3_stmt *statement, int at)
{
	return (uint64_t)sqlite3_column_int64(statement, at);
}

int64_t sql_column_i64(sqlite3_stmt *statement, int at)
{
	return sqlite3_column_int64(statement, at);
}

struct str sql_column_str(sqlite3_stmt *statement, int at)
{
	return bytes_str(sql_column_blob(statement, at));
}

struct bytes sql_column_blob(sqlite3_stmt *statement, int at)
{
	/* The bytes of a TEXT are its UTF-8; asked for as a blob they stay where they are. */
	const void *p = sqlite3_column_blob(statement, at);

	return bytes_of(p, (size_t)sqlite3_column_bytes(statement, at));
}

enum err sql_number(struct sql *s, enum sql_name name, int64_t *ret)
{
	sqlite3_stmt *statement = sql_get(s, name);
	bool has_row;
	enum err e = sql_row(s, statement, &has_row);

	if (e)
		return e;
	if (!has_row)
		return ERR_NOT_FOUND;
	*ret = sql_column_i64(statement, 0);
	sql_done(statement);
	return ERR_OK;
}

int sql_code(const struct sql *s)
{
	return s->code;
}

const char *sql_path(const struct sql *s)
{
	return s->path;
}

static const char *mend(const struct sql *s)
{
	if (s->system_errno == EFBIG)
		return "; a file size limit is in force: raise it (LimitFSIZE=, ulimit -f)";
	if (s->system_errno == ENOSPC || s->system_errno == EDQUOT || s->code == SQLITE_FULL)
		return "; free space on its file system";
	switch (err_of(s->code)) {
	case ERR_BUSY:
		return "; end the process that holds it";
	case ERR_DENIED:
		return "; check that directory and file exist and may be written by this user";
	case ERR_MALFORMED:
		return "; restore it from a backup, or name another file";
	default:
		return "";
	}
}

void sql_why(const struct sql *s, const char *verb, char *ret_why, size_t why_size)
{
	char reason[100] = "";

	if (s->system_errno)
		snprintf(reason, sizeof(reason), " (%s)", strerror(s->system_errno));
	snprintf(
	    ret_why, why_size, "cannot %s %s: %s%s%s", verb, s->path, s->message, reason, mend(s));
}
