#ifndef ROOMCAST_TESTS_GATEWAY_EIO_SERVER_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_EIO_SERVER_STAGE_H
/*
 * The life of a server in a real loop, with one client of the most modest kind. What needs a peer
 * that speaks WebSocket well or badly is in tests/e2e/engine.test.js.
 */
#include "gateway/eio/server.h"
#include "tests/check.h"

enum { STAGE_WHY_SIZE = 200 };

/* What the client says to open a session. */
#define STAGE_OPENING                                                                          \
	"GET /socket.io/?EIO=4&transport=websocket&name=a%26b HTTP/1.1\r\nHost: localhost\r\n" \
	"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"           \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer x\r\n\r\n"

struct stage {
	struct loop *loop;
	struct eio_server *server;
	struct eio_server_conf conf; /* to be changed before the start */
	char why[STAGE_WHY_SIZE];
	int client;
	struct loop_watch *watch; /* of the client */
	struct buf received;
	const char *awaited; /* text at which to stop the loop */
	struct eio_session *session;
	int opened, closed;
	enum eio_close close_why;
	bool closes_on_open;
};

/* For cmocka_unit_test_setup_teardown: no server yet. */
int stage_setup(void **state);
int stage_teardown(void **state);

MUST_USE enum err stage_start(struct stage *s);

/* Connects, says this, and turns until that has come back, or the end, or a session closed. */
void stage_talk(struct stage *s, const char *request, const char *awaited);

/* This was among what has come back. */
void stage_received(struct stage *s, const char *text);

/* Before the first test of a program (false: it cannot run), and behind the last one: is a frame
 * alive, a file open? */
MUST_USE bool stage_begin(void);
bool stage_has_leftovers(void);

#endif
