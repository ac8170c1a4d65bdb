#include "gateway/eio/polling_inner.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

/* For a body to arrive whole: the largest at 10 kB/s. */
enum { BODY_MS = 100 * 1000 };

static struct exchange *exchange_new(
    struct polls *set, struct polling *p, struct wire *w, const struct http_request *r)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->set = set;
	x->polling = p;
	x->wire = w;
	x->cors = http_request_cors(r);
	return x;
}

static void mark_complete(struct exchange *x)
{
	x->is_complete = true;
	LL_PREPEND(x->set->complete, x);
}

struct exchange *exchange_new_take(
    struct polls *set, struct wire *w, const struct http_request *r, struct frame **answer)
{
	struct exchange *x = exchange_new(set, NULL, w, r);

	x->answer = *answer;
	*answer = NULL;
	x->has_body = http_request_body_bytes(r) > 0;
	if (!x->has_body)
		mark_complete(x);
	return x;
}

static struct exchange *refuse(
    struct polls *set, struct wire *w, const struct http_request *r, unsigned status)
{
	struct frame *answer = http_answer(r, &(struct http_answer){.status = status});

	return exchange_new_take(set, w, r, &answer);
}

static struct polling *find(const struct polls *set, struct str sid)
{
	struct eio_session *s = eio_family_find(set->family, sid);
	struct polling *p = s ? eio_session_wire(s, &polling_transport) : NULL;

	return p && !polling_is_over(p) ? p : NULL;
}

static struct polling *open_session(
    struct polls *set, const struct http_request *r, struct mono now)
{
	struct polling *p = xcalloc(1, sizeof(*p));
	struct eio_handshake h = http_request_handshake(r);

	p->set = set;
	p->session = eio_session_new(set->family, &polling_transport, p);
	p->revision = h.revision;
	eio_session_open(p->session, &h, now);
	return p;
}

static struct exchange *on_get(struct polling *p, struct wire *w, const struct http_request *r)
{
	if (p->poll) {
		eio_session_close(p->session, EIO_CLOSE_TRANSPORT_ERROR);
		return refuse(p->set, w, r, 400);
	}
	p->poll = exchange_new(p->set, p, w, r);
	http_park(w);
	polling_mark_dirty(p);
	return p->poll;
}

static struct exchange *on_post(struct polling *p, struct wire *w, const struct http_request *r)
{
	bool is_binary = str_eqz(http_request_content_type(r), POLLING_BINARY);
	bool is_read = !is_binary || eio_revision_row(p->revision)->has_binary_bodies;

	if (http_request_body_bytes(r) > p->set->max_body_bytes)
		return refuse(p->set, w, r, 413);
	if (p->post || !is_read) {
		eio_session_close(p->session, EIO_CLOSE_TRANSPORT_ERROR);
		return refuse(p->set, w, r, 400);
	}
	p->post = exchange_new(p->set, p, w, r);
	p->post->has_body = true; /* even an empty one is told of */
	p->post->is_binary = is_binary;
	return p->post;
}

struct exchange *polls_request(
    struct polls *set, struct wire *w, const struct http_request *r, struct mono now)
{
	const struct eio_request *request = http_request_engine(r);
	struct polling *p = request->sid.len ? find(set, request->sid) : open_session(set, r, now);

	assert(p);
	if (str_eqz(request->method, "GET"))
		return on_get(p, w, r);
	if (str_eqz(request->method, "POST"))
		return on_post(p, w, r);
	return refuse(set, w, r, 500);
}

enum eio_sid polls_sid(const struct polls *set, struct str sid, enum eio_revision revision)
{
	struct eio_session *s = eio_family_find(set->family, sid);
	bool is_polling = find(set, sid);
	bool is_websocket = s && eio_session_is_open(s) && !eio_session_wire(s, &polling_transport);

	if (!sid.len)
		return EIO_SID_NONE;
	if (!is_polling && !is_websocket)
		return EIO_SID_UNKNOWN;
	if (eio_session_revision(s) != revision)
		return EIO_SID_OTHER_REVISION;
	return is_polling ? EIO_SID_POLLING : EIO_SID_WEBSOCKET;
}

bool exchange_receive(struct exchange *x, struct bytes chunk, struct mono now)
{
	struct polling *p = x->polling;

	/* libwebsockets waits anew after each piece, however small. */
	if (!x->body_began.us)
		x->body_began = now;
	if (mono_ms_between(x->body_began, now) > BODY_MS)
		return false;
	if (!p)
		return true;
	if (p->post != x || chunk.len > p->set->max_body_bytes - x->body.len)
		return false;
	buf_put(&x->body, chunk);
	return true;
}

static void deliver(const struct exchange *x, struct mono now)
{
	struct eio_session *s = x->polling->session;
	const struct eio_revision_row *row = eio_revision_row(x->polling->revision);
	struct payload payload = {.rest = buf_str(&x->body), .is_binary = x->is_binary};
	struct payload_packet packet;

	if (!x->is_binary && !str_is_utf8(payload.rest)) {
		eio_session_close(s, EIO_CLOSE_PARSE_ERROR);
		return;
	}
	while (eio_session_is_open(s) && row->next(&payload, &packet))
		eio_session_receive(s, packet.data, packet.is_binary, now);
}

bool exchange_complete(struct exchange *x, struct mono now)
{
	const struct http_answer ok = {
	    .status = 200, .content_type = "text/html", .body = STR("ok"), .cors = x->cors};
	struct polling *p = x->polling;

	if (x->is_complete)
		return !x->has_body; /* else another request has come behind it */
	mark_complete(x);
	if (x->answer)
		return true;
	if (!p || !p->session || p->is_closed) {
		x->answer = http_late_refusal(x->cors, EIO_REFUSAL_UNKNOWN_SID);
		return true;
	}
	deliver(x, now);
	x->answer = http_answer(NULL, &ok);
	return true;
}

/* It and its session have nothing to do with each other any more. */
static void part(struct exchange *x)
{
	struct polling *p = x->polling;

	x->polling = NULL;
	if (!p)
		return;
	p->poll = p->poll == x ? NULL : p->poll;
	p->post = p->post == x ? NULL : p->post;
}

static void unmark_complete(struct exchange *x)
{
	if (x->is_complete)
		LL_DELETE(x->set->complete, x);
	x->is_complete = false;
}

void exchange_answer(struct exchange *x)
{
	bool is_sent = http_write_take(x->wire, &x->answer);

	unmark_complete(x);
	part(x);
	x->is_answered = true;
	x->set->has_deadlines = true;
	http_finish(x->wire, is_sent);
}

bool exchange_drop(struct exchange *x)
{
	struct polling *p = x->polling;

	unmark_complete(x);
	part(x);
	if (!p)
		return !x->is_answered;
	p->has_last_words = false;
	polling_mark_dirty(p);
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
	frame_unref(&dead->answer);
	buf_free(&dead->body);
	free(dead);
}
