#include "broker/reader_user.h"

#include "broker/reader_priv.h"

enum err reader_user(struct reader *r, struct str id,
    void (*fn)(void *ctx, const struct reader_user *user), void *ctx)
{
	sqlite3_stmt *find = sql_get(r->sql, SQL_USER);
	bool has_row;

	sql_bind_str(find, 1, id);
	enum err e = sql_row(r->sql, find, &has_row);

	if (e || !has_row)
		return e ? e : ERR_NOT_FOUND;
	struct reader_user user = {.username = sql_column_str(find, 0),
	    .first_seen = {sql_column_i64(find, 1)},
	    .last_seen = {sql_column_i64(find, 2)}};

	fn(ctx, &user);
	sql_done(find);
	return ERR_OK;
}
