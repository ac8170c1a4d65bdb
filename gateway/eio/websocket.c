#include "gateway/eio/websocket.h"

#include "gateway/eio/wsframe.h"

#include <assert.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

enum {
	SCRATCH_BYTES = 64 * 1024, /* what leaves in one write when several packets wait */
	KEPT_MESSAGE_BYTES = 4096, /* a longer message gives its memory back */
	CLOSE_LINGER_S = 5,        /* for the peer to read what it is sent before a close */
	CODE_PROTOCOL = 1002,
	CODE_BAD_TEXT = 1007,
	CODE_TOO_BIG = 1009,
};

_Static_assert(FRAME_HEADROOM >= LWS_PRE + 1, "the headroom takes what lws_write() may ask for");

struct websocket {
	struct websockets *set;
	struct wire *wire; /* NULL = gone */
	struct eio_session *session;
	struct buf message; /* the parts of a message that is not complete yet */
	struct websocket *next_dirty, *next_gone;
	const char *close_text;
	uint16_t close_code; /* 0 = not closing */
	bool is_dirty;
	bool is_asked;  /* for a writeable callback */
	bool is_silent; /* a close frame went out or in, nothing may be written any more */
};

struct websockets {
	struct eio_family *family;
	uint64_t max_message_bytes;
	struct websocket *dirty_first, *dirty_last;
	struct websocket *gone;
	bool has_deadlines;
	uint8_t scratch[LWS_PRE + SCRATCH_BYTES];
};

static struct lws *lws_of(const struct websocket *ws)
{
	return (struct lws *)(void *)ws->wire;
}

static bool may_write(const struct websocket *ws)
{
	return ws->wire && !ws->is_silent;
}

static void mark_dirty(struct websocket *ws)
{
	struct websockets *set = ws->set;

	if (ws->is_dirty)
		return;
	ws->is_dirty = true;
	ws->next_dirty = NULL;
	if (set->dirty_last)
		set->dirty_last->next_dirty = ws;
	else
		set->dirty_first = ws;
	set->dirty_last = ws;
}

static void on_wake(void *wire)
{
	mark_dirty(wire);
}

static void on_close(void *wire, enum eio_close why)
{
	struct websocket *ws = wire;
	const struct eio_close_row *row = eio_close_row(why);

	if (!may_write(ws))
		return;
	if (!ws->close_code)
		ws->close_code = row->ws_code;
	ws->close_text = row->reason;
	lws_set_timeout(lws_of(ws), PENDING_TIMEOUT_CLOSE_SEND, CLOSE_LINGER_S);
	ws->set->has_deadlines = true;
	mark_dirty(ws);
}

static const struct eio_transport websocket_transport = {"websocket", on_wake, on_close};

/* Closes for something the peer did wrong that WebSocket has a code of its own for. */
static void refuse(struct websocket *ws, uint16_t code, enum eio_close why)
{
	ws->close_code = code;
	eio_session_close(ws->session, why);
}

static bool write_raw(struct websocket *ws, uint8_t *bytes, size_t len)
{
	return lws_write(lws_of(ws), bytes, len, LWS_WRITE_RAW) >= 0;
}

/* The front of the queue in one write: alone, straight from the frame that all receivers share,
 * else gathered. */
static bool write_some(struct websocket *ws, struct eio_queue *q)
{
	uint8_t *start = ws->set->scratch + LWS_PRE;
	size_t len, n = wsframe_gather(q, start, q->count > 1 ? SCRATCH_BYTES : 0, &len);
	const struct eio_entry *first = eio_queue_at(q, 0);
	bool is_written;

	if (n > 1) {
		is_written = write_raw(ws, start, len);
	} else if (first->frame) {
		struct bytes b = wsframe_in_place(first);

		is_written = write_raw(ws, (uint8_t *)b.p, b.len);
	} else {
		len = (size_t)(wsframe_put_header(start, first) - start);
		is_written = write_raw(ws, start, len);
	}
	for (eio_queue_pop(q); n > 1; n--)
		eio_queue_pop(q);
	return is_written;
}

/* The socket failed. libwebsockets closes it by itself only inside a callback of its own. */
static void fail(struct websocket *ws)
{
	ws->is_silent = true;
	eio_session_close(ws->session, EIO_CLOSE_TRANSPORT_CLOSE);
	lws_set_timeout(lws_of(ws), PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
	ws->set->has_deadlines = true;
}

static void ask(struct websocket *ws)
{
	if (ws->is_asked)
		return;
	ws->is_asked = true;
	lws_callback_on_writable(lws_of(ws));
}

/*
 * Writes once, if libwebsockets has nothing of this connection buffered (it would pile up there,
 * out of sight). true = nothing is left.
 */
static bool drain(struct websocket *ws)
{
	struct eio_queue *q = eio_session_queue(ws->session);

	if (q->count && !lws_partial_buffered(lws_of(ws)) && !write_some(ws, q)) {
		fail(ws);
		return false;
	}
	return !q->count && !lws_partial_buffered(lws_of(ws));
}

/*
 * Our own close frame, and not the one of libwebsockets: in Debian's build its libuv loop closes
 * twice whatever closes from a writeable callback, and the second time takes the frame away.
 */
static void say_goodbye(struct websocket *ws, uint16_t code, const char *text)
{
	uint8_t frame[LWS_PRE + WSFRAME_CLOSE_MAX];
	size_t len = wsframe_close(frame + LWS_PRE, code, str_of(text));

	ws->is_silent = true;
	(void)write_raw(ws, frame + LWS_PRE, len);
}

/* What can be written now is; the rest when the socket takes it. */
static void push_on(struct websocket *ws)
{
	if (!may_write(ws))
		return;
	if (drain(ws)) {
		if (ws->close_code)
			say_goodbye(ws, ws->close_code, ws->close_text);
	} else if (may_write(ws)) {
		ask(ws);
	}
}

static void end_turn_of(struct websocket *ws)
{
	/* Closed by libwebsockets, and yet the connection lives: so the peer broke the rules. */
	if (ws->is_silent)
		eio_session_close(ws->session, EIO_CLOSE_TRANSPORT_ERROR);
	eio_session_end_turn(ws->session);
	push_on(ws);
}

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
		eio_session_free(&ws->session);
		buf_free(&ws->message);
		free(ws);
	}
}

bool websockets_end_turn(struct websockets *set)
{
	struct websocket *ws;
	bool had_deadlines;

	while ((ws = take_dirty(set)))
		end_turn_of(ws);
	free_gone(set);
	had_deadlines = set->has_deadlines;
	set->has_deadlines = false;
	return had_deadlines;
}

void websockets_end_last_turn(struct websockets *set)
{
	struct websocket *ws;

	while ((ws = take_dirty(set))) {
		end_turn_of(ws);
		/* No writeable callback will come: go on as long as the socket takes it. */
		while (may_write(ws) && !lws_partial_buffered(lws_of(ws)) && ws->is_asked)
			websocket_writeable(ws);
	}
	free_gone(set);
}

struct websocket *websocket_new(
    struct websockets *set, struct wire *w, const struct eio_handshake *h, struct mono now)
{
	struct websocket *ws = xcalloc(1, sizeof(*ws));

	ws->set = set;
	ws->wire = w;
	ws->session = eio_session_new(set->family, &websocket_transport, ws);
	eio_session_open(ws->session, h, now);
	return ws;
}

static void complete(struct websocket *ws, struct bytes message, struct mono now)
{
	bool is_binary = lws_frame_is_binary(lws_of(ws));

	if (!is_binary && !str_is_utf8(bytes_str(message)))
		refuse(ws, CODE_BAD_TEXT, EIO_CLOSE_TRANSPORT_ERROR);
	else
		eio_session_receive(ws->session, message, is_binary, now);
}

void websocket_receive(struct websocket *ws, struct bytes chunk, struct mono now)
{
	size_t room = ws->set->max_message_bytes - ws->message.len;
	size_t to_come = lws_remaining_packet_payload(lws_of(ws));
	bool is_final = lws_is_final_fragment(lws_of(ws));

	if (!eio_session_is_open(ws->session))
		return;
	/* Refused as soon as it announces itself, not when it has arrived. */
	if (chunk.len > room || to_come > room - chunk.len) {
		refuse(ws, CODE_TOO_BIG, EIO_CLOSE_TOO_BIG);
		return;
	}
	if (is_final && !ws->message.len) {
		complete(ws, chunk, now);
		return;
	}
	buf_put(&ws->message, chunk);
	if (!is_final)
		return;
	complete(ws, buf_bytes(&ws->message), now);
	if (ws->message.len > KEPT_MESSAGE_BYTES)
		buf_free(&ws->message);
	else
		buf_reset(&ws->message);
}

void websocket_writeable(struct websocket *ws)
{
	ws->is_asked = false;
	push_on(ws);
}

int websocket_peer_closing(struct websocket *ws, struct bytes payload)
{
	bool is_answer = ws->close_code && ws->is_silent;
	struct str text =
	    payload.len > 2 ? (struct str){(const char *)payload.p + 2, payload.len - 2} : STR("");
	uint16_t code = payload.len == 1 ? CODE_PROTOCOL : str_is_utf8(text) ? 0 : CODE_BAD_TEXT;

	if (code && may_write(ws) && !lws_partial_buffered(lws_of(ws)))
		say_goodbye(ws, code, "");
	ws->is_silent = true;
	eio_session_close(
	    ws->session, code ? EIO_CLOSE_TRANSPORT_ERROR : EIO_CLOSE_TRANSPORT_CLOSE);
	return is_answer || code ? -1 : 0;
}

void websocket_dropped(struct websocket *ws)
{
	ws->is_silent = true;
	mark_dirty(ws);
}

void websocket_closed(struct websocket *ws)
{
	ws->wire = NULL;
	ws->is_silent = false;
	eio_session_close(ws->session, EIO_CLOSE_TRANSPORT_CLOSE);
	ws->next_gone = ws->set->gone;
	ws->set->gone = ws;
}
