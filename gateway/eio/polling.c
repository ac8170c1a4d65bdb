#include "gateway/eio/polling_inner.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

enum {
	ANSWER_BYTES = 1024 * 1024, /* to one poll; what is over waits for the next */
	LINGER_MS = 10 * 1000,      /* for the last words to be fetched */
};

void polling_mark_dirty(struct polling *p)
{
	if (p->is_dirty)
		return;
	p->is_dirty = true;
	LL_PREPEND(p->set->dirty, p);
}

static void on_wake(void *wire)
{
	polling_mark_dirty(wire);
}

static void on_release(void *wire)
{
	struct polling *p = wire;

	if (!p->poll)
		return;
	p->is_released = true;
	polling_mark_dirty(p);
}

static void on_discard(void *wire)
{
	struct polling *p = wire;

	p->session = NULL;
	on_release(p);
	polling_mark_dirty(p);
}

static void on_close(void *wire, enum eio_close why)
{
	struct polling *p = wire;

	p->is_closed = true;
	p->is_owed_noop = why == EIO_CLOSE_TRANSPORT_CLOSE;
	p->has_last_words = why == EIO_CLOSE_FORCED_CLOSE || why == EIO_CLOSE_SHUTDOWN;
	polling_mark_dirty(p);
}

/* Between two polls. */
static bool is_stuck(const void *wire)
{
	return !((const struct polling *)wire)->poll;
}

const struct eio_transport polling_transport = {.name = "polling",
    .may_upgrade = true,
    .wake = on_wake,
    .release = on_release,
    .discard = on_discard,
    .is_stuck = is_stuck,
    .close = on_close};

bool polling_is_over(const struct polling *p)
{
	return !p->session || (p->is_closed && !p->has_last_words);
}

/* ---- answers ---- */

static void put_body(struct polling *p, struct payload_body *out)
{
	const struct eio_revision_row *row = eio_revision_row(p->revision);
	struct eio_queue *q = p->session ? eio_session_queue(p->session) : NULL;

	if (q && !p->is_owed_noop) {
		for (size_t n = row->put(out, q, ANSWER_BYTES); n > 0; n--)
			eio_queue_pop(q);
		/* In a body of its own, as the reference has it: stock clients look at events a
		 * moment after they have read the whole body. Those before a close in it would be
		 * kept for the next connection, and be heard once more when they are recovered. */
		if (p->is_closed && !out->bytes.len) {
			row->put_control(out, EIO_PACKET_CLOSE);
			p->has_last_words = false;
		}
	}
	if (!out->bytes.len)
		row->put_control(out, EIO_PACKET_NOOP);
}

/* As a string; of the first answer only. */
static void put_cookie(struct polling *p, struct buf *out)
{
	if (!p->is_named && p->session && p->set->cookie[0])
		buf_printf(out, "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Lax\r\n",
		    p->set->cookie, eio_session_id(p->session));
	p->is_named = true;
	buf_putc(out, '\0');
}

static void answer_poll(struct polling *p)
{
	struct exchange *x = p->poll;
	struct payload_body body = {0};
	struct buf cookie = {0};

	put_body(p, &body);
	put_cookie(p, &cookie);
	x->answer = http_answer(
	    NULL, &(struct http_answer){.status = 200,
		      .content_type = body.is_binary ? POLLING_BINARY : "text/plain; charset=UTF-8",
		      .headers = buf_str(&cookie).p,
		      .body = buf_str(&body.bytes),
		      .cors = x->cors});
	buf_free(&cookie);
	buf_free(&body.bytes);
	p->is_released = false;
	exchange_answer(x);
}

static void answer_complete(struct polls *set)
{
	while (set->complete)
		exchange_answer(set->complete);
}

static bool has_news(const struct polling *p)
{
	return polling_is_over(p) || p->is_closed || p->is_released ||
	       eio_session_queue(p->session)->count > 0;
}

static void polling_free(struct polling *p)
{
	timer_stop(&p->linger);
	if (p->post)
		p->post->polling = NULL;
	if (p->session)
		eio_session_free(&p->session);
	free(p);
}

static void end_turn_of(struct polling *p, struct mono now)
{
	if (p->poll && has_news(p))
		answer_poll(p);
	if (p->set->is_ending)
		p->has_last_words = false;
	if (polling_is_over(p))
		polling_free(p);
	else if (p->is_closed && !timer_is_running(&p->linger))
		timer_start(&p->linger, &p->set->lingering, now);
}

static struct polling *take_dirty(struct polls *set)
{
	struct polling *p = set->dirty;

	if (!p)
		return NULL;
	/* It is dirty yet: what closes now is not put into the list again. */
	if (p->session)
		eio_session_end_turn(p->session);
	LL_DELETE(set->dirty, p);
	p->is_dirty = false;
	return p;
}

/* ---- all of them ---- */

struct polls *polls_new(struct eio_family *family, uint64_t max_body_bytes, const char *cookie)
{
	struct polls *set = xcalloc(1, sizeof(*set));

	set->family = family;
	set->max_body_bytes = max_body_bytes;
	set->cookie = cookie;
	timer_queue_init(&set->lingering, LINGER_MS);
	return set;
}

void polls_free(struct polls **set)
{
	struct polls *dead = *set;

	*set = NULL;
	if (!dead)
		return;
	assert(!dead->dirty && !dead->complete && !dead->lingering.head);
	free(dead);
}

bool polls_end_turn(struct polls *set, struct mono now)
{
	bool had_deadlines;

	for (struct polling *p; (p = take_dirty(set));)
		end_turn_of(p, now);
	answer_complete(set);
	had_deadlines = set->has_deadlines;
	set->has_deadlines = false;
	return had_deadlines;
}

void polls_expire(struct polls *set, struct mono now)
{
	struct timer *t;

	while ((t = timer_queue_expire(&set->lingering, now))) {
		struct polling *p = CONTAINER_OF(t, struct polling, linger);

		p->has_last_words = false;
		polling_mark_dirty(p);
	}
}

bool polls_next_due(const struct polls *set, struct mono *ret_due)
{
	return timer_queue_next(&set->lingering, ret_due);
}

void polls_end_last_turn(struct polls *set)
{
	set->is_ending = true;
	polls_expire(set, (struct mono){UINT64_MAX});
	for (struct polling *p; (p = take_dirty(set));)
		end_turn_of(p, (struct mono){0});
	answer_complete(set);
}
