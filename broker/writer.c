#include "broker/writer.h"

#include "broker/apply.h"
#include "broker/schema.h"
#include "common/failpoint.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct writer {
	char *path;
	enum sql_mode mode;
	struct sql *sql;   /* NULL after a failure, until it could be opened again */
	int64_t epoch;     /* the database's, 0 before it was first opened */
	uint64_t number;   /* of the last transaction tried; a number is used once */
	uint64_t doubtful; /* number of the batch in doubt, 0 = none */
};

/* Reads what the database says of itself; the first time this is what it has to stay. */
static enum err recognise(struct writer *w, char *ret_why, size_t why_size)
{
	int64_t last, epoch;
	enum err e = sql_number(w->sql, SQL_LAST_COMMIT, &last);

	if (!e)
		e = sql_number(w->sql, SQL_EPOCH, &epoch);
	if (e) {
		sql_why(w->sql, "read", ret_why, why_size);
		return e;
	}
	if (w->epoch && w->epoch != epoch) {
		snprintf(ret_why, why_size,
		    "%s is not the database of before; put that one back, or start anew", w->path);
		return ERR_MALFORMED;
	}
	w->epoch = epoch;
	if ((uint64_t)last > w->number)
		w->number = (uint64_t)last;
	return ERR_OK;
}

static enum err reopen(struct writer *w, char *ret_why, size_t why_size)
{
	struct schema_file file = {.path = w->path, .mode = w->mode, .text = schema_sql};

	sql_close(&w->sql);
	/* Opening would make a new one, and nobody would notice that the old rows are gone. */
	if (w->epoch && access(w->path, F_OK) != 0) {
		snprintf(ret_why, why_size, "%s: %s; put it back", w->path, strerror(errno));
		return ERR_DENIED;
	}
	enum err e = schema_open(&file, ret_why, why_size, &w->sql);

	if (!e)
		e = recognise(w, ret_why, why_size);
	if (e)
		sql_close(&w->sql);
	return e;
}

enum err writer_open(
    const struct store_conf *conf, char *ret_why, size_t why_size, struct writer **ret)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->path = xstrdup(conf->path);
	w->mode = conf->is_synchronous_full ? SQL_WRITER_FULL : SQL_WRITER_NORMAL;
	enum err e = reopen(w, ret_why, why_size);

	if (e) {
		writer_close(&w);
		return e;
	}
	*ret = w;
	return ERR_OK;
}

void writer_close(struct writer **w)
{
	struct writer *dead = *w;

	*w = NULL;
	if (!dead)
		return;
	/* What a checkpoint leaves undone, the next start does. */
	if (dead->sql)
		(void)!sql_checkpoint(dead->sql);
	sql_close(&dead->sql);
	free(dead->path);
	free(dead);
}

static enum err mark_commit(struct sql *s, uint64_t last_gseq, uint64_t number)
{
	sqlite3_stmt *mark = sql_get(s, SQL_MARK_COMMIT);

	sql_bind_u64(mark, 1, last_gseq);
	sql_bind_u64(mark, 2, number);
	return sql_run(s, mark);
}

/* All of a transaction but its COMMIT. Without a batch it only leaves its number. */
static enum err execute(struct sql *s, const struct batch *b, uint64_t number)
{
	uint64_t last_gseq = 0;
	enum err e = sql_run(s, sql_get(s, SQL_BEGIN));

	for (size_t i = 0; !e && b && i < batch_count(b); i++)
		e = apply_op(s, batch_at(b, i), &last_gseq);
	return e ? e : mark_commit(s, last_gseq, number);
}

/*
 * A COMMIT that could not write the log to its end left no end of a transaction there. Any other
 * failure may have come after that end was written.
 */
static bool is_certain(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
	case SQLITE_BUSY:
	case SQLITE_READONLY:
		return true;
	default:
		return code == SQLITE_IOERR_WRITE;
	}
}

enum writer_outcome writer_commit(
    struct writer *w, const struct batch *b, char ret_why[STORE_WHY_SIZE])
{
	enum writer_outcome outcome = WRITER_FAILED;

	assert(w->doubtful == 0);
	if (!w->sql && reopen(w, ret_why, STORE_WHY_SIZE))
		return WRITER_FAILED;
	uint64_t number = ++w->number;

	if (!execute(w->sql, b, number)) {
		failpoint("before-commit");
		if (!sql_run(w->sql, sql_get(w->sql, SQL_COMMIT))) {
			failpoint("after-commit");
			return WRITER_COMMITTED;
		}
		if (!is_certain(sql_code(w->sql))) {
			w->doubtful = number;
			outcome = WRITER_IN_DOUBT;
		}
	}
	sql_why(w->sql, "write to", ret_why, STORE_WHY_SIZE);
	/* After an error the connection's view of the files is not to be trusted; it ends here,
	 * which rolls back, and the next transaction opens another. */
	sql_close(&w->sql);
	return outcome;
}

/* A transaction in the place of the one that is not there, so that it stays so. */
static enum err fence(struct writer *w)
{
	enum err e = execute(w->sql, NULL, ++w->number);

	return e ? e : sql_run(w->sql, sql_get(w->sql, SQL_COMMIT));
}

/* On the connection just opened. */
static enum err settle(struct writer *w, bool *ret_is_there)
{
	int64_t last;
	enum err e = sql_number(w->sql, SQL_LAST_COMMIT, &last);

	if (e)
		return e;
	*ret_is_there = (uint64_t)last == w->doubtful;
	if (!*ret_is_there)
		return fence(w);
	/* The log may never have reached the disk although its pages count as clean now. Copying
	 * them into the database writes them again. */
	return sql_checkpoint(w->sql);
}

enum writer_outcome writer_settle(struct writer *w, char ret_why[STORE_WHY_SIZE])
{
	bool is_there;

	assert(w->doubtful != 0);
	if (reopen(w, ret_why, STORE_WHY_SIZE))
		return WRITER_IN_DOUBT;
	if (settle(w, &is_there)) {
		sql_why(w->sql, "settle the last transaction of", ret_why, STORE_WHY_SIZE);
		sql_close(&w->sql);
		return WRITER_IN_DOUBT;
	}
	w->doubtful = 0;
	return is_there ? WRITER_COMMITTED : WRITER_FAILED;
}
