#ifndef ROOMCAST_GATEWAY_EIO_WEBSOCKET_H
#define ROOMCAST_GATEWAY_EIO_WEBSOCKET_H
/*
 * The WebSocket side of sessions: puts the chunks that libwebsockets delivers together to
 * messages, and writes what a session has queued. A frame from server to client is the same bytes
 * for every receiver, so its header is written into the headroom of the shared frame and nothing
 * is copied per client; whatever gathers for a client in one turn leaves in one write.
 *
 * For the server alone, which turns the callbacks of libwebsockets into these calls.
 */
#include "gateway/eio/session_priv.h"

/* As in http.h. */
struct wire;

struct websocket;

/* All WebSocket connections of one server. */
struct websockets;

struct websockets *websockets_new(struct eio_family *family, uint64_t max_message_bytes);
/* Its connections are closed before it (websocket_closed) and a turn has ended since. */
void websockets_free(struct websockets **set);

/*
 * The end of a turn: writes what has queued up and frees what has closed. true = libwebsockets
 * was given deadlines that it notices only when it is woken up (lws_cancel_service).
 */
MUST_USE bool websockets_end_turn(struct websockets *set);

/* As websockets_end_turn(), and waits for no later chance to write: nothing turns after it. */
void websockets_end_last_turn(struct websockets *set);

/* A connection was upgraded: makes a session of it and opens it. Lives until a turn's end after
 * websocket_closed(). */
struct websocket *websocket_new(
    struct websockets *set, struct wire *w, const struct eio_handshake *h, struct mono now);

/* As websocket_new(), but it came for a session that polling carries; NULL = that is gone, and so
 * is this connection soon. */
struct websocket *websocket_new_candidate(
    struct websockets *set, struct wire *w, struct eio_session *s, struct mono now);

/* The next part of a message came. */
void websocket_receive(struct websocket *ws, struct bytes chunk, struct mono now);

/* It can be written to. */
void websocket_writeable(struct websocket *ws);

/*
 * The peer sent a close frame with this payload. What is queued leaves first, as far as the socket
 * takes it, then nothing any more: 0 = libwebsockets answers the frame, -1 = hang up (it was the
 * answer to ours, or a bad one).
 */
MUST_USE int websocket_peer_closing(struct websocket *ws, struct bytes payload);

/* libwebsockets begins to close it, for whatever reason. Nothing is written after it. */
void websocket_dropped(struct websocket *ws);

/* It is gone. */
void websocket_closed(struct websocket *ws);

#endif
