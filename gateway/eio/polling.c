#include "gateway/eio/polling.h"

#include "gateway/eio/payload.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

enum {
	ANSWER_BYTES = 1024 * 1024, /* to one poll; what is over waits for the next */
	LINGER_MS = 10 * 1000,      /* for the last words to be fetched */
};

/* What carries a session; freed with it, or when it has been discarded. */
struct polling {
	struct polls *set;
	struct eio_session *session; /* NULL = a WebSocket carries it now */
	struct exchange *poll, *post;
	struct polling *next; /* in set->dirty */
	struct timer linger;  /* until the last words are forgotten */
	bool is_dirty;
	bool is_released; /* the poll is answered, with a noop if need be */
	bool is_closed;
	bool
	    has_last_words; /* closed by us: the next poll fetches what waits, and a close packet */
	bool is_owed_noop;  /* closed by the client, which knows */
};

struct exchange {
	struct polling *polling; /* NULL = answered, or the session is gone */
	struct wire *wire;
	struct buf body;
};

struct polls {
	struct eio_family *family;
	uint64_t max_body_bytes;
	struct polling *dirty;
	struct timer_queue lingering;
	bool has_deadlines;
	bool is_ending; /* nobody comes back for last words */
};

static void mark_dirty(struct polling *p)
{
	if (p->is_dirty)
		return;
	p->is_dirty = true;
	LL_PREPEND(p->set->dirty, p);
}

static void on_wake(void *wire)
{
	mark_dirty(wire);
}

static void on_release(void *wire)
{
	struct polling *p = wire;

	if (!p->poll)
		return;
	p->is_released = true;
	mark_dirty(p);
}

static void on_discard(void *wire)
{
	struct polling *p = wire;

	p->session = NULL;
	on_release(p);
	mark_dirty(p);
}

static void on_close(void *wire, enum eio_close why)
{
	struct polling *p = wire;

	p->is_closed = true;
	p->is_owed_noop = why == EIO_CLOSE_TRANSPORT_CLOSE;
	p->has_last_words = why == EIO_CLOSE_FORCED_CLOSE || why == EIO_CLOSE_SHUTDOWN;
	mark_dirty(p);
}

static const struct eio_transport polling_transport = {.name = "polling",
    .may_upgrade = true,
    .wake = on_wake,
    .release = on_release,
    .discard = on_discard,
    .close = on_close};

/* Has it left the session, or the session it? */
static bool is_over(const struct polling *p)
{
	return !p->session || (p->is_closed && !p->has_last_words);
}

/* ---- answers ---- */

static enum http_fate fate(bool is_sent)
{
	return is_sent ? HTTP_ANSWERED : HTTP_BROKEN;
}

static enum http_fate send_status(struct wire *w, unsigned status)
{
	return fate(http_send(w, NULL, &(struct http_answer){.status = status}));
}

static void put_body(struct polling *p, struct buf *out)
{
	struct eio_queue *q = p->session ? eio_session_queue(p->session) : NULL;

	if (q && !p->is_owed_noop) {
		for (size_t n = payload_put(out, q, ANSWER_BYTES); n > 0; n--)
			eio_queue_pop(q);
		if (p->is_closed && !q->count) {
			payload_put_control(out, EIO_PACKET_CLOSE);
			p->has_last_words = false;
		}
	}
	if (!out->len)
		payload_put_control(out, EIO_PACKET_NOOP);
}

static void answer_poll(struct polling *p)
{
	struct exchange *x = p->poll;
	struct buf body = {0};

	put_body(p, &body);

	bool is_sent = http_send(x->wire, NULL,
	    &(struct http_answer){.status = 200,
		.content_type = "text/plain; charset=UTF-8",
		.body = buf_str(&body)});

	buf_free(&body);
	p->poll = NULL;
	p->is_released = false;
	x->polling = NULL;
	p->set->has_deadlines = true;
	http_finish(x->wire, is_sent); /* and with it the exchange */
}

static bool has_news(const struct polling *p)
{
	return is_over(p) || p->is_closed || p->is_released ||
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
	if (is_over(p))
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

/* ---- requests ---- */

static struct exchange *exchange_new(struct polling *p, struct wire *w)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->polling = p;
	x->wire = w;
	return x;
}

static struct polling *find(const struct polls *set, struct str sid)
{
	struct eio_session *s = eio_family_find(set->family, sid);
	struct polling *p = s ? eio_session_wire(s, &polling_transport) : NULL;

	return p && !is_over(p) ? p : NULL;
}

static struct polling *open_session(
    struct polls *set, const struct http_request *r, struct mono now)
{
	struct polling *p = xcalloc(1, sizeof(*p));
	struct eio_handshake h = http_request_handshake(r);

	p->set = set;
	p->session = eio_session_new(set->family, &polling_transport, p);
	eio_session_open(p->session, &h, now);
	return p;
}

static enum http_fate on_get(struct polling *p, struct wire *w, struct exchange **ret)
{
	if (p->poll) {
		eio_session_close(p->session, EIO_CLOSE_TRANSPORT_ERROR);
		return send_status(w, 400);
	}
	p->poll = *ret = exchange_new(p, w);
	http_park(w);
	mark_dirty(p);
	return HTTP_WAITS;
}

static enum http_fate on_post(
    struct polling *p, struct wire *w, const struct http_request *r, struct exchange **ret)
{
	uint64_t to_come = http_request_body_bytes(r);
	bool is_binary = str_eqz(http_request_content_type(r), "application/octet-stream");

	if (to_come > p->set->max_body_bytes)
		return send_status(w, 413);
	if (p->post || is_binary) {
		eio_session_close(p->session, EIO_CLOSE_TRANSPORT_ERROR);
		return send_status(w, 400);
	}
	p->post = *ret = exchange_new(p, w);
	return HTTP_WAITS;
}

enum http_fate polls_request(struct polls *set, struct wire *w, const struct http_request *r,
    struct mono now, struct exchange **ret)
{
	const struct eio_request *request = http_request_engine(r);
	struct polling *p = request->sid.len ? find(set, request->sid) : open_session(set, r, now);

	assert(p);
	if (str_eqz(request->method, "GET"))
		return on_get(p, w, ret);
	if (str_eqz(request->method, "POST"))
		return on_post(p, w, r, ret);
	return send_status(w, 500);
}

enum eio_sid polls_sid(const struct polls *set, struct str sid)
{
	struct eio_session *s = eio_family_find(set->family, sid);

	if (!sid.len)
		return EIO_SID_NONE;
	if (find(set, sid))
		return EIO_SID_POLLING;
	return s && eio_session_is_open(s) && !eio_session_wire(s, &polling_transport)
		   ? EIO_SID_WEBSOCKET
		   : EIO_SID_UNKNOWN;
}

bool exchange_receive(struct exchange *x, struct bytes chunk)
{
	struct polling *p = x->polling;

	if (!p)
		return true;
	if (p->post != x || chunk.len > p->set->max_body_bytes - x->body.len)
		return false;
	buf_put(&x->body, chunk);
	return true;
}

static void deliver(struct eio_session *s, struct str body, struct mono now)
{
	struct payload payload = {.rest = body};
	struct str packet;

	if (!str_is_utf8(body)) {
		eio_session_close(s, EIO_CLOSE_PARSE_ERROR);
		return;
	}
	while (eio_session_is_open(s) && payload_next(&payload, &packet))
		eio_session_receive(s, str_bytes(packet), false, now);
}

enum http_fate exchange_complete(struct exchange *x, struct mono now)
{
	static const struct http_answer ok = {
	    .status = 200, .content_type = "text/html", .body = {"ok", 2}};
	struct polling *p = x->polling;

	x->polling = NULL;
	if (p)
		p->post = NULL;
	if (!p || !p->session || p->is_closed)
		return fate(http_send_refusal(x->wire, NULL, EIO_REFUSAL_UNKNOWN_SID, false));
	deliver(p->session, buf_str(&x->body), now);
	return fate(http_send(x->wire, NULL, &ok));
}

bool exchange_drop(struct exchange *x)
{
	struct polling *p = x->polling;

	x->polling = NULL;
	if (!p)
		return false;
	p->poll = p->poll == x ? NULL : p->poll;
	p->post = p->post == x ? NULL : p->post;
	p->has_last_words = false;
	mark_dirty(p);
	if (p->session)
		eio_session_close(p->session, EIO_CLOSE_TRANSPORT_ERROR);
	return true;
}

void exchange_free(struct exchange **x)
{
	struct exchange *dead = *x;

	*x = NULL;
	if (!dead)
		return;
	(void)exchange_drop(dead);
	buf_free(&dead->body);
	free(dead);
}

/* ---- all of them ---- */

struct polls *polls_new(struct eio_family *family, uint64_t max_body_bytes)
{
	struct polls *set = xcalloc(1, sizeof(*set));

	set->family = family;
	set->max_body_bytes = max_body_bytes;
	timer_queue_init(&set->lingering, LINGER_MS);
	return set;
}

void polls_free(struct polls **set)
{
	struct polls *dead = *set;

	*set = NULL;
	if (!dead)
		return;
	assert(!dead->dirty && !dead->lingering.head);
	free(dead);
}

bool polls_end_turn(struct polls *set, struct mono now)
{
	bool had_deadlines;

	for (struct polling *p; (p = take_dirty(set));)
		end_turn_of(p, now);
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
		mark_dirty(p);
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
}
