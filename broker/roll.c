#include "broker/roll.h"

#include "broker/attend.h"

#include <stdlib.h>
#include <utlist.h>

/* Sessions that are written again in one tick. */
enum { AGAIN_A_TICK = 1000 };

/* No batch has the row. */
#define NOT_MADE UINT64_MAX

/* What waits for the disk does not grow for ever. */
static bool has_place(const struct broker *b)
{
	return !b->is_numbering_stale && store_backlog(b->store) < b->config.store_backlog_max &&
	       store_backlog_bytes(b->store) < b->config.store_backlog_max_bytes;
}

bool roll_is_open(const struct broker *b)
{
	return store_trouble(b->store)[0] == '\0' && has_place(b);
}

/* ---- which of the two lists it is in ---- */

static void take_out(struct broker *b, struct session *s)
{
	switch (s->roll) {
	case ROLL_UNDER_WAY:
		DL_DELETE2(b->roll_under_way, s, roll_prev, roll_next);
		break;
	case ROLL_UNWRITTEN:
		DL_DELETE2(b->roll_unwritten, s, roll_prev, roll_next);
		break;
	case ROLL_WRITTEN:
	case ROLL_ENDED:
		break;
	}
	s->roll = ROLL_WRITTEN;
}

/* To the end: the list is in the order of the batches. */
static void note_under_way(struct broker *b, struct session *s)
{
	take_out(b, s);
	s->row_batch = store_gathering(b->store);
	if (s->row_made == NOT_MADE)
		s->row_made = s->row_batch;
	s->roll = ROLL_UNDER_WAY;
	DL_APPEND2(b->roll_under_way, s, roll_prev, roll_next);
}

static void note_unwritten(struct broker *b, struct session *s)
{
	take_out(b, s);
	s->row_batch = 0;
	s->roll = ROLL_UNWRITTEN;
	DL_APPEND2(b->roll_unwritten, s, roll_prev, roll_next);
}

/* Is a change put into the batch? If not, all of it is put in later. */
static bool may_write(struct broker *b, struct session *s)
{
	if (s->roll != ROLL_UNWRITTEN && roll_is_open(b)) {
		note_under_way(b, s);
		return true;
	}
	note_unwritten(b, s);
	return false;
}

/* ---- rows ---- */

static void put_row(struct broker *b, const struct session *s)
{
	struct buf socket = {0};

	buf_printf(&socket, "%s%s", s->is_away ? ROLL_AWAY : "", s->id);
	struct store_session row = {
	    .id = s->row,
	    .pid = str_of(s->pid),
	    .socket = buf_str(&socket),
	    .sid = str_of(s->sid),
	    .nsp = str_of(s->nsp),
	    .user = str_of(s->user->id),
	    .username = str_of(s->user->username),
	    .gseq = s->gseq,
	};

	store_put_session(b->store, &row);
	buf_free(&socket);
}

static void put_room(struct broker *b, const struct session *s, struct room *r, uint64_t gseq)
{
	if (r->is_fleeting)
		return;
	attend_store_room(b, r);
	store_put_session_room(b->store, s->row, r->id, gseq);
}

static void put_all(struct broker *b, struct session *s)
{
	store_remove_session(b->store, s->row);
	put_row(b, s);
	for (const struct member *m = s->members; m; m = m->session_next)
		put_room(b, s, m->room, m->gseq);
	for (size_t i = 0; i < s->berth_count; i++) {
		if (!s->berths[i].is_lost)
			put_room(b, s, s->berths[i].room, s->berths[i].gseq);
	}
}

void roll_put(struct broker *b, struct session *s)
{
	if (!s->pid[0])
		return;
	if (s->row == 0) {
		s->row = ++b->last_row;
		s->row_made = NOT_MADE;
	}
	if (may_write(b, s))
		put_row(b, s);
}

void roll_join(struct broker *b, struct session *s, struct room *r, uint64_t gseq)
{
	if (s->row && !r->is_fleeting && may_write(b, s))
		put_room(b, s, r, gseq);
}

void roll_leave(struct broker *b, struct session *s, const struct room *r)
{
	if (s->row && !r->is_fleeting && may_write(b, s))
		store_remove_session_room(b->store, s->row, r->id);
}

/* ---- rows of sessions that are over ---- */

/* A row that is to go, until the disk has done it. */
struct roll_rest {
	uint64_t row, batch;
	struct roll_rest *prev, *next;
};

/* To the end: the list is in the order of the batches. */
static void remove_row(struct broker *b, struct roll_rest *r)
{
	r->batch = store_gathering(b->store);
	store_remove_session(b->store, r->row);
	DL_APPEND(b->rests_under_way, r);
}

static void drop_rest(struct roll_rest **list)
{
	struct roll_rest *r = *list;

	DL_DELETE(*list, r);
	free(r);
}

void roll_forget_all(struct broker *b)
{
	while (b->rests_under_way)
		drop_rest(&b->rests_under_way);
	while (b->rests_unwritten)
		drop_rest(&b->rests_unwritten);
}

static void end_row(struct broker *b, struct session *s)
{
	struct roll_rest *rest = xcalloc(1, sizeof(*rest));

	take_out(b, s);
	rest->row = s->row;
	remove_row(b, rest);
	s->row = 0;
}

void roll_end(struct broker *b, struct session *s)
{
	if (s->row == 0)
		return;
	end_row(b, s);
	s->roll = ROLL_ENDED;
	s->row_batch = roll_is_open(b) ? store_gathering(b->store) : 0;
}

void roll_give_up(struct broker *b, struct session *s)
{
	if (s->row)
		end_row(b, s);
	sessions_forget_pid(b->sessions, s);
}

uint64_t roll_batch(const struct session *s)
{
	return s->roll == ROLL_UNDER_WAY || s->roll == ROLL_ENDED ? s->row_batch : 0;
}

/* ---- what becomes of the batches ---- */

bool roll_is_stored(const struct broker *b, const struct session *s)
{
	return s->row && s->row_made <= b->roll_committed;
}

void roll_on_committed(struct broker *b, uint64_t batch)
{
	b->roll_committed = batch;
	while (b->roll_under_way && b->roll_under_way->row_batch <= batch)
		take_out(b, b->roll_under_way);
	while (b->rests_under_way && b->rests_under_way->batch <= batch)
		drop_rest(&b->rests_under_way);
}

void roll_on_failed(struct broker *b)
{
	DL_CONCAT(b->rests_unwritten, b->rests_under_way);
	b->rests_under_way = NULL;
	while (b->roll_under_way) {
		struct session *s = b->roll_under_way;

		if (roll_is_stored(b, s)) {
			note_unwritten(b, s);
			continue;
		}
		take_out(b, s);
		sessions_forget_pid(b->sessions, s);
		s->row = 0;
	}
}

void roll_on_tick(struct broker *b)
{
	for (int i = 0; i < AGAIN_A_TICK && b->roll_unwritten && has_place(b); i++) {
		struct session *s = b->roll_unwritten;

		note_under_way(b, s);
		put_all(b, s);
	}
	for (int i = 0; i < AGAIN_A_TICK && b->rests_unwritten && has_place(b); i++) {
		struct roll_rest *rest = b->rests_unwritten;

		DL_DELETE(b->rests_unwritten, rest);
		remove_row(b, rest);
	}
}
