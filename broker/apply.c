#include "broker/apply.h"

#include "broker/content.h"
#include "common/failpoint.h"

static enum err put_room(struct sql *s, const struct store_room *room)
{
	sqlite3_stmt *put = sql_get(s, SQL_PUT_ROOM);

	sql_bind_u64(put, 1, room->id);
	sql_bind_str(put, 2, room->nsp);
	sql_bind_str(put, 3, room->name);
	sql_bind_u64(put, 4, room->is_public);
	sql_bind_i64(put, 5, room->created.ms);
	sql_bind_u64(put, 6, room->is_archived);
	return sql_run(s, put);
}

/* Text is stored as text, so that an operator can read it with any tool. */
static void bind_content(sqlite3_stmt *statement, int at, struct bytes content)
{
	struct bytes payload;

	if (content_payload(content, &payload))
		sql_bind_str(statement, at, bytes_str(payload));
	else
		sql_bind_blob(statement, at, payload);
}

static enum err raise_room_seq(struct sql *s, const struct store_message *m)
{
	sqlite3_stmt *raise = sql_get(s, SQL_RAISE_ROOM_SEQ);
	struct bytes payload;

	(void)content_payload(m->content, &payload);
	sql_bind_u64(raise, 1, m->room);
	sql_bind_u64(raise, 2, m->seq);
	sql_bind_u64(raise, 3, payload.len);
	return sql_run(s, raise);
}

static void bind_message_id(sqlite3_stmt *statement, int at, struct str message_id)
{
	if (message_id.len)
		sql_bind_str(statement, at, message_id);
	else
		sql_bind_null(statement, at);
}

static enum err add_receipt(struct sql *s, const struct store_message *m)
{
	sqlite3_stmt *add = sql_get(s, SQL_ADD_RECEIPT);

	sql_bind_u64(add, 1, m->room);
	sql_bind_u64(add, 2, m->seq);
	sql_bind_u64(add, 3, m->gseq);
	sql_bind_str(add, 4, m->user);
	bind_message_id(add, 5, m->message_id);
	sql_bind_i64(add, 6, m->timestamp.ms);
	sql_bind_u64(add, 7, m->origin_boot);
	sql_bind_u64(add, 8, m->origin_count);
	return sql_run(s, add);
}

static enum err add_message(struct sql *s, const struct store_message *m)
{
	sqlite3_stmt *add = sql_get(s, SQL_ADD_MESSAGE);

	sql_bind_u64(add, 1, m->room);
	sql_bind_u64(add, 2, m->seq);
	sql_bind_u64(add, 3, m->gseq);
	sql_bind_str(add, 4, m->user);
	sql_bind_str(add, 5, m->username);
	sql_bind_str(add, 6, m->type);
	bind_content(add, 7, m->content);
	sql_bind_i64(add, 8, m->timestamp.ms);
	bind_message_id(add, 9, m->message_id);
	enum err e = sql_run(s, add);

	if (!e)
		e = add_receipt(s, m);
	return e ? e : raise_room_seq(s, m);
}

static enum err put_membership(struct sql *s, const struct batch_membership *m)
{
	sqlite3_stmt *put = sql_get(s, SQL_PUT_MEMBERSHIP);

	sql_bind_u64(put, 1, m->room);
	sql_bind_str(put, 2, m->user);
	sql_bind_str(put, 3, m->role);
	sql_bind_i64(put, 4, m->since.ms);
	return sql_run(s, put);
}

static enum err remove_membership(struct sql *s, const struct batch_membership *m)
{
	sqlite3_stmt *remove = sql_get(s, SQL_REMOVE_MEMBERSHIP);

	sql_bind_u64(remove, 1, m->room);
	sql_bind_str(remove, 2, m->user);
	return sql_run(s, remove);
}

static void bind_sanction_key(sqlite3_stmt *statement, const struct store_sanction *row)
{
	sql_bind_str(statement, 1, row->kind);
	sql_bind_str(statement, 2, row->user);
	sql_bind_str(statement, 3, row->nsp);
	sql_bind_u64(statement, 4, row->room);
}

static enum err put_sanction(struct sql *s, const struct store_sanction *row)
{
	sqlite3_stmt *put = sql_get(s, SQL_PUT_SANCTION);

	bind_sanction_key(put, row);
	sql_bind_str(put, 5, row->by);
	sql_bind_str(put, 6, row->reason);
	sql_bind_i64(put, 7, row->since.ms);
	sql_bind_i64(put, 8, row->until.ms);
	return sql_run(s, put);
}

static enum err remove_sanction(struct sql *s, const struct store_sanction *row)
{
	sqlite3_stmt *remove = sql_get(s, SQL_REMOVE_SANCTION);

	bind_sanction_key(remove, row);
	return sql_run(s, remove);
}

static enum err expire_sanction(struct sql *s, const struct store_sanction *row)
{
	sqlite3_stmt *expire = sql_get(s, SQL_EXPIRE_SANCTION);

	bind_sanction_key(expire, row);
	sql_bind_i64(expire, 5, row->until.ms);
	return sql_run(s, expire);
}

static enum err put_session(struct sql *s, const struct store_session *session)
{
	sqlite3_stmt *put = sql_get(s, SQL_PUT_SESSION);

	sql_bind_u64(put, 1, session->id);
	sql_bind_str(put, 2, session->pid);
	sql_bind_str(put, 3, session->socket);
	sql_bind_str(put, 4, session->sid);
	sql_bind_str(put, 5, session->nsp);
	sql_bind_str(put, 6, session->user);
	sql_bind_str(put, 7, session->username);
	sql_bind_u64(put, 8, session->gseq);
	return sql_run(s, put);
}

static enum err remove_session(struct sql *s, uint64_t session)
{
	sqlite3_stmt *remove = sql_get(s, SQL_REMOVE_SESSION);

	sql_bind_u64(remove, 1, session);
	enum err e = sql_run(s, remove);

	if (e)
		return e;
	remove = sql_get(s, SQL_REMOVE_SESSION_ROOMS);
	sql_bind_u64(remove, 1, session);
	return sql_run(s, remove);
}

static enum err put_session_room(struct sql *s, const struct batch_session_room *r)
{
	sqlite3_stmt *put = sql_get(s, SQL_PUT_SESSION_ROOM);

	sql_bind_u64(put, 1, r->session);
	sql_bind_u64(put, 2, r->room);
	sql_bind_u64(put, 3, r->gseq);
	return sql_run(s, put);
}

static enum err remove_session_room(struct sql *s, const struct batch_session_room *r)
{
	sqlite3_stmt *remove = sql_get(s, SQL_REMOVE_SESSION_ROOM);

	sql_bind_u64(remove, 1, r->session);
	sql_bind_u64(remove, 2, r->room);
	return sql_run(s, remove);
}

static enum err put_user(struct sql *s, const struct store_user *u)
{
	sqlite3_stmt *put = sql_get(s, SQL_PUT_USER);

	sql_bind_str(put, 1, u->id);
	sql_bind_str(put, 2, u->username);
	sql_bind_i64(put, 3, u->first.ms);
	sql_bind_i64(put, 4, u->last.ms);
	return sql_run(s, put);
}

static enum err put_revocation(struct sql *s, const struct revocation_facts *r)
{
	sqlite3_stmt *put = sql_get(s, SQL_PUT_REVOCATION);

	sql_bind_u64(put, 1, r->kind);
	sql_bind_str(put, 2, r->subject);
	sql_bind_i64(put, 3, r->before.ms);
	sql_bind_i64(put, 4, r->until.ms);
	sql_bind_i64(put, 5, r->made.ms);
	return sql_run(s, put);
}

static enum err remove_revocation(struct sql *s, const struct revocation_facts *r)
{
	sqlite3_stmt *remove = sql_get(s, SQL_REMOVE_REVOCATION);

	sql_bind_u64(remove, 1, r->kind);
	sql_bind_str(remove, 2, r->subject);
	return sql_run(s, remove);
}

/* ---- what goes ---- */

/* A statement with two numbers. */
static enum err run_with(struct sql *s, enum sql_name name, uint64_t first, uint64_t second)
{
	sqlite3_stmt *statement = sql_get(s, name);

	sql_bind_u64(statement, 1, first);
	sql_bind_u64(statement, 2, second);
	return sql_run(s, statement);
}

static enum err delete_message(struct sql *s, const struct store_deletion *d)
{
	enum err e = run_with(s, SQL_LIGHTEN_ROOM, d->room, d->seq);

	if (!e)
		e = run_with(s, SQL_ERASE_MESSAGE, d->room, d->seq);
	if (e)
		return e;
	sqlite3_stmt *add = sql_get(s, SQL_ADD_DELETION);

	sql_bind_u64(add, 1, d->room);
	sql_bind_u64(add, 2, d->gseq);
	sql_bind_u64(add, 3, d->seq);
	sql_bind_u64(add, 4, d->target);
	sql_bind_i64(add, 5, d->timestamp.ms);
	return sql_run(s, add);
}

static enum err note_pruning(struct sql *s, const struct store_pruning *p)
{
	sqlite3_stmt *room = sql_get(s, SQL_PRUNE_ROOM);

	sql_bind_u64(room, 1, p->room);
	sql_bind_u64(room, 2, p->first);
	sql_bind_u64(room, 3, p->gseq);
	sql_bind_u64(room, 4, p->bytes);
	enum err e = sql_run(s, room);

	if (e)
		return e;
	sqlite3_stmt *log = sql_get(s, SQL_PRUNE_LOG);

	sql_bind_u64(log, 1, p->gseq);
	return sql_run(s, log);
}

static enum err prune(struct sql *s, const struct store_pruning *p)
{
	enum err e = run_with(s, SQL_PRUNE_MESSAGES, p->room, p->first);

	failpoint("in-prune");
	/* What they are about went before them, or goes now. */
	if (!e)
		e = run_with(s, SQL_PRUNE_DELETIONS, p->room, p->gseq);
	return e ? e : note_pruning(s, p);
}

static enum err expire(struct sql *s, const struct batch_expiry *x)
{
	return run_with(s, SQL_EXPIRE_RECEIPTS, (uint64_t)x->before.ms, x->limit);
}

static enum err remove_receipt(struct sql *s, uint64_t gseq)
{
	sqlite3_stmt *remove = sql_get(s, SQL_REMOVE_RECEIPT);

	sql_bind_u64(remove, 1, gseq);
	return sql_run(s, remove);
}

enum err apply_op(struct sql *s, const struct batch_op *op, uint64_t *last_gseq)
{
	switch (op->kind) {
	case BATCH_ROOM:
		return put_room(s, &op->as.room);
	case BATCH_MESSAGE:
		if (op->as.message.gseq > *last_gseq)
			*last_gseq = op->as.message.gseq;
		return add_message(s, &op->as.message);
	case BATCH_PUT_MEMBERSHIP:
		return put_membership(s, &op->as.membership);
	case BATCH_REMOVE_MEMBERSHIP:
		return remove_membership(s, &op->as.membership);
	case BATCH_PUT_SANCTION:
		return put_sanction(s, &op->as.sanction);
	case BATCH_REMOVE_SANCTION:
		return remove_sanction(s, &op->as.sanction);
	case BATCH_EXPIRE_SANCTION:
		return expire_sanction(s, &op->as.sanction);
	case BATCH_PUT_SESSION:
		return put_session(s, &op->as.session);
	case BATCH_REMOVE_SESSION:
		return remove_session(s, op->as.session.id);
	case BATCH_PUT_SESSION_ROOM:
		return put_session_room(s, &op->as.session_room);
	case BATCH_REMOVE_SESSION_ROOM:
		return remove_session_room(s, &op->as.session_room);
	case BATCH_PUT_USER:
		return put_user(s, &op->as.user);
	case BATCH_DELETION:
		if (op->as.deletion.gseq > *last_gseq)
			*last_gseq = op->as.deletion.gseq;
		return delete_message(s, &op->as.deletion);
	case BATCH_PRUNING:
		return prune(s, &op->as.pruning);
	case BATCH_EXPIRY:
		return expire(s, &op->as.expiry);
	case BATCH_REMOVE_RECEIPT:
		return remove_receipt(s, op->as.receipt);
	case BATCH_PUT_REVOCATION:
		return put_revocation(s, &op->as.revocation);
	case BATCH_REMOVE_REVOCATION:
		return remove_revocation(s, &op->as.revocation);
	}
	return ERR_INVALID;
}
