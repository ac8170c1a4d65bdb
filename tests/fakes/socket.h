#ifndef ROOMCAST_TESTS_FAKES_SOCKET_H
#define ROOMCAST_TESTS_FAKES_SOCKET_H
/*
 * A namespace socket in the hand of the test, with what the door knows of its connection. It
 * writes down what its client is told, JSON with ' for ", one line each:
 *
 *	accept ID PID                ack 7 [{'ok':true}]            close
 *	refuse MESSAGE {'code':...}  room-joined [{'roomId':'r'}]    recall message [...]
 *
 * Like a real one it acks nothing before it was accepted and says nothing after it was closed.
 */
#include "gateway/room/door.h"
#include "gateway/sio/client.h"

struct sio_socket {
	const char *nsp;
	struct door_facts facts;
	unsigned refusals;
	void *owner;
	char id[64];
	bool is_ended;     /* refused or closed */
	uint64_t retry_after_ms; /* it sends too fast; 0 = it does not */
	bool is_lagging;   /* has not taken yet what it was sent */
	bool is_held;      /* what is sent to it waits for CONNECT */
	size_t recall_max; /* so many events may be recalled; 0 = any number */
	size_t recalled;
	struct buf held;
	struct buf said;
};

/* For a connection with plain facts; free with fake_socket_end(). */
void fake_socket_begin(struct sio_socket *s, const char *nsp);
void fake_socket_end(struct sio_socket *s);

/* JSON text with ' for " into a value. Appends. */
void fake_json(const char *text, struct buf *out);

#endif
