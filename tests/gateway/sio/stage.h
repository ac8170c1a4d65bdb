#ifndef ROOMCAST_TESTS_GATEWAY_SIO_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_SIO_STAGE_H
/*
 * One client between a fake connection below and a fake layer above. Whatever the client says to
 * either is one line of a log; a test lets things happen and compares the log. Used by the tests
 * of client.c.
 */
#include "common/buf.h"
#include "gateway/sio/client.h"

enum { STAGE_TIMEOUT_MS = 45000, STAGE_MAX_ARGS = 1000 };

/* Namespaces of the configuration: "/", "/chat", "/admin". */
enum { STAGE_ROOT, STAGE_CHAT, STAGE_ADMIN, STAGE_NAMESPACES };

struct stage {
	struct sio_client *client;
	/* Those that on_connect was last told of. */
	struct sio_socket *sockets[STAGE_NAMESPACES];
	struct timer_queue timeouts;
	struct buf said;
	size_t expected; /* bytes that the client announced to its connection */
	/* What the layers do when they are called, if a line in the log is not enough. */
	void (*in_connect)(struct sio_socket *s);
	void (*in_event)(struct sio_socket *s);
	void (*in_disconnect)(struct sio_socket *s);
	void (*in_send)(void);
	void (*in_close)(void);
};

extern struct stage stage;
extern const struct mono stage_start;

/* set-up and teardown of a test */
int stage_begin(void **state);
int stage_end(void **state);

/* One more client in the place of the last, which is the test's to free. */
void stage_new_client(void);

/* One message from the client. */
void stage_receive(const char *text);
void stage_receive_binary(struct bytes message);

/* Compares what was said since the last time. */
void stage_said(const char *expected);

/* For in_connect: accepts with sid "s1". */
void stage_accept(struct sio_socket *s);

/* Connects to / and /chat, and forgets what was said. */
void stage_connect_two(void);

#endif
