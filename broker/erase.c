#include "broker/erase.h"

#include "broker/message.h"
#include "broker/metrics.h"
#include "broker/publish.h"
#include "broker/reader_front.h"
#include "broker/say.h"
#include "common/log.h"
#include "proto/message_id.h"
#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

/* A deletion on its way to the disk; those of a batch stand together. */
struct erasure {
	struct erase_order order;
	uint64_t gseq, room, batch;
	struct erasure *prev, *next;
};

static const char pruned_text[] = "there is no such message (any more): it was pruned";

static enum err refuse(enum err e, const char *why, char ret_why[ERASE_WHY_SIZE])
{
	snprintf(ret_why, ERASE_WHY_SIZE, "%s", why);
	return e;
}

static bool is_under_way(const struct broker *b, uint64_t target)
{
	const struct erasure *x;

	DL_FOREACH(b->erasures, x)
	{
		if (x->order.target == target)
			return true;
	}
	return false;
}

static enum err find(
    struct broker *b, uint64_t target, char ret_why[ERASE_WHY_SIZE], struct reader_place *ret)
{
	if (target == 0 || target > b->gseq)
		return refuse(ERR_NOT_FOUND, "no message has had this id", ret_why);
	if (target > b->released || publish_is_refusing(b))
		return refuse(ERR_UNAVAILABLE, "it cannot be written now, try again", ret_why);
	enum err e = reader_find_gseq(b->reader, target, ret);

	if (e == ERR_NOT_FOUND)
		return refuse(e, pruned_text, ret_why);
	if (e)
		return refuse(ERR_UNAVAILABLE, "the database could not be read", ret_why);
	if (ret->is_deleted || is_under_way(b, target))
		return refuse(ERR_EXISTS, "it is deleted already", ret_why);
	return ERR_OK;
}

static void tell(struct broker *b, const struct room *r, const struct store_deletion *d)
{
	const struct reader_message message = {
	    .gseq = d->gseq, .seq = d->seq, .deleted = d->target};
	struct buf args = {0};

	value_put_array(&args, 1);
	message_put(&args, str_of(r->name), &message);
	say_to_room(b, r,
	    &(struct say_event){.gseq = d->gseq,
		.name = message_event(&message),
		.args = buf_bytes(&args),
		.batch = r->batch});
	buf_free(&args);
}

static void keep(struct broker *b, const struct erase_order *order, const struct room *r)
{
	struct erasure *x = xcalloc(1, sizeof(*x));

	*x = (struct erasure){.order = *order, .gseq = b->gseq, .room = r->id, .batch = r->batch};
	DL_APPEND(b->erasures, x);
}

enum err erase_message(struct broker *b, const struct erase_order *order,
    char ret_why[ERASE_WHY_SIZE], struct erased *ret)
{
	struct reader_place place;
	enum err e = find(b, order->target, ret_why, &place);

	if (e)
		return e;
	struct room *r = rooms_find_id(b->rooms, place.room);

	if (!r)
		return refuse(ERR_NOT_FOUND, "its room is not known", ret_why);
	/* In a batch that is not committed: its bytes are off the room already. */
	if (place.seq < r->first_seq)
		return refuse(ERR_NOT_FOUND, pruned_text, ret_why);
	struct store_deletion deletion = {.gseq = ++b->gseq,
	    .room = r->id,
	    .seq = place.seq,
	    .target = order->target,
	    .timestamp = turn_wall(b->turn)};

	r->bytes -= place.bytes < r->bytes ? place.bytes : r->bytes;
	r->gseq = r->erased_gseq = deletion.gseq;
	b->numbered = r->batch = store_gathering(b->store);
	store_delete_message(b->store, &deletion);
	keep(b, order, r);
	tell(b, r, &deletion);
	*ret = (struct erased){r, place.seq, r->batch};
	return ERR_OK;
}

static void end(struct broker *b, struct erasure *x, enum err e)
{
	char id[MESSAGE_ID_LEN + 1];

	message_id_text(x->order.target, id);
	if (!e)
		log_info("message.deleted", LOG_Z(MESSAGE_ID, id), LOG_U(GSEQ, x->gseq));
	DL_DELETE(b->erasures, x);
	if (x->order.done)
		x->order.done(x->order.ctx, e);
	free(x);
}

void erase_on_committed(struct broker *b, uint64_t batch)
{
	while (b->erasures && b->erasures->batch <= batch) {
		struct erasure *x = b->erasures;
		struct room *r = rooms_find_id(b->rooms, x->room);

		if (r && r->committed_gseq < x->gseq)
			r->committed_gseq = x->gseq;
		if (b->released < x->gseq)
			b->released = x->gseq;
		metrics_add(b->metrics, METRIC_DELETED, 0, 0, 1);
		end(b, x, ERR_OK);
	}
}

void erase_on_failed(struct broker *b)
{
	while (b->erasures)
		end(b, b->erasures, ERR_UNAVAILABLE);
}

void erase_forget_all(struct broker *b)
{
	while (b->erasures)
		end(b, b->erasures, ERR_CLOSED);
}
