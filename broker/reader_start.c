#include "broker/reader_start.h"

#include "broker/reader_priv.h"

enum err reader_each_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_room *room), void *ctx)
{
	sqlite3_stmt *rooms = sql_get(r->sql, SQL_ROOMS);
	bool has_row;
	enum err e;

	while (!(e = sql_row(r->sql, rooms, &has_row)) && has_row) {
		struct reader_room room = {
		    .id = sql_column_u64(rooms, 0),
		    .nsp = sql_column_str(rooms, 1),
		    .name = sql_column_str(rooms, 2),
		    .is_public = sql_column_u64(rooms, 3) != 0,
		    .seq = sql_column_u64(rooms, 4),
		    .is_archived = sql_column_u64(rooms, 5) != 0,
		    .first_seq = sql_column_u64(rooms, 6),
		    .bytes = sql_column_u64(rooms, 7),
		};

		fn(ctx, &room);
	}
	return e;
}

enum err reader_each_membership(
    struct reader *r, void (*fn)(void *ctx, const struct reader_membership *membership), void *ctx)
{
	sqlite3_stmt *memberships = sql_get(r->sql, SQL_MEMBERSHIPS);
	bool has_row;
	enum err e;

	while (!(e = sql_row(r->sql, memberships, &has_row)) && has_row) {
		struct reader_membership membership = {
		    .room = sql_column_u64(memberships, 0),
		    .user = sql_column_str(memberships, 1),
		    .role = sql_column_str(memberships, 2),
		    .since = {(int64_t)sql_column_u64(memberships, 3)},
		};

		fn(ctx, &membership);
	}
	return e;
}

enum err reader_each_sanction(
    struct reader *r, void (*fn)(void *ctx, const struct store_sanction *sanction), void *ctx)
{
	sqlite3_stmt *sanctions = sql_get(r->sql, SQL_SANCTIONS);
	bool has_row;
	enum err e;

	while (!(e = sql_row(r->sql, sanctions, &has_row)) && has_row) {
		struct store_sanction sanction = {
		    .kind = sql_column_str(sanctions, 0),
		    .user = sql_column_str(sanctions, 1),
		    .nsp = sql_column_str(sanctions, 2),
		    .room = sql_column_u64(sanctions, 3),
		    .by = sql_column_str(sanctions, 4),
		    .reason = sql_column_str(sanctions, 5),
		    .since = {(int64_t)sql_column_u64(sanctions, 6)},
		    .until = {(int64_t)sql_column_u64(sanctions, 7)},
		};

		fn(ctx, &sanction);
	}
	return e;
}

enum err reader_each_revocation(
    struct reader *r, void (*fn)(void *ctx, const struct revocation_facts *revocation), void *ctx)
{
	sqlite3_stmt *revocations = sql_get(r->sql, SQL_REVOCATIONS);
	bool has_row;
	enum err e;

	while (!(e = sql_row(r->sql, revocations, &has_row)) && has_row) {
		struct revocation_facts revocation = {
		    .kind = (enum revocation_kind)sql_column_u64(revocations, 0),
		    .subject = sql_column_str(revocations, 1),
		    .before = {sql_column_i64(revocations, 2)},
		    .until = {sql_column_i64(revocations, 3)},
		    .made = {sql_column_i64(revocations, 4)},
		};

		if (revocation.kind < REVOCATION_KINDS)
			fn(ctx, &revocation);
	}
	return e;
}

enum err reader_each_session(
    struct reader *r, void (*fn)(void *ctx, const struct reader_session *session), void *ctx)
{
	sqlite3_stmt *sessions = sql_get(r->sql, SQL_SESSIONS);
	bool has_row;
	enum err e;

	while (!(e = sql_row(r->sql, sessions, &has_row)) && has_row) {
		struct reader_session session = {
		    .id = sql_column_u64(sessions, 0),
		    .pid = sql_column_str(sessions, 1),
		    .socket = sql_column_str(sessions, 2),
		    .sid = sql_column_str(sessions, 3),
		    .nsp = sql_column_str(sessions, 4),
		    .user = sql_column_str(sessions, 5),
		    .username = sql_column_str(sessions, 6),
		    .gseq = sql_column_u64(sessions, 7),
		};

		fn(ctx, &session);
	}
	return e;
}

enum err reader_each_session_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_session_room *room), void *ctx)
{
	sqlite3_stmt *rooms = sql_get(r->sql, SQL_SESSION_ROOMS);
	bool has_row;
	enum err e;

	while (!(e = sql_row(r->sql, rooms, &has_row)) && has_row) {
		struct reader_session_room room = {.session = sql_column_u64(rooms, 0),
		    .room = sql_column_u64(rooms, 1),
		    .gseq = sql_column_u64(rooms, 2)};

		fn(ctx, &room);
	}
	return e;
}

static enum err number(struct reader *r, enum sql_name name, uint64_t *ret)
{
	int64_t n;
	enum err e = sql_number(r->sql, name, &n);

	if (!e)
		*ret = (uint64_t)n;
	return e;
}

enum err reader_last_gseq(struct reader *r, uint64_t *ret)
{
	return number(r, SQL_LAST_GSEQ, ret);
}

enum err reader_epoch(struct reader *r, uint64_t *ret)
{
	return number(r, SQL_EPOCH, ret);
}

enum err reader_pruned_gseq(struct reader *r, uint64_t *ret)
{
	return number(r, SQL_PRUNED_GSEQ, ret);
}
