#include "broker/reader.h"

#include "broker/reader_priv.h"
#include "broker/schema.h"
#include "proto/value.h"

#include <stdlib.h>

enum err reader_open(const char *path, char *ret_why, size_t why_size, struct reader **ret)
{
	struct sql *sql;
	struct schema_file file = {.path = path, .mode = SQL_READER, .text = schema_sql};
	enum err e = schema_open(&file, ret_why, why_size, &sql);

	if (e)
		return e;
	struct reader *r = xcalloc(1, sizeof(*r));

	r->sql = sql;
	*ret = r;
	return ERR_OK;
}

void reader_close(struct reader **r)
{
	struct reader *dead = *r;

	*r = NULL;
	if (!dead)
		return;
	sql_close(&dead->sql);
	buf_free(&dead->content);
	free(dead);
}

static enum err receipt(struct reader *r, sqlite3_stmt *found, struct reader_receipt *ret)
{
	bool has_row;
	enum err e = sql_row(r->sql, found, &has_row);

	if (e)
		return e;
	if (!has_row)
		return ERR_NOT_FOUND;
	*ret = (struct reader_receipt){
	    .gseq = sql_column_u64(found, 0),
	    .seq = sql_column_u64(found, 1),
	    .room = sql_column_u64(found, 2),
	    .timestamp = {sql_column_i64(found, 3)},
	};
	sql_done(found);
	return ERR_OK;
}

enum err reader_find_message_id(
    struct reader *r, struct str user, struct str message_id, struct reader_receipt *ret)
{
	sqlite3_stmt *find = sql_get(r->sql, SQL_MESSAGE_BY_ID);

	sql_bind_str(find, 1, user);
	sql_bind_str(find, 2, message_id);
	return receipt(r, find, ret);
}

enum err reader_find_origin(
    struct reader *r, uint64_t boot, uint64_t count, struct reader_receipt *ret)
{
	sqlite3_stmt *find = sql_get(r->sql, SQL_MESSAGE_BY_ORIGIN);

	sql_bind_u64(find, 1, boot);
	sql_bind_u64(find, 2, count);
	return receipt(r, find, ret);
}

/* The run of neighbours a page consists of: first <= seq < end. */
struct range {
	uint64_t first, end;
	bool has_more_before;
};

/* A number from outside may be larger than SQLite's; so large is beyond every seq. */
static uint64_t clamp(uint64_t seq)
{
	return seq < INT64_MAX ? seq : INT64_MAX;
}

/* What is in a page so far. */
struct load {
	unsigned count, blobs;
	size_t bytes;
};

/* Adds the content at hand; does it still fit? */
static bool fits(const struct reader_page *page, struct load *load, sqlite3_stmt *row, int at)
{
	load->count++;
	load->blobs += sqlite3_column_type(row, at) == SQLITE_BLOB;
	load->bytes += sql_column_blob(row, at).len;
	if (load->count > page->limit)
		return false;
	return load->count == 1 || ((!page->max_bytes || load->bytes <= page->max_bytes) &&
				       (!page->max_blobs || load->blobs <= page->max_blobs));
}

/* Walks back from the end of the page until it is full. */
static enum err find_range_back(struct reader *r, const struct reader_page *page, struct range *ret)
{
	sqlite3_stmt *back = sql_get(r->sql, SQL_PAGE_START);
	struct range range = {.end = page->before ? clamp(page->before) : INT64_MAX};
	struct load load = {0};
	bool has_row;
	enum err e;

	range.first = range.end;
	sql_bind_u64(back, 1, page->room);
	sql_bind_u64(back, 2, range.end);
	sql_bind_u64(back, 3, (uint64_t)page->limit + 1);
	while (!(e = sql_row(r->sql, back, &has_row)) && has_row) {
		range.has_more_before = !fits(page, &load, back, 1);
		if (range.has_more_before)
			break;
		range.first = sql_column_u64(back, 0);
	}
	sql_done(back);
	if (!e)
		*ret = range;
	return e;
}

static struct bytes encode_content(struct reader *r, sqlite3_stmt *page, int at)
{
	buf_reset(&r->content);
	if (sqlite3_column_type(page, at) == SQLITE_NULL)
		value_put_nil(&r->content);
	else if (sqlite3_column_type(page, at) == SQLITE_TEXT)
		value_put_str(&r->content, sql_column_str(page, at));
	else
		value_put_bin(&r->content, sql_column_blob(page, at));
	return buf_bytes(&r->content);
}

static struct reader_message message_of(struct reader *r, sqlite3_stmt *page)
{
	bool is_deleted = sqlite3_column_type(page, 5) == SQLITE_NULL;

	return (struct reader_message){
	    .seq = sql_column_u64(page, 0),
	    .gseq = sql_column_u64(page, 1),
	    .user = sql_column_str(page, 2),
	    .username = sql_column_str(page, 3),
	    .type = sql_column_str(page, 4),
	    .content = encode_content(r, page, 5),
	    .timestamp = {sql_column_i64(page, 6)},
	    .deleted = is_deleted ? sql_column_u64(page, 1) : 0,
	};
}

/* Who gets the messages. */
struct sink {
	void (*fn)(void *ctx, const struct reader_message *message);
	void *ctx;
};

/* ret_is_full: the page ended before the range did. */
static enum err read_range(struct reader *r, const struct reader_page *page,
    const struct range *range, const struct sink *sink, bool *ret_is_full)
{
	sqlite3_stmt *forward = sql_get(r->sql, SQL_PAGE);
	struct load load = {0};
	bool has_row, is_full = false;
	enum err e;

	sql_bind_u64(forward, 1, page->room);
	sql_bind_u64(forward, 2, range->first);
	sql_bind_u64(forward, 3, range->end);
	sql_bind_u64(forward, 4, (uint64_t)page->limit + 1);
	while (!(e = sql_row(r->sql, forward, &has_row)) && has_row) {
		is_full = !fits(page, &load, forward, 5);
		if (is_full)
			break;
		struct reader_message message = message_of(r, forward);

		sink->fn(sink->ctx, &message);
	}
	sql_done(forward);
	if (!e)
		*ret_is_full = is_full;
	return e;
}

enum err reader_history(struct reader *r, const struct reader_page *page,
    void (*fn)(void *ctx, const struct reader_message *message), void *ctx, bool *ret_more)
{
	bool is_forward = page->before == 0 && page->has_after;
	struct range range = {.first = clamp(page->after), .end = INT64_MAX};
	struct sink sink = {fn, ctx};
	bool is_full;
	enum err e;

	if (range.first < range.end)
		range.first++;
	if (!is_forward) {
		e = find_range_back(r, page, &range);
		if (e)
			return e;
	}
	e = read_range(r, page, &range, &sink, &is_full);
	if (!e)
		*ret_more = is_forward ? is_full : range.has_more_before;
	return e;
}

static struct reader_entry entry_of(struct reader *r, sqlite3_stmt *row)
{
	struct reader_entry entry = {
	    .message = message_of(r, row),
	    .room = sql_column_u64(row, 7),
	    .nsp = sql_column_str(row, 8),
	    .name = sql_column_str(row, 9),
	};
	uint64_t target = sql_column_u64(row, 10);

	if (target)
		entry.message.deleted = target;
	return entry;
}

enum err reader_log(struct reader *r, const struct reader_span *span,
    void (*fn)(void *ctx, const struct reader_entry *entry), void *ctx, uint64_t *ret_reached)
{
	sqlite3_stmt *log = sql_get(r->sql, SQL_LOG);
	const struct reader_page page = {.limit = span->limit, .max_bytes = span->max_bytes};
	struct load load = {0};
	uint64_t reached = span->after;
	bool has_row, is_full = false;
	enum err e;

	sql_bind_u64(log, 1, clamp(span->after));
	sql_bind_u64(log, 2, clamp(span->upto));
	sql_bind_u64(log, 3, (uint64_t)span->limit + 1);
	while (!(e = sql_row(r->sql, log, &has_row)) && has_row) {
		is_full = !fits(&page, &load, log, 5);
		if (is_full)
			break;
		struct reader_entry entry = entry_of(r, log);

		fn(ctx, &entry);
		reached = entry.message.gseq;
	}
	sql_done(log);
	if (!e)
		*ret_reached = is_full ? reached : span->upto;
	return e;
}

/* A statement of one row about a room and a number in it. */
static enum err find_at(struct reader *r, sqlite3_stmt *find, uint64_t room, uint64_t seq)
{
	bool has_row;

	sql_bind_u64(find, 1, room);
	sql_bind_u64(find, 2, clamp(seq));
	enum err e = sql_row(r->sql, find, &has_row);

	if (e)
		return e;
	return has_row ? ERR_OK : ERR_NOT_FOUND;
}

enum err reader_gseq_at(struct reader *r, uint64_t room, uint64_t seq, uint64_t *ret)
{
	sqlite3_stmt *find = sql_get(r->sql, SQL_GSEQ_AT);
	enum err e = find_at(r, find, room, seq);

	if (e)
		return e;
	*ret = sql_column_u64(find, 0);
	sql_done(find);
	return ERR_OK;
}

enum err reader_message_at(struct reader *r, uint64_t room, uint64_t seq,
    void (*fn)(void *ctx, const struct reader_message *message), void *ctx)
{
	sqlite3_stmt *find = sql_get(r->sql, SQL_MESSAGE_AT);
	enum err e = find_at(r, find, room, seq);

	if (e)
		return e;
	struct reader_message message = message_of(r, find);

	fn(ctx, &message);
	sql_done(find);
	return ERR_OK;
}

enum err reader_deletion_after(
    struct reader *r, uint64_t room, uint64_t gseq, struct reader_deletion *ret)
{
	sqlite3_stmt *find = sql_get(r->sql, SQL_DELETION_AFTER);
	enum err e = find_at(r, find, room, gseq);

	if (e)
		return e;
	*ret = (struct reader_deletion){.gseq = sql_column_u64(find, 0),
	    .seq = sql_column_u64(find, 1),
	    .target = sql_column_u64(find, 2)};
	sql_done(find);
	return ERR_OK;
}
