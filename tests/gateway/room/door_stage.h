#ifndef ROOMCAST_TESTS_GATEWAY_ROOM_DOOR_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_ROOM_DOOR_STAGE_H
/*
 * Doors between fake sessions and fake clients. A session keeps what it is given to send and is
 * freed by the test, which is the server here; a client does in a call what the test wants, and
 * dies at once when it is freed, so that the sanitizer sees whoever frees it inside a call of its
 * own. The layer above only asks why a client went.
 */
#include "gateway/room/door.h"
#include "tests/check.h"
#include "tests/fakes/loop.h"

enum { STAGE_CONNECT_TIMEOUT_MS = 45000 };

struct eio_session {
	bool is_upgraded; /* to a WebSocket */
	uint64_t retry_after_ms;
	bool is_lagging;
	const struct eio_events *events;
	void *up;
	void *owner;
	bool is_closed;
	enum eio_close why;
	unsigned texts, binaries, volatiles;
};

struct sio_client {
	const struct sio_events *events;
	void *up;
	const struct sio_transport *transport;
	void *down;
	void *owner;
	struct mono born;
	struct timer connect_timer;
	unsigned messages, binaries, timeouts, oversize_texts;
	bool is_legacy;
	char last[32];
	void (*in_message)(struct sio_client *c);
};

/* A namespace of it is all that the layers above see. */
struct sio_socket {
	struct sio_client *client;
	bool is_waiting; /* for CONNECT */
};

struct stage {
	struct loop loop;
	struct timer_queue timeouts;
	struct sio_conf conf;
	struct doors *doors;
	struct sio_client *newest;
	unsigned living, ended; /* clients */
	char last_reason[32];   /* of the one that ended last */
	bool closes_at_once;    /* a client that begins as an old one */
};

extern struct stage stage;

/* For cmocka_unit_test_setup_teardown. */
int stage_setup(void **state);
int stage_teardown(void **state);

/* A session of the server opens; its strings go when the call returns. */
struct eio_session *stage_open(void);
/* The same in revision 3, with "query" as token of its query; its id is "sid". */
struct eio_session *stage_open_legacy(void);
void stage_receive(struct eio_session *s, const char *text, bool is_binary);
/* The server frees its closed sessions at the end of the turn, before or after the doors do. */
void stage_free(struct eio_session **s);
/* The client has something to say. */
void stage_send(struct sio_client *c, bool is_binary, bool is_volatile);

#endif
