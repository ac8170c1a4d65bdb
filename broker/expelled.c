#include "broker/expelled.h"

#include <stdlib.h>

/* The table is in the order in which they came. */
struct expelled {
	char *socket;
	struct mono until;
	UT_hash_handle hh;
};

static struct expelled *find(const struct broker *b, struct str socket)
{
	struct expelled *e = NULL;

	HASH_FIND(hh, b->expelled, socket.p, socket.len, e);
	return e;
}

static void forget(struct broker *b, struct expelled *e)
{
	HASH_DEL(b->expelled, e);
	free(e->socket);
	free(e);
}

void expelled_note(struct broker *b, struct str socket)
{
	const struct config *c = &b->config;
	uint64_t now_us = turn_now(b->turn).us;
	struct expelled *e = find(b, socket);

	if (e)
		forget(b, e);
	while (b->expelled &&
	       (b->expelled->until.us <= now_us || HASH_COUNT(b->expelled) >= EXPELLED_MAX))
		forget(b, b->expelled);
	e = xcalloc(1, sizeof(*e));
	e->socket = str_dup(socket);
	e->until.us = now_us + (c->lease_ms + c->recovery_window_ms) * 1000;
	HASH_ADD_KEYPTR(hh, b->expelled, e->socket, socket.len, e);
}

bool expelled_has(const struct broker *b, struct str socket)
{
	const struct expelled *e = find(b, socket);

	return e && e->until.us > turn_now(b->turn).us;
}

/* No room has a line break in its name. */
static void put_key(struct buf *out, struct str socket, const struct room *r)
{
	buf_printf(out, "%.*s\n%s", STR_ARG(socket), r->name);
}

void expelled_note_from(struct broker *b, struct str socket, const struct room *r)
{
	struct buf key = {0};

	put_key(&key, socket, r);
	expelled_note(b, buf_str(&key));
	buf_free(&key);
}

bool expelled_has_from(const struct broker *b, struct str socket, const struct room *r)
{
	struct buf key = {0};

	if (!b->expelled)
		return false;
	put_key(&key, socket, r);
	bool has = expelled_has(b, buf_str(&key));

	buf_free(&key);
	return has;
}

void expelled_forget_from(struct broker *b, struct str socket, const struct room *r)
{
	struct buf key = {0};

	if (!b->expelled)
		return;
	put_key(&key, socket, r);
	struct expelled *e = find(b, buf_str(&key));

	if (e)
		forget(b, e);
	buf_free(&key);
}

void expelled_forget_all(struct broker *b)
{
	while (b->expelled)
		forget(b, b->expelled);
}
