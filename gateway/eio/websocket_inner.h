#ifndef ROOMCAST_GATEWAY_EIO_WEBSOCKET_INNER_H
#define ROOMCAST_GATEWAY_EIO_WEBSOCKET_INNER_H
/*
 * What WebSocket connections and their set are made of. For websocket.c (the life of one) and
 * websockets.c (the turns of all of them) alone.
 */
#include "gateway/eio/websocket.h"

/* What leaves in one write when several packets wait. */
enum { WEBSOCKET_SCRATCH_BYTES = 64 * 1024 };

struct websocket {
	struct websockets *set;
	struct wire *wire;           /* NULL = gone */
	struct eio_session *session; /* NULL = a candidate that was turned away */
	struct buf message;          /* the parts of a message that is not complete yet */
	struct websocket *next_dirty, *next_gone;
	const char *close_text;
	uint16_t close_code; /* 0 = not closing */
	bool is_candidate;   /* would carry the session that polling carries */
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
	uint8_t scratch[FRAME_HEADROOM + WEBSOCKET_SCRATCH_BYTES];
};

/* Writes what has queued up; in the last turn, as long as the socket takes it. */
void websocket_end_turn(struct websocket *ws);
void websocket_end_last_turn(struct websocket *ws);

#endif
