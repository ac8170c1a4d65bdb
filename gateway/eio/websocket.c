#include "gateway/eio/websocket.h"

#include "gateway/eio/websocket_inner.h"
#include "gateway/eio/wsframe.h"

#include <libwebsockets.h>
#include <string.h>

enum {
	KEPT_MESSAGE_BYTES = 4096, /* a longer message gives its memory back */
	CLOSE_LINGER_S = 5,        /* for the peer to read what it is sent before a close */
	CODES_END = 5000,          /* of those that a close frame may have */
	CODE_PROTOCOL = 1002,
	CODE_BAD_TEXT = 1007,
	CODE_TOO_BIG = 1009,
};

_Static_assert(FRAME_HEADROOM >= LWS_PRE + 1, "the headroom takes what lws_write() may ask for");

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

	if (ws->is_candidate)
		ws->session = NULL;
	if (!may_write(ws))
		return;
	if (!ws->close_code)
		ws->close_code = row->ws_code;
	ws->close_text = row->reason;
	lws_set_timeout(lws_of(ws), PENDING_TIMEOUT_CLOSE_SEND, CLOSE_LINGER_S);
	ws->set->has_deadlines = true;
	mark_dirty(ws);
}

static bool is_stuck(const void *wire)
{
	return ((const struct websocket *)wire)->is_asked;
}

static const struct eio_transport websocket_transport = {
    .name = "websocket", .wake = on_wake, .is_stuck = is_stuck, .close = on_close};

/* Ends the session; a candidate only gives up what it wanted. */
static void end_session(struct websocket *ws, enum eio_close why)
{
	if (!ws->session)
		return;
	if (!ws->is_candidate) {
		eio_session_close(ws->session, why);
		return;
	}
	eio_session_dismiss(ws->session);
	on_close(ws, why);
}

/* Closes for something the peer did wrong that WebSocket has a code of its own for. */
static void refuse(struct websocket *ws, uint16_t code, enum eio_close why)
{
	ws->close_code = code;
	end_session(ws, why);
}

/* What it has to write; NULL = nothing but close frames. */
static struct eio_queue *queue_of(const struct websocket *ws)
{
	return ws->is_candidate ? NULL : eio_session_queue(ws->session);
}

static bool write_raw(struct websocket *ws, uint8_t *bytes, size_t len)
{
	return lws_write(lws_of(ws), bytes, len, LWS_WRITE_RAW) >= 0;
}

/* The front of the queue in one write: alone, straight from the frame that all receivers share,
 * else gathered. */
static bool write_some(struct websocket *ws, struct eio_queue *q)
{
	uint8_t *start = ws->set->scratch + FRAME_HEADROOM;
	size_t len, n = wsframe_gather(q, start, q->count > 1 ? WEBSOCKET_SCRATCH_BYTES : 0, &len);
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
	end_session(ws, EIO_CLOSE_TRANSPORT_CLOSE);
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
	struct eio_queue *q = queue_of(ws);

	if (q && q->count && !lws_partial_buffered(lws_of(ws)) && !write_some(ws, q)) {
		fail(ws);
		return false;
	}
	return !(q && q->count) && !lws_partial_buffered(lws_of(ws));
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

void websocket_end_turn(struct websocket *ws)
{
	/* Closed by libwebsockets, and yet the connection lives: so the peer broke the rules. */
	if (ws->is_silent)
		end_session(ws, EIO_CLOSE_TRANSPORT_ERROR);
	if (!ws->is_candidate)
		eio_session_end_turn(ws->session);
	push_on(ws);
}

void websocket_end_last_turn(struct websocket *ws)
{
	websocket_end_turn(ws);
	/* No writeable callback will come. */
	while (may_write(ws) && !lws_partial_buffered(lws_of(ws)) && ws->is_asked)
		websocket_writeable(ws);
}

static struct websocket *make(struct websockets *set, struct wire *w)
{
	struct websocket *ws = xcalloc(1, sizeof(*ws));

	ws->set = set;
	ws->wire = w;
	return ws;
}

struct websocket *websocket_new_candidate(
    struct websockets *set, struct wire *w, struct eio_session *s, struct mono now)
{
	struct websocket *ws = make(set, w);

	ws->is_candidate = true;
	if (s && eio_session_admit(s, &websocket_transport, ws, now))
		ws->session = s;
	else
		on_close(ws, EIO_CLOSE_UPGRADE_ERROR);
	return ws;
}

struct websocket *websocket_new(
    struct websockets *set, struct wire *w, const struct eio_handshake *h, struct mono now)
{
	struct websocket *ws = make(set, w);

	ws->session = eio_session_new(set->family, &websocket_transport, ws);
	eio_session_open(ws->session, h, now);
	return ws;
}

/* At once, before anything that the session has queued: the client may be sure of us already. */
static void say_pong(struct websocket *ws)
{
	static const char pong[] = "\x81\x06"
				   "3probe";
	uint8_t frame[LWS_PRE + sizeof(pong)];

	memcpy(frame + LWS_PRE, pong, sizeof(pong) - 1);
	if (lws_partial_buffered(lws_of(ws)) || !write_raw(ws, frame + LWS_PRE, sizeof(pong) - 1))
		fail(ws);
}

static void probe(struct websocket *ws, struct bytes message, bool is_binary, struct mono now)
{
	switch (eio_session_probe(ws->session, message, is_binary, now)) {
	case EIO_PROBE_PONG:
		say_pong(ws);
		return;
	case EIO_PROBE_TAKEN:
		ws->is_candidate = false;
		return;
	case EIO_PROBE_FAILED:
		on_close(ws, EIO_CLOSE_UPGRADE_ERROR);
		return;
	}
}

static void complete(struct websocket *ws, struct bytes message, struct mono now)
{
	bool is_binary = lws_frame_is_binary(lws_of(ws));

	if (!is_binary && !str_is_utf8(bytes_str(message)))
		refuse(ws, CODE_BAD_TEXT, EIO_CLOSE_TRANSPORT_ERROR);
	else if (ws->is_candidate)
		probe(ws, message, is_binary, now);
	else
		eio_session_receive(ws->session, message, is_binary, now);
}

/* Only the head of what is too big is there, if that. */
static void refuse_big(struct websocket *ws, struct bytes chunk)
{
	struct bytes head = ws->message.len ? buf_bytes(&ws->message) : chunk;

	if (!ws->is_candidate)
		eio_session_oversize(ws->session, head, lws_frame_is_binary(lws_of(ws)));
	refuse(ws, CODE_TOO_BIG, EIO_CLOSE_TOO_BIG);
}

void websocket_receive(struct websocket *ws, struct bytes chunk, struct mono now)
{
	size_t room = ws->set->max_message_bytes - ws->message.len;
	size_t to_come = lws_remaining_packet_payload(lws_of(ws));
	bool is_final = lws_is_final_fragment(lws_of(ws));

	if (!ws->session || !eio_session_is_open(ws->session))
		return;
	/* Refused as soon as it announces itself, not when it has arrived. */
	if (chunk.len > room || to_come > room - chunk.len) {
		refuse_big(ws, chunk);
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

/* Everything that waits, as long as the socket takes it. false = it failed. */
static bool flush(struct websocket *ws)
{
	struct eio_queue *q = queue_of(ws);

	while (q && q->count && !lws_partial_buffered(lws_of(ws))) {
		if (!write_some(ws, q))
			return false;
	}
	return true;
}

/* The code to answer a bad close frame with; 0 = it is a good one. */
static uint16_t find_fault(struct bytes payload)
{
	if (payload.len == 0)
		return 0;
	if (payload.len == 1 || (payload.p[0] << 8 | payload.p[1]) >= CODES_END)
		return CODE_PROTOCOL;

	struct str text = {(const char *)payload.p + 2, payload.len - 2};

	return str_is_utf8(text) ? 0 : CODE_BAD_TEXT;
}

int websocket_peer_closing(struct websocket *ws, struct bytes payload)
{
	bool is_answer = ws->close_code && ws->is_silent;
	uint16_t code = find_fault(payload);
	/* What came before it is answered before it. */
	bool is_broken = may_write(ws) && !flush(ws);

	if (code && may_write(ws) && !lws_partial_buffered(lws_of(ws)))
		say_goodbye(ws, code, "");
	ws->is_silent = true;
	end_session(ws, code ? EIO_CLOSE_TRANSPORT_ERROR : EIO_CLOSE_TRANSPORT_CLOSE);
	return is_answer || is_broken || code ? -1 : 0;
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
	end_session(ws, EIO_CLOSE_TRANSPORT_CLOSE);
	ws->next_gone = ws->set->gone;
	ws->set->gone = ws;
}
