#include "tests/broker/visitor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum {
	TEXT_SIZE = 256,
	RECONNECT_MS = 10,
	EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
		 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
		 ZMQ_EVENT_DISCONNECTED,
};

struct visitor {
	void *context, *socket, *watch;
	char text[TEXT_SIZE];
};

static void set_int(void *socket, int option, int value)
{
	zmq_setsockopt(socket, option, &value, sizeof(value));
}

static void set_keys(void *socket, const struct visitor_keys *keys)
{
	char public_key[41];
	int result = zmq_curve_public(public_key, keys->secret);

	assert(result == 0);
	(void)result;
	zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->broker_public, 41);
	zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret, 41);
	zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 41);
}

struct visitor *visitor_new(const char *id, const char *endpoint, const struct visitor_keys *keys)
{
	struct visitor *v = xcalloc(1, sizeof(*v));

	v->context = zmq_ctx_new();
	v->socket = zmq_socket(v->context, ZMQ_DEALER);
	if (id)
		zmq_setsockopt(v->socket, ZMQ_ROUTING_ID, id, strlen(id));
	set_int(v->socket, ZMQ_LINGER, 0);
	set_int(v->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
	set_int(v->socket, ZMQ_IPV6, 1);
	if (keys)
		set_keys(v->socket, keys);
	v->watch = zmq_socket(v->context, ZMQ_PAIR);
	set_int(v->watch, ZMQ_LINGER, 0);
	zmq_socket_monitor(v->socket, "inproc://watch", EVENTS);
	zmq_connect(v->watch, "inproc://watch");
	int result = zmq_connect(v->socket, endpoint);

	assert(result == 0);
	(void)result;
	return v;
}

void visitor_free(struct visitor **v)
{
	if (!*v)
		return;
	zmq_socket_monitor((*v)->socket, NULL, 0);
	zmq_close((*v)->watch);
	zmq_close((*v)->socket);
	zmq_ctx_term((*v)->context);
	free(*v);
	*v = NULL;
}

void visitor_send(struct visitor *v, struct bytes body)
{
	int sent = zmq_send(v->socket, body.p, body.len, 0);

	assert(sent >= 0);
	(void)sent;
}

void visitor_send_parts(struct visitor *v, const char *const *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		zmq_send(v->socket, parts[i], strlen(parts[i]), i + 1 < count ? ZMQ_SNDMORE : 0);
}

const char *visitor_receive(struct visitor *v)
{
	int n;

	set_int(v->socket, ZMQ_RCVTIMEO, VISITOR_DEADLINE_MS);
	n = zmq_recv(v->socket, v->text, sizeof(v->text) - 1, 0);
	v->text[n < 0 ? 0 : n] = '\0';
	return v->text;
}

/* An event is its number and value, 6 bytes, and a second part with the address. */
enum visitor_fate visitor_fate(struct visitor *v)
{
	uint8_t event[6];
	char address[TEXT_SIZE];
	uint16_t number;

	if (zmq_recv(v->watch, event, sizeof(event), ZMQ_DONTWAIT) < 0)
		return VISITOR_WAITING;
	zmq_recv(v->watch, address, sizeof(address), 0);
	memcpy(&number, event, sizeof(number));
	return number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? VISITOR_IN : VISITOR_DROPPED;
}

void *visitor_watch(const struct visitor *v)
{
	return v->watch;
}
