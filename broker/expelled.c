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

void expelled_forget_all(struct broker *b)
{
	while (b->expelled)
		forget(b, b->expelled);
}
