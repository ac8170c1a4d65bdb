#include "broker/reader_front.h"

#include "broker/reader_priv.h"

enum err reader_room_front(struct reader *r, uint64_t room, struct reader_front *ret)
{
	sqlite3_stmt *find = sql_get(r->sql, SQL_ROOM_FRONT);
	bool has_row;

	sql_bind_u64(find, 1, room);
	enum err e = sql_row(r->sql, find, &has_row);

	if (e)
		return e;
	if (!has_row)
		return ERR_NOT_FOUND;
	*ret = (struct reader_front){
	    .first_seq = sql_column_u64(find, 0), .pruned_gseq = sql_column_u64(find, 1)};
	sql_done(find);
	return ERR_OK;
}

enum err reader_each_oldest(struct reader *r, const struct reader_page *from,
    bool (*fn)(void *ctx, const struct reader_oldest *message), void *ctx)
{
	sqlite3_stmt *front = sql_get(r->sql, SQL_FRONT);
	bool has_row, is_wanted = true;
	enum err e = ERR_OK;

	sql_bind_u64(front, 1, from->room);
	sql_bind_u64(front, 2, from->after + 1);
	sql_bind_u64(front, 3, from->limit);
	while (is_wanted && !(e = sql_row(r->sql, front, &has_row)) && has_row) {
		struct reader_oldest message = {
		    .seq = sql_column_u64(front, 0),
		    .gseq = sql_column_u64(front, 1),
		    .timestamp = {sql_column_i64(front, 2)},
		    .bytes = sql_column_u64(front, 3),
		};

		is_wanted = fn(ctx, &message);
	}
	sql_done(front);
	return e;
}

enum err reader_oldest_receipt(struct reader *r, struct wall *ret)
{
	int64_t ms;
	enum err e = sql_number(r->sql, SQL_OLDEST_RECEIPT, &ms);

	if (!e)
		*ret = (struct wall){ms};
	return e;
}

enum err reader_find_gseq(struct reader *r, uint64_t gseq, struct reader_place *ret)
{
	sqlite3_stmt *find = sql_get(r->sql, SQL_MESSAGE_BY_GSEQ);
	bool has_row;

	sql_bind_u64(find, 1, gseq);
	enum err e = sql_row(r->sql, find, &has_row);

	if (e)
		return e;
	if (!has_row)
		return ERR_NOT_FOUND;
	*ret = (struct reader_place){
	    .room = sql_column_u64(find, 0),
	    .seq = sql_column_u64(find, 1),
	    .is_deleted = sql_column_u64(find, 2) != 0,
	    .bytes = sql_column_u64(find, 3),
	};
	sql_done(find);
	return ERR_OK;
}
