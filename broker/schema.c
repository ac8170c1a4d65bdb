#include "broker/schema.h"

#include "common/failpoint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* As set by version 1 in schema.sql. */
enum {
	APPLICATION_ID = 0x526d6374,
	PAGE_SIZE = 4096, /* see statements.def */
};

static const char marker[] = "-- version ";

struct why {
	char *text;
	size_t size;
};

/* The failure of `s` in words, and the error again. */
static enum err fail(const struct sql *s, enum err e, const char *verb, struct why why)
{
	sql_why(s, verb, why.text, why.size);
	return e;
}

/* The statements that lead from the version before to this one. */
struct block {
	int64_t version;
	const char *text, *end;
};

/* The next marker line at or after `at`, which begins a line; NULL = none. */
static const char *find_marker(const char *at)
{
	while (strncmp(at, marker, sizeof(marker) - 1) != 0) {
		at = strchr(at, '\n');
		if (!at)
			return NULL;
		at++;
	}
	return at;
}

/* Takes the next block off the script and moves `at` behind it. */
static bool next_block(const char **at, struct block *ret)
{
	const char *line = find_marker(*at);

	if (!line)
		return false;
	ret->version = strtol(line + sizeof(marker) - 1, NULL, 10);
	ret->text = line + strcspn(line, "\n");
	ret->end = find_marker(ret->text);
	if (!ret->end)
		ret->end = ret->text + strlen(ret->text);
	*at = ret->end;
	return true;
}

static int64_t latest_version(const char *schema)
{
	struct block block = {0};

	while (next_block(&schema, &block))
		;
	return block.version;
}

/*
 * What SQLite would open without a word: an empty database, throwing away its log, which somebody
 * may want to rescue; and one whose end is missing, with zeros for what is not there. Only a log
 * may still have to complete it.
 */
static enum err check_files(const char *path, struct why why)
{
	struct stat database = {0}, wal = {0};
	char wal_path[4096];

	snprintf(wal_path, sizeof(wal_path), "%s-wal", path);
	(void)!stat(path, &database);
	(void)!stat(wal_path, &wal);
	if (database.st_size == 0 && wal.st_size > 0) {
		snprintf(why.text, why.size,
		    "%s is missing or empty but its log %s is not; restore the database from a "
		    "backup, or move the log away to begin with an empty one",
		    path, wal_path);
		return ERR_MALFORMED;
	}
	if (database.st_size % PAGE_SIZE != 0 && wal.st_size == 0) {
		snprintf(why.text, why.size,
		    "%s is cut off in the middle of a page; restore it from a backup", path);
		return ERR_MALFORMED;
	}
	return ERR_OK;
}

static enum err check_identity(struct sql *s, int64_t version, struct why why)
{
	int64_t application, tables;
	enum err e = sql_number(s, SQL_APPLICATION_ID, &application);

	if (!e)
		e = sql_number(s, SQL_COUNT_TABLES, &tables);
	if (e)
		return fail(s, e, "read", why);
	bool is_new = application == 0 && version == 0 && tables == 0;

	if (application == APPLICATION_ID || is_new)
		return ERR_OK;
	snprintf(why.text, why.size, "%s is the database of another program; name another file",
	    sql_path(s));
	return ERR_MALFORMED;
}

static enum err check_version(
    const struct sql *s, const struct schema_file *file, int64_t version, struct why why)
{
	int64_t latest = latest_version(file->text);
	bool comes_forward = file->mode != SQL_READER && version < latest;

	if (version == latest || comes_forward)
		return ERR_OK;
	snprintf(why.text, why.size, "%s has schema version %lld, this program knows %lld; %s",
	    sql_path(s), (long long)version, (long long)latest,
	    version > latest ? "upgrade the program" : "start the broker, which brings it forward");
	return ERR_VERSION;
}

/* WAL is refused silently, by file systems without shared memory for one. */
static enum err check_journal(struct sql *s, struct why why)
{
	sqlite3_stmt *statement = sql_get(s, SQL_JOURNAL_MODE);
	bool has_row;
	enum err e = sql_row(s, statement, &has_row);

	if (e)
		return fail(s, e, "read", why);
	bool is_wal = has_row && str_eqz(sql_column_str(statement, 0), "wal");

	sql_done(statement);
	if (is_wal)
		return ERR_OK;
	snprintf(why.text, why.size,
	    "%s cannot have a write-ahead log; put it on a local file system", sql_path(s));
	return ERR_IO;
}

static enum err step(struct sql *s, const struct block *block)
{
	char *text = str_dup((struct str){block->text, (size_t)(block->end - block->text)});
	int64_t reached;
	enum err e = sql_run(s, sql_get(s, SQL_BEGIN));

	if (!e)
		e = sql_script(s, text);
	free(text);
	if (!e)
		e = sql_number(s, SQL_USER_VERSION, &reached);
	if (e)
		return e;
	assert(reached == block->version);
	failpoint("in-migration");
	return sql_run(s, sql_get(s, SQL_COMMIT));
}

static enum err migrate(struct sql *s, const char *schema, int64_t version, struct why why)
{
	struct block block;

	while (next_block(&schema, &block)) {
		if (block.version <= version)
			continue;
		enum err e = step(s, &block);

		if (e)
			return fail(s, e, "bring forward the schema of", why);
	}
	return ERR_OK;
}

static enum err make_ready(struct sql *s, const struct schema_file *file, struct why why)
{
	int64_t version;
	enum err e = sql_number(s, SQL_USER_VERSION, &version);

	if (e)
		return fail(s, e, "read", why);
	e = check_identity(s, version, why);
	if (!e)
		e = check_version(s, file, version, why);
	if (e)
		return e;
	e = sql_configure(s);
	if (e)
		return fail(s, e, "set up", why);
	e = check_journal(s, why);
	if (!e && file->mode != SQL_READER)
		e = migrate(s, file->text, version, why);
	if (e)
		return e;
	e = sql_prepare(s);
	return e ? fail(s, e, "use the tables of", why) : ERR_OK;
}

enum err schema_open(
    const struct schema_file *file, char *ret_why, size_t why_size, struct sql **ret)
{
	struct sql *s = NULL;
	struct why why = {ret_why, why_size};
	enum err e = check_files(file->path, why);

	if (!e)
		e = sql_open(file->path, file->mode, ret_why, why_size, &s);
	if (!e)
		e = make_ready(s, file, why);
	if (e) {
		sql_close(&s);
		return e;
	}
	*ret = s;
	return ERR_OK;
}
