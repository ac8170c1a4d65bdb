#include "broker/state.h"

#include "broker/attend.h"
#include "broker/dormancy.h"
#include "broker/reader_start.h"
#include "broker/revoke.h"
#include "broker/rights.h"
#include "broker/roll.h"

#include <stdio.h>
#include <stdlib.h>

/* Encoded: nil. */
static const uint8_t nothing[] = {0xc0};

static void load_room(void *ctx, const struct reader_room *row)
{
	struct broker *b = ctx;
	struct room *r =
	    rooms_load(b->rooms, row->id, row->nsp, row->name, row->is_public, row->seq);

	r->is_archived = row->is_archived;
	r->first_seq = row->first_seq;
	r->bytes = row->bytes;
	/* Which message was its last is not asked: none of the next is numbered lower. */
	r->gseq = r->committed_gseq = b->gseq;
}

static void load_membership(void *ctx, const struct reader_membership *row)
{
	struct broker *b = ctx;

	enum role role = role_find(row->role);

	/* A role that this program does not know gives the rights of a member. */
	memberships_put(b->memberships, row->room, row->user,
	    role == ROLE_NONE ? ROLE_MEMBER : role, row->since);
}

static void load_sanction(void *ctx, const struct store_sanction *row)
{
	struct broker *b = ctx;
	struct sanction sanction = {
	    .key = {.user = row->user, .nsp = row->nsp, .room = row->room},
	    .by = row->by,
	    .reason = row->reason,
	    .since = row->since,
	    .until = row->until,
	};

	if (sanction_kind_find(row->kind, &sanction.key.kind))
		sanctions_put(b->sanctions, &sanction);
}

static bool is_of_rooms(const struct broker *b, struct str nsp)
{
	const struct namespace_conf *n =
	    namespaces_find(b->config.namespaces, b->config.namespace_count, nsp);

	return n && n->handler == NAMESPACE_ROOMS;
}

/* Takes the mark off the front, if it is there. */
static bool take_away_mark(struct str *socket)
{
	bool is_away = socket->len > 0 && socket->p[0] == ROLL_AWAY[0];

	if (is_away)
		*socket = (struct str){socket->p + 1, socket->len - 1};
	return is_away;
}

static void load_session(void *ctx, const struct reader_session *row)
{
	struct broker *b = ctx;
	struct str socket = row->socket;
	bool is_away = take_away_mark(&socket);
	struct session_facts facts = {
	    .id = socket,
	    .sid = row->sid,
	    .pid = row->pid,
	    .nsp = row->nsp,
	    .user = row->user,
	    .username = row->username,
	    .grants = bytes_of(nothing, sizeof(nothing)),
	    .since = turn_wall(b->turn),
	};
	struct session *s;

	if (row->id > b->last_row)
		b->last_row = row->id;
	if (!b->config.recovery || !is_of_rooms(b, row->nsp) ||
	    rights_find_ban(b, row->nsp, row->user) ||
	    sessions_count(b->sessions) >= b->config.sessions_max ||
	    sessions_add(b->sessions, &facts, &s)) {
		store_remove_session(b->store, row->id);
		return;
	}
	s->gseq = row->gseq;
	s->row = row->id;
	s->is_away = is_away;
}

/* Rooms come in the order of the sessions. */
struct boarding {
	struct broker *broker;
	struct session **sessions; /* by row */
	size_t count, at;
};

static void list_session(void *ctx, struct session *s)
{
	struct boarding *boarding = ctx;

	boarding->sessions[boarding->count++] = s;
}

static int compare_rows(const void *a, const void *b)
{
	const struct session *one = *(struct session *const *)a, *two = *(struct session *const *)b;

	return one->row < two->row ? -1 : one->row > two->row;
}

static void load_session_room(void *ctx, const struct reader_session_room *row)
{
	struct boarding *boarding = ctx;
	struct broker *b = boarding->broker;
	struct room *r = rooms_find_id(b->rooms, row->room);

	while (
	    boarding->at < boarding->count && boarding->sessions[boarding->at]->row < row->session)
		boarding->at++;
	if (!r || boarding->at == boarding->count ||
	    boarding->sessions[boarding->at]->row != row->session)
		return;
	struct session *s = boarding->sessions[boarding->at];

	if (s->is_away)
		dormancy_remind(s, r, row->gseq);
	else
		attend_board(b, s, r, row->gseq);
}

/* Whoever was there when the broker ended is there, until he is not awaited any more. */
static enum err load_sessions(struct broker *b)
{
	struct boarding boarding = {.broker = b};
	enum err e = reader_each_session(b->reader, load_session, b);
	size_t count = sessions_count(b->sessions);

	if (e || count == 0)
		return e;
	boarding.sessions = xcalloc(count, sizeof(struct session *));
	sessions_each(b->sessions, list_session, &boarding);
	qsort(boarding.sessions, count, sizeof(struct session *), compare_rows);
	e = reader_each_session_room(b->reader, load_session_room, &boarding);
	for (size_t i = 0; !e && i < count; i++)
		dormancy_await(b, boarding.sessions[i]);
	free(boarding.sessions);
	return e;
}

enum err state_load(struct broker *b, char *ret_why, size_t why_size)
{
	enum err e = reader_epoch(b->reader, &b->epoch);

	if (!e)
		e = reader_last_gseq(b->reader, &b->gseq);
	b->released = b->gseq;
	if (!e)
		e = reader_pruned_gseq(b->reader, &b->pruned);
	if (!e)
		e = reader_each_room(b->reader, load_room, b);
	if (!e)
		e = reader_each_membership(b->reader, load_membership, b);
	if (!e)
		e = reader_each_sanction(b->reader, load_sanction, b);
	if (!e)
		e = load_sessions(b);
	if (!e)
		e = revoke_load(b);
	if (e)
		snprintf(ret_why, why_size,
		    "cannot read %s: %s; where `sqlite3 FILE 'pragma integrity_check'` finds it "
		    "damaged, restore it from a backup",
		    b->config.database, err_text(e));
	return e;
}

static void forget_number(void *ctx, struct room *r)
{
	(void)ctx;
	r->seq = r->committed_seq = 0;
	r->gseq = r->committed_gseq;
	r->erased_gseq = r->batch = 0;
	r->first_seq = 1;
	r->bytes = 0;
	r->front = (struct wall){0};
	r->is_stored = false;
}

static void read_number(void *ctx, const struct reader_room *row)
{
	struct broker *b = ctx;
	struct room *r = rooms_find_id(b->rooms, row->id);

	if (r) {
		r->seq = r->committed_seq = row->seq;
		r->first_seq = row->first_seq;
		r->bytes = row->bytes;
		r->is_stored = true;
	}
}

/* What was after a number that is void now is after the newest that is not. */
static void clamp_session(void *ctx, struct session *s)
{
	const struct broker *b = ctx;

	if (s->gseq > b->gseq)
		s->gseq = b->gseq;
	for (struct member *m = s->members; m; m = m->session_next)
		m->gseq = m->gseq > b->gseq ? b->gseq : m->gseq;
	for (size_t i = 0; i < s->berth_count; i++)
		s->berths[i].gseq = s->berths[i].gseq > b->gseq ? b->gseq : s->berths[i].gseq;
}

enum err state_read_numbers(struct broker *b)
{
	uint64_t gseq;
	enum err e = reader_last_gseq(b->reader, &gseq);

	if (!e)
		e = reader_pruned_gseq(b->reader, &b->pruned);
	if (e)
		return e;
	rooms_each(b->rooms, forget_number, NULL);
	e = reader_each_room(b->reader, read_number, b);
	if (!e) {
		b->gseq = gseq;
		sessions_each(b->sessions, clamp_session, b);
	}
	b->is_numbering_stale = e != ERR_OK;
	return e;
}
