#include "broker/link.h"

#include "proto/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

/* Above what credit lets a peer have in flight: the marks are a backstop, not flow control. */
enum {
	SEND_MARK = 100000,
	RECEIVE_MARK = 2 * LIMIT_WINDOW_MESSAGES,
	BACKLOG = 1024,
	HANDSHAKE_MS = 2000,
	CLOSED_HEARTBEATS = 3,
};

struct door {
	void *socket;
	char endpoint[256];
	zmq_msg_t body; /* what link_receive lends */
	bool has_body;
};

struct link {
	struct door doors[LINK_DOORS];
};

static void set_int(void *socket, int option, int value)
{
	zmq_setsockopt(socket, option, &value, sizeof(value));
}

static void set_options(void *socket, uint64_t heartbeat_ms)
{
	int64_t max = LIMIT_LINK_MESSAGE;

	set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
	set_int(socket, ZMQ_SNDHWM, SEND_MARK);
	set_int(socket, ZMQ_RCVHWM, RECEIVE_MARK);
	set_int(socket, ZMQ_LINGER, 0);
	set_int(socket, ZMQ_BACKLOG, BACKLOG);
	set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
	set_int(socket, ZMQ_HEARTBEAT_IVL, (int)heartbeat_ms);
	set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, (int)heartbeat_ms * CLOSED_HEARTBEATS);
	zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof(max));
}

/* The key names who a gateway is; the ZAP handler says which keys are known. */
static void set_security(void *socket, enum link_door door, const struct link_conf *conf)
{
	if (door == LINK_TCP) {
		set_int(socket, ZMQ_CURVE_SERVER, 1);
		zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, conf->curve_secret, 40);
		zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "gateway", 7);
		set_int(socket, ZMQ_TCP_KEEPALIVE, 1);
		/* An IPv6 socket would also name IPv4 peers in IPv6's words. */
		set_int(socket, ZMQ_IPV6, strchr(conf->endpoints[door], '[') != NULL);
		return;
	}
	uid_t uids[2] = {geteuid(), 0};

	zmq_setsockopt(socket, ZMQ_IPC_FILTER_UID, &uids[0], sizeof(uids[0]));
	zmq_setsockopt(socket, ZMQ_IPC_FILTER_UID, &uids[1], sizeof(uids[1]));
}

static enum err bind_door(struct door *d, const char *endpoint, char *ret_why)
{
	size_t size = sizeof(d->endpoint);

	if (zmq_bind(d->socket, endpoint) == 0) {
		zmq_getsockopt(d->socket, ZMQ_LAST_ENDPOINT, d->endpoint, &size);
		return ERR_OK;
	}
	int fault = errno;
	const char *hint = fault == EADDRINUSE
	    ? "another process listens there: stop it or choose another endpoint"
	    : fault == ENODEV || fault == EADDRNOTAVAIL
	    ? "this machine has no such address: use one of its own, or 0.0.0.0"
	    : "check that the endpoint is well-formed and its directory exists and is writable";

	snprintf(ret_why, LINK_WHY_SIZE, "cannot listen on %s: %s; %s", endpoint,
	    zmq_strerror(fault), hint);
	return fault == EADDRINUSE ? ERR_BUSY : ERR_SYSTEM;
}

enum err link_new(void *zmq_context, const struct link_conf *conf, char ret_why[LINK_WHY_SIZE],
    struct link **ret)
{
	struct link *l = xcalloc(1, sizeof(*l));
	enum err e = ERR_OK;

	for (int i = 0; i < LINK_DOORS; i++) {
		struct door *d = &l->doors[i];

		if (!conf->endpoints[i] || !conf->endpoints[i][0])
			continue;
		d->socket = zmq_socket(zmq_context, ZMQ_ROUTER);
		if (!d->socket) {
			snprintf(ret_why, LINK_WHY_SIZE, "cannot make a ZeroMQ socket: %s",
			    zmq_strerror(errno));
			e = ERR_SYSTEM;
			break;
		}
		set_options(d->socket, conf->heartbeat_ms);
		set_security(d->socket, (enum link_door)i, conf);
		e = bind_door(d, conf->endpoints[i], ret_why);
		if (e)
			break;
	}
	if (e)
		link_free(&l);
	else
		*ret = l;
	return e;
}

static void drop_body(struct door *d)
{
	if (d->has_body)
		zmq_msg_close(&d->body);
	d->has_body = false;
}

void link_free(struct link **l)
{
	if (!*l)
		return;
	for (int i = 0; i < LINK_DOORS; i++) {
		struct door *d = &(*l)->doors[i];

		drop_body(d);
		if (d->socket)
			zmq_close(d->socket);
	}
	free(*l);
	*l = NULL;
}

void *link_socket(const struct link *l, enum link_door door)
{
	return l->doors[door].socket;
}

const char *link_endpoint(const struct link *l, enum link_door door)
{
	return l->doors[door].endpoint;
}

/* Takes the rest of a multipart message off the socket; returns how many parts there were. */
static unsigned skip_parts(void *socket, bool more)
{
	unsigned parts = 0;

	while (more) {
		zmq_msg_t part;

		zmq_msg_init(&part);
		if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&part);
			break;
		}
		more = zmq_msg_more(&part);
		zmq_msg_close(&part);
		parts++;
	}
	return parts;
}

/* The identity frame: whom it is from. */
static enum err receive_address(struct door *d, struct link_address *ret)
{
	uint8_t id[LINK_ID_MAX];
	int n = zmq_recv(d->socket, id, sizeof(id), ZMQ_DONTWAIT);

	if (n < 0)
		return ERR_NOT_FOUND;
	ret->len = (uint8_t)n;
	memcpy(ret->id, id, (size_t)n);
	return ERR_OK;
}

enum err link_receive(struct link *l, enum link_door door, struct link_letter *ret)
{
	struct door *d = &l->doors[door];

	/* A letter has an identity and one body; anything else is not ours and is thrown away. */
	for (;;) {
		ret->from.door = door;
		enum err e = receive_address(d, &ret->from);

		if (e)
			return e;
		drop_body(d);
		zmq_msg_init(&d->body);
		d->has_body = true;
		if (zmq_msg_recv(&d->body, d->socket, ZMQ_DONTWAIT) < 0)
			return ERR_NOT_FOUND;
		if (skip_parts(d->socket, zmq_msg_more(&d->body)) == 0)
			break;
	}
	ret->body = bytes_of(zmq_msg_data(&d->body), zmq_msg_size(&d->body));
	ret->user = str_of(door == LINK_TCP ? zmq_msg_gets(&d->body, "User-Id") : NULL);
	return ERR_OK;
}

enum err link_send(struct link *l, const struct link_address *to, struct bytes body)
{
	void *socket = l->doors[to->door].socket;

	/* When the identity is not taken the body must not follow: it would be read as one. */
	if (zmq_send(socket, to->id, to->len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
		return errno == EAGAIN ? ERR_FULL : ERR_CLOSED;
	if (zmq_send(socket, body.p, body.len, ZMQ_DONTWAIT) < 0)
		return errno == EAGAIN ? ERR_FULL : ERR_CLOSED;
	return ERR_OK;
}

bool link_address_eq(const struct link_address *a, const struct link_address *b)
{
	return a->door == b->door && a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}
