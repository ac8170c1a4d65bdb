#include "common/failpoint.h"
#include "gateway/eio/websocket_inner.h"

#include <assert.h>
#include <stdlib.h>

struct websockets *websockets_new(struct eio_family *family, uint64_t max_message_bytes)
{
	struct websockets *set = xcalloc(1, sizeof(*set));

	set->family = family;
	set->max_message_bytes = max_message_bytes;
	return set;
}

void websockets_free(struct websockets **set)
{
	struct websockets *dead = *set;

	*set = NULL;
	if (!dead)
		return;
	assert(!dead->dirty_first && !dead->gone);
	free(dead);
}

static struct websocket *take_dirty(struct websockets *set)
{
	struct websocket *ws = set->dirty_first;

	if (!ws)
		return NULL;
	set->dirty_first = ws->next_dirty;
	if (!set->dirty_first)
		set->dirty_last = NULL;
	ws->is_dirty = false;
	return ws;
}

static void free_gone(struct websockets *set)
{
	while (set->gone) {
		struct websocket *ws = set->gone;

		set->gone = ws->next_gone;
		if (!ws->is_candidate)
			eio_session_free(&ws->session);
		buf_free(&ws->message);
		free(ws);
	}
}

bool websockets_end_turn(struct websockets *set)
{
	struct websocket *ws;
	bool had_deadlines;

	while ((ws = take_dirty(set))) {
		websocket_end_turn(ws);
		if (set->dirty_first)
			failpoint("between-clients");
	}
	free_gone(set);
	had_deadlines = set->has_deadlines;
	set->has_deadlines = false;
	return had_deadlines;
}

void websockets_end_last_turn(struct websockets *set)
{
	struct websocket *ws;

	while ((ws = take_dirty(set)))
		websocket_end_last_turn(ws);
	free_gone(set);
}
