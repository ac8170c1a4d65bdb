#include "broker/dedup.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

struct entry {
	struct dedup_hit hit;
	char *client_key; /* user, NUL, messageId; NULL = none */
	size_t client_key_len;
	uint64_t origin[2];
	struct entry *prev, *next; /* in order of batches */
	UT_hash_handle by_client, by_origin;
};

struct dedup {
	struct reader *reader;
	struct entry *queue;
	struct entry *clients, *origins;
};

struct dedup *dedup_new(struct reader *reader)
{
	struct dedup *d = xcalloc(1, sizeof(*d));

	d->reader = reader;
	return d;
}

static void drop_first(struct dedup *d)
{
	struct entry *e = d->queue;

	DL_DELETE(d->queue, e);
	HASH_DELETE(by_origin, d->origins, e);
	if (e->client_key)
		HASH_DELETE(by_client, d->clients, e);
	free(e->client_key);
	free(e);
}

void dedup_fail(struct dedup *d)
{
	while (d->queue)
		drop_first(d);
}

void dedup_free(struct dedup **d)
{
	if (!*d)
		return;
	dedup_fail(*d);
	free(*d);
	*d = NULL;
}

void dedup_commit(struct dedup *d, uint64_t batch,
    void (*fn)(void *ctx, const struct reader_receipt *receipt), void *ctx)
{
	while (d->queue && d->queue->hit.batch <= batch) {
		fn(ctx, &d->queue->hit.receipt);
		drop_first(d);
	}
}

/* The caller owns it. */
static char *make_client_key(const struct dedup_names *names, size_t *ret_len)
{
	size_t len = names->user.len + 1 + names->message_id.len;
	char *key = xcalloc(len, 1);

	memcpy(key, names->user.p, names->user.len);
	memcpy(key + names->user.len + 1, names->message_id.p, names->message_id.len);
	*ret_len = len;
	return key;
}

static const struct entry *find_uncommitted(
    struct dedup *d, const struct dedup_names *names, bool *ret_is_resent)
{
	uint64_t origin[2] = {names->boot, names->request};
	struct entry *e = NULL;

	HASH_FIND(by_origin, d->origins, origin, sizeof(origin), e);
	*ret_is_resent = e != NULL;
	if (e || names->message_id.len == 0)
		return e;
	size_t len;
	char *key = make_client_key(names, &len);

	HASH_FIND(by_client, d->clients, key, len, e);
	free(key);
	return e;
}

static bool is_over(const struct dedup_window *w, const struct reader_receipt *receipt)
{
	int64_t age = w->now.ms - receipt->timestamp.ms;

	return age > 0 && (uint64_t)age >= w->ms;
}

enum err dedup_find(struct dedup *d, const struct dedup_names *names,
    const struct dedup_window *window, struct dedup_hit *ret)
{
	bool is_resent;
	const struct entry *e = find_uncommitted(d, names, &is_resent);
	enum err result = ERR_NOT_FOUND;

	if (e) {
		*ret = e->hit;
		ret->is_resent = is_resent;
		return ERR_OK;
	}
	struct reader_receipt receipt;

	if (names->may_be_resent)
		result = reader_find_origin(d->reader, names->boot, names->request, &receipt);
	is_resent = result == ERR_OK;
	if (result == ERR_NOT_FOUND && names->message_id.len > 0)
		result =
		    reader_find_message_id(d->reader, names->user, names->message_id, &receipt);
	if (result == ERR_OK)
		*ret = (struct dedup_hit){.receipt = receipt, .is_resent = is_resent};
	/* The same request is the same for ever. */
	if (result == ERR_OK && !is_resent && is_over(window, &receipt))
		return ERR_EXPIRED;
	return result;
}

void dedup_remember(struct dedup *d, const struct dedup_names *names, const struct dedup_hit *what)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	e->hit = *what;
	e->origin[0] = names->boot;
	e->origin[1] = names->request;
	DL_APPEND(d->queue, e);
	HASH_ADD(by_origin, d->origins, origin, sizeof(e->origin), e);
	if (names->message_id.len == 0)
		return;
	e->client_key = make_client_key(names, &e->client_key_len);
	HASH_ADD_KEYPTR(by_client, d->clients, e->client_key, e->client_key_len, e);
}
