#ifndef ROOMCAST_GATEWAY_EIO_SESSION_H
#define ROOMCAST_GATEWAY_EIO_SESSION_H
/*
 * An Engine.IO session: the protocol between a transport (WebSocket; polling) below and messages
 * above. It checks packets, keeps the heartbeat (the server pings and the client answers; in
 * revision 3 of the protocol it is the other way round), and queues what goes out, bounded in
 * bytes. Pure: it is handed bytes and the time, and acts through two tables of functions; all its
 * I/O is the transport's.
 *
 * Life: eio_session_new -> (receive, send, expire)* -> closed exactly once, told by on_close ->
 * freed by the server at the end of the turn. Nobody above frees a session.
 * Protocol: https://github.com/socketio/engine.io-protocol (revision 4, and 3: revision.h)
 */
#include "common/clock.h"
#include "common/frame.h"
#include "common/timer.h"
#include "gateway/eio/handshake.h"

enum eio_close {
#define EIO_CLOSE(name, ws_code, is_error, reason, text) EIO_CLOSE_##name,
#include "gateway/eio/close.def"
#undef EIO_CLOSE
	EIO_CLOSES
};

struct eio_close_row {
	uint16_t ws_code;
	bool is_error;
	const char *reason;
	const char *text;
};

const struct eio_close_row *eio_close_row(enum eio_close why);

/* What the HTTP request that opened the session said. Views, good during on_open only. */
struct eio_handshake {
	struct str ip;
	struct str user_agent;
	struct str authorization; /* header, "" when absent */
	struct str origin;
	struct str host, referer, language; /* headers, the last Accept-Language */
	struct str url;                     /* path and query as sent */
	struct str transport;               /* "polling", "websocket" */
	struct str token;                   /* of the query, "" when absent */
	enum eio_revision revision;
	bool is_text_only; /* the client cannot read binary data */
	bool secure;
};

struct eio_session;

/* News for the layer above; given to the server at birth. `up` is its owner there. */
struct eio_events {
	/* A session is open; the open packet is queued. May send; may close. */
	void (*on_open)(void *up, struct eio_session *s, const struct eio_handshake *h);
	/* One message (text or binary), a view good during the call. May send; may close. */
	void (*on_message)(void *up, struct eio_session *s, struct bytes message, bool is_binary);
	/* A message over the limit has begun with these bytes; the rest of it will not come, and
	 * the session is closed next. May send. May be NULL. */
	void (*on_oversize)(void *up, struct eio_session *s, struct bytes head, bool is_binary);
	/* The session is over; last call for it. Do not send. */
	void (*on_close)(void *up, struct eio_session *s, enum eio_close why);
};

/*
 * What a message is for the queue: volatile ones are dropped first when the client is slow, each
 * for itself. Messages that make sense only together (a text and its attachments) are normal.
 */
enum eio_send { EIO_SEND_NORMAL, EIO_SEND_VOLATILE };

/*
 * Queues a text message; takes its own reference of f. Ignored on a closed session. When the
 * queue is full the session is closed (EIO_CLOSE_SLOW_CONSUMER) at the end of the turn, never
 * inside this call, so that a fan-out may walk its list undisturbed.
 */
void eio_session_send(struct eio_session *s, struct frame *f, enum eio_send how);
void eio_session_send_binary(struct eio_session *s, struct frame *f, enum eio_send how);

/* So much is sent next, at once, and all of it is wanted: the queue has room for it beside its
 * bound, until the client has taken it in. */
void eio_session_expect(struct eio_session *s, size_t bytes);

/* Closes; on_close follows before this returns unless the session was closed already. */
void eio_session_close(struct eio_session *s, enum eio_close why);

const char *eio_session_id(const struct eio_session *s);
/* What carries it now: "polling" or "websocket". */
const char *eio_session_transport(const struct eio_session *s);
size_t eio_session_queued_bytes(const struct eio_session *s);
/* What is sent to it now has to wait behind something that its client has not taken yet. */
bool eio_session_is_lagging(const struct eio_session *s);

/* The message that on_message tells of came too fast: what it asks for shall be refused, and will
 * not be if it is asked for so much later. 0 = it did not. */
uint64_t eio_session_retry_after_ms(const struct eio_session *s);

/* One pointer for the layer above. */
void eio_session_set_owner(struct eio_session *s, void *owner);
void *eio_session_owner(const struct eio_session *s);

#endif
