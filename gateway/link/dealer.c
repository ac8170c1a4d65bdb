#include "gateway/link/dealer.h"

#include "proto/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

enum {
	MARK = 100000, /* far above what credit allows */
	RECONNECT_MS = 100,
	RECONNECT_MAX_MS = 2000,
	HANDSHAKE_MS = 2000,
	KEY_SIZE = 41, /* Z85 and NUL */
};

struct dealer {
	struct loop *loop;
	char *endpoint, *curve_secret, *broker_public;
	void (*on_readable)(void *ctx);
	void *ctx;
	void *context, *socket;
	struct loop_watch *watch;
	zmq_msg_t lent;
};

struct dealer *dealer_new(struct loop *loop, const struct dealer_conf *conf,
    void (*on_readable)(void *ctx), void *ctx)
{
	struct dealer *d = xcalloc(1, sizeof(*d));

	d->loop = loop;
	d->endpoint = xstrdup(conf->endpoint);
	d->curve_secret = xstrdup(conf->curve_secret);
	d->broker_public = xstrdup(conf->broker_public);
	d->on_readable = on_readable;
	d->ctx = ctx;
	d->context = zmq_ctx_new();
	zmq_msg_init(&d->lent);
	return d;
}

static void set_int(void *socket, int option, int value)
{
	zmq_setsockopt(socket, option, &value, sizeof(value));
}

void dealer_free(struct dealer **d, int linger_ms)
{
	struct dealer *dead = *d;

	if (!dead)
		return;
	*d = NULL;
	if (dead->socket)
		set_int(dead->socket, ZMQ_LINGER, linger_ms);
	dealer_close(dead);
	zmq_msg_close(&dead->lent);
	if (dead->context)
		zmq_ctx_term(dead->context);
	free(dead->endpoint);
	free(dead->curve_secret);
	free(dead->broker_public);
	free(dead);
}

static void set_curve(struct dealer *d)
{
	char public_key[KEY_SIZE];

	if (zmq_curve_public(public_key, d->curve_secret) == 0)
		zmq_setsockopt(d->socket, ZMQ_CURVE_PUBLICKEY, public_key, KEY_SIZE);
	zmq_setsockopt(d->socket, ZMQ_CURVE_SERVERKEY, d->broker_public, KEY_SIZE);
	zmq_setsockopt(d->socket, ZMQ_CURVE_SECRETKEY, d->curve_secret, KEY_SIZE);
}

static void set_options(struct dealer *d)
{
	int64_t max = LIMIT_LINK_MESSAGE;

	/* Nothing is queued for a broker that is not there: our own queue is the only one. */
	set_int(d->socket, ZMQ_IMMEDIATE, 1);
	set_int(d->socket, ZMQ_LINGER, 0);
	set_int(d->socket, ZMQ_SNDHWM, MARK);
	set_int(d->socket, ZMQ_RCVHWM, MARK);
	set_int(d->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
	set_int(d->socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
	set_int(d->socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
	set_int(d->socket, ZMQ_TCP_KEEPALIVE, 1);
	set_int(d->socket, ZMQ_IPV6, 1);
	zmq_setsockopt(d->socket, ZMQ_MAXMSGSIZE, &max, sizeof(max));
	if (d->curve_secret)
		set_curve(d);
}

enum err dealer_open(struct dealer *d)
{
	int fd;
	size_t size = sizeof(fd);

	d->socket = d->context ? zmq_socket(d->context, ZMQ_DEALER) : NULL;
	if (!d->socket)
		return ERR_SYSTEM;
	set_options(d);
	if (zmq_connect(d->socket, d->endpoint) != 0 ||
	    zmq_getsockopt(d->socket, ZMQ_FD, &fd, &size) != 0) {
		int fault = errno;

		dealer_close(d);
		errno = fault;
		return fault == EINVAL || fault == EPROTONOSUPPORT ? ERR_INVALID : ERR_SYSTEM;
	}
	d->watch = loop_watch_new(d->loop, fd, d->on_readable, d->ctx);
	return ERR_OK;
}

void dealer_close(struct dealer *d)
{
	loop_watch_free(&d->watch);
	if (d->socket)
		zmq_close(d->socket);
	d->socket = NULL;
}

void dealer_close_after(struct dealer *d, int linger_ms)
{
	if (d->socket)
		set_int(d->socket, ZMQ_LINGER, linger_ms);
	dealer_close(d);
}

bool dealer_is_open(const struct dealer *d)
{
	return d->socket != NULL;
}

static bool has_event(const struct dealer *d, int event)
{
	int events = 0;
	size_t size = sizeof(events);

	if (d->socket)
		zmq_getsockopt(d->socket, ZMQ_EVENTS, &events, &size);
	return events & event;
}

bool dealer_is_connected(const struct dealer *d)
{
	return has_event(d, ZMQ_POLLOUT);
}

bool dealer_has_more(const struct dealer *d)
{
	return has_event(d, ZMQ_POLLIN);
}

enum err dealer_receive(struct dealer *d, struct bytes *ret)
{
	zmq_msg_close(&d->lent);
	zmq_msg_init(&d->lent);
	if (!d->socket || zmq_msg_recv(&d->lent, d->socket, ZMQ_DONTWAIT) < 0)
		return ERR_NOT_FOUND;
	*ret = bytes_of(zmq_msg_data(&d->lent), zmq_msg_size(&d->lent));
	return ERR_OK;
}

enum err dealer_send(struct dealer *d, struct bytes b)
{
	if (!d->socket || zmq_send(d->socket, b.p, b.len, ZMQ_DONTWAIT) < 0)
		return ERR_UNAVAILABLE;
	return ERR_OK;
}

const char *dealer_strerror(int fault)
{
	return zmq_strerror(fault);
}
