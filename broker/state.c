#include "broker/state.h"

#include <stdio.h>

static void load_room(void *ctx, const struct reader_room *row)
{
	struct broker *b = ctx;
	struct room *r =
	    rooms_load(b->rooms, row->id, row->nsp, row->name, row->is_public, row->seq);

	/* Which message was its last is not asked: none of the next is numbered lower. */
	r->gseq = r->committed_gseq = b->gseq;
}

static void load_membership(void *ctx, const struct reader_membership *row)
{
	struct broker *b = ctx;

	rooms_add_membership(b->rooms, row->room, row->user);
}

enum err state_load(struct broker *b, char *ret_why, size_t why_size)
{
	enum err e = reader_epoch(b->reader, &b->epoch);

	if (!e)
		e = reader_last_gseq(b->reader, &b->gseq);
	b->released = b->gseq;
	if (!e)
		e = reader_each_room(b->reader, load_room, b);
	if (!e)
		e = reader_each_membership(b->reader, load_membership, b);
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
	r->is_stored = false;
}

static void read_number(void *ctx, const struct reader_room *row)
{
	struct broker *b = ctx;
	struct room *r = rooms_find_id(b->rooms, row->id);

	if (r) {
		r->seq = r->committed_seq = row->seq;
		r->is_stored = true;
	}
}

enum err state_read_numbers(struct broker *b)
{
	uint64_t gseq;
	enum err e = reader_last_gseq(b->reader, &gseq);

	if (e)
		return e;
	rooms_each(b->rooms, forget_number, NULL);
	e = reader_each_room(b->reader, read_number, b);
	if (!e)
		b->gseq = gseq;
	b->is_numbering_stale = e != ERR_OK;
	return e;
}
