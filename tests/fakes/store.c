/*
 * A store in the hand of the test: it counts what is put in, and the test says when a batch is
 * committed (by calling publish_on_committed) or not.
 */
#include "tests/fakes/store.h"

#include <string.h>

struct fake_store fake_store;

void fake_store_reset(void)
{
	fake_store = (struct fake_store){.gathering = 1};
}

void store_put_room(struct store *s, const struct store_room *room)
{
	(void)s;
	(void)room;
	fake_store.rooms++;
}

void store_put_message(struct store *s, const struct store_message *message)
{
	(void)s;
	fake_store.messages++;
	fake_store.last_seq = message->seq;
	fake_store.last_gseq = message->gseq;
}

uint64_t store_gathering(const struct store *s)
{
	(void)s;
	return fake_store.gathering;
}

size_t store_backlog(const struct store *s)
{
	(void)s;
	return fake_store.backlog;
}

size_t store_backlog_bytes(const struct store *s)
{
	(void)s;
	return 0;
}

bool store_is_in_doubt(const struct store *s)
{
	(void)s;
	return fake_store.is_in_doubt;
}

const char *store_trouble(const struct store *s)
{
	(void)s;
	return fake_store.trouble ? fake_store.trouble : "";
}

/* ---- what the database holds ---- */

enum err reader_last_gseq(struct reader *r, uint64_t *ret)
{
	(void)r;
	*ret = fake_store.stored_gseq;
	return fake_store.reader_fault;
}

enum err reader_epoch(struct reader *r, uint64_t *ret)
{
	(void)r;
	*ret = 1;
	return fake_store.reader_fault;
}

enum err reader_each_membership(struct reader *r,
    void (*fn)(void *ctx, const struct reader_membership *membership), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	return fake_store.reader_fault;
}

enum err reader_each_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_room *room), void *ctx)
{
	(void)r;
	if (fake_store.stored_room.id)
		fn(ctx, &fake_store.stored_room);
	return fake_store.reader_fault;
}

enum err reader_find_message_id(
    struct reader *r, struct str user, struct str message_id, struct reader_receipt *ret)
{
	(void)r;
	(void)user;
	if (fake_store.reader_fault)
		return fake_store.reader_fault;
	if (!fake_store.stored_message_id || !str_eqz(message_id, fake_store.stored_message_id))
		return ERR_NOT_FOUND;
	*ret = fake_store.stored_receipt;
	return ERR_OK;
}

enum err reader_find_origin(
    struct reader *r, uint64_t boot, uint64_t count, struct reader_receipt *ret)
{
	(void)r;
	(void)boot;
	fake_store.origin_lookups++;
	if (!fake_store.stored_origin || fake_store.stored_origin != count)
		return ERR_NOT_FOUND;
	*ret = fake_store.stored_receipt;
	return ERR_OK;
}
