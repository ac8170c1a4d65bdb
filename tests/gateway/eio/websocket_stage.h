#ifndef ROOMCAST_TESTS_GATEWAY_EIO_WEBSOCKET_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_EIO_WEBSOCKET_STAGE_H
/*
 * One WebSocket between a libwebsockets that takes notes and a layer above that does, for the tests
 * of websocket.c. The session is open and its open packet forgotten when a test begins.
 */
#include "gateway/eio/websocket.h"
#include "tests/check.h"

#include <libwebsockets.h>

enum { STAGE_MAX_MESSAGE = 1000, STAGE_QUEUE_MAX = 1000000 };

/* libwebsockets, as far as websocket.c knows it: one connection that takes notes. */
struct lws {
	struct buf written; /* the open packet not among it */
	int writes, asked, timeout;
	bool is_partial; /* has something buffered of its own */
	bool is_broken;
	bool becomes_partial; /* with the next write */
	/* of the chunk that is being received */
	bool is_binary, is_final;
	size_t to_come;
};

struct stage {
	struct lws lws;
	struct eio_family *family;
	struct websockets *set;
	struct websocket *ws;
	struct eio_session *session;
	struct buf heard;
	int closed;
	enum eio_close why;
	bool closes_on_message;
	bool answers_big; /* a message over the limit */
};

/* What every session of a stage tells. */
extern const struct eio_events stage_events;

extern const struct mono stage_now;

/* For cmocka_unit_test_setup_teardown; the second checks that the session was closed once. */
int stage_setup(void **state);
int stage_teardown(void **state);

struct wire *stage_wire(struct stage *s);

/* true = libwebsockets must notice a deadline. */
bool stage_end_turn(struct stage *s);

/* One frame, or as much of one as has come. */
void stage_receive(struct stage *s, const char *chunk, bool is_final, size_t to_come);

/* The layer above says something: a text, or so many x. */
void stage_send_text(struct stage *s, const char *text);
void stage_send_long(struct stage *s, size_t len);

/* Compares what was written, or heard above, since the last time. */
void stage_written(struct stage *s, const char *expected, size_t len);
#define WRITTEN(s, literal) stage_written(s, literal, sizeof(literal) - 1)
void stage_heard(struct stage *s, const char *expected);

#define TOO_BIG "\x03\xf1"
#define BAD_TEXT "\x03\xef"

#endif
