#include "broker/missed.h"

#include "broker/attend.h"
#include "broker/say.h"
#include "proto/value.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* History is read by the same archive: half of its queue is for it. */
enum { READING_MAX = ARCHIVE_QUEUE_MAX / 2, WAITING_MAX = 200000 };

struct missed {
	uint64_t ticket; /* 0 = waits for its turn */
	uint64_t request, after, until;
	struct peer *peer; /* NULL = gone */
	char socket[LIMIT_SOCKET_ID + 1];
	struct missed *prev, *next;
};

static void drop(struct broker *b, struct missed *r)
{
	b->missed_count--;
	b->missed_reading -= r->ticket != 0;
	DL_DELETE(b->missed, r);
	free(r);
}

/* The rooms that it is in, each from where it has heard it. */
static struct merge *plan(const struct session *s, const struct missed *r)
{
	struct merge *merge = merge_new(s->member_count);

	merge->count = 0;
	merge->until = r->until;
	merge->limit = LIMIT_REPLAY_PAGE;
	merge->max_bytes = LIMIT_REPLAY_PAGE_BYTES;
	for (const struct member *m = s->members; m; m = m->session_next) {
		if (m->room->committed_seq == 0)
			continue;
		merge->rooms[merge->count++] = (struct merge_room){
		    .id = m->room->id,
		    .name = xstrdup(m->room->name),
		    .after = r->after > m->gseq ? r->after : m->gseq,
		    .last_seq = m->room->committed_seq,
		};
	}
	return merge;
}

static void refuse(struct broker *b, const struct missed *r)
{
	say_error(b, r->peer, r->request, CLIENT_ERROR_UNAVAILABLE,
	    "what was missed cannot be read now");
}

/* Hands one that waits to the archive. ERR_FULL: not now. */
static enum err begin(struct broker *b, struct missed *r)
{
	struct session *s = attend_session(b, r->peer, str_of(r->socket), r->request);

	/* It is lost again, and its gateway was told. */
	if (!s) {
		drop(b, r);
		return ERR_OK;
	}
	/* What the rooms have is not known: to say that nothing was missed might be a lie. */
	if (b->is_numbering_stale) {
		refuse(b, r);
		drop(b, r);
		return ERR_OK;
	}
	struct merge *merge = plan(s, r);
	enum err e = archive_merge_take(b->archive, b->last_ticket + 1, &merge);

	merge_free(&merge);
	if (e)
		return e;
	r->ticket = ++b->last_ticket;
	b->missed_reading++;
	return ERR_OK;
}

static void begin_waiting(struct broker *b)
{
	struct missed *r, *next;

	DL_FOREACH_SAFE(b->missed, r, next)
	{
		if (b->missed_reading >= READING_MAX)
			return;
		if (r->ticket == 0 && begin(b, r))
			return;
	}
}

void missed_on_replay(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_replay *w = &m->as.replay;

	if (!attend_session(b, p, w->socket, w->request))
		return;
	if (b->missed_count >= WAITING_MAX) {
		say_error(b, p, w->request, CLIENT_ERROR_UNAVAILABLE,
		    "too many clients come back, try again");
		return;
	}
	struct missed *r = xcalloc(1, sizeof(*r));

	*r =
	    (struct missed){.request = w->request, .after = w->after, .until = w->until, .peer = p};
	memcpy(r->socket, w->socket.p, w->socket.len);
	DL_APPEND(b->missed, r);
	b->missed_count++;
	begin_waiting(b);
}

static void reply(struct broker *b, const struct missed *r, const struct archive_answer *answer)
{
	struct buf value = {0};

	if (answer->error && answer->error != ERR_NOT_FOUND) {
		refuse(b, r);
		return;
	}
	if (answer->error) {
		value_put_map(&value, 1);
		value_put_bool_pair(&value, STR("isLost"), true);
	} else {
		value_put_map(&value, 2);
		value_put_raw_pair(&value, STR("events"), answer->messages);
		value_put_bool_pair(&value, STR("more"), answer->more);
	}
	say_ok(b, r->peer, &(struct say_reply){.request = r->request, .value = buf_bytes(&value)});
	buf_free(&value);
}

bool missed_on_page(struct broker *b, const struct archive_answer *answer)
{
	struct missed *r;
	bool is_ours;

	/* Those that are being read stand in front. */
	DL_FOREACH(b->missed, r)
	{
		if (r->ticket == answer->request)
			break;
	}
	is_ours = r != NULL;
	if (is_ours) {
		if (r->peer)
			reply(b, r, answer);
		drop(b, r);
	}
	begin_waiting(b);
	return is_ours;
}

void missed_forget(struct broker *b, const struct peer *p)
{
	struct missed *r, *next;

	DL_FOREACH_SAFE(b->missed, r, next)
	{
		if (p && r->peer != p)
			continue;
		if (p && r->ticket)
			r->peer = NULL;
		else
			drop(b, r);
	}
}
