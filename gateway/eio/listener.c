#include "gateway/eio/listener.h"

#include "common/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	ACCEPT_BATCH = 16, /* in one turn, so that others are served, and some leave, between */
	REST_MS = 1000,    /* when descriptors or memory have run out */
	TELL_AGAIN_MS = 60000,
	/*
	 * Of what a connection is given to send the kernel keeps so much beside what the client has
	 * room for. Left to itself it keeps megabytes, a copy for each client, that no bound of
	 * ours counts and that stay when we are done with the client.
	 */
	UNSENT_MAX_BYTES = 131072,
};

struct listener {
	int fd;
	uint16_t port;
	struct loop_watch *watch;
	struct loop_timer *rest;
	struct loop *loop;
	struct mono told; /* when the log heard of it, if it did */
	void (*on_accept)(void *ctx, int fd);
	void *ctx;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static enum err parse_address(
    const struct listener_conf *conf, union address *ret, socklen_t *ret_len)
{
	union address a = {0};

	if (inet_pton(AF_INET, conf->address, &a.v4.sin_addr) == 1) {
		a.v4.sin_family = AF_INET;
		a.v4.sin_port = htons(conf->port);
		*ret_len = sizeof(a.v4);
	} else if (inet_pton(AF_INET6, conf->address, &a.v6.sin6_addr) == 1) {
		a.v6.sin6_family = AF_INET6;
		a.v6.sin6_port = htons(conf->port);
		*ret_len = sizeof(a.v6);
	} else {
		return ERR_INVALID;
	}
	*ret = a;
	return ERR_OK;
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* What it accepts has its options. */
static int prepare(int fd, const struct listener_conf *conf, const union address *a)
{
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return -1;
	if (conf->reuse_port && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return -1;
	if (set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX_BYTES))
		return -1;
	if (a->any.sa_family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0))
		return -1;
	return 0;
}

static enum err open_socket(
    const struct listener_conf *conf, const union address *a, socklen_t len, int *ret_fd)
{
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return ERR_SYSTEM;
	if (prepare(fd, conf, a) || bind(fd, &a->any, len) || listen(fd, BACKLOG)) {
		int why = errno;

		close(fd);
		errno = why;
		return ERR_SYSTEM;
	}
	*ret_fd = fd;
	return ERR_OK;
}

static uint16_t port_of(int fd)
{
	union address a = {0};
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len))
		return 0;
	return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

static void take_rest(struct listener *l, const char *why)
{
	struct mono now = loop_now(l->loop);

	if (!l->told.us || mono_ms_between(l->told, now) >= TELL_AGAIN_MS) {
		l->told = now;
		log_warn("listener.pause", LOG_Z(ERR, why),
		    LOG_Z(HINT, "raise the limit of open files"));
	}
	loop_watch_pause(l->watch);
	loop_timer_arm(l->rest, REST_MS);
}

static void on_rested(void *ctx)
{
	struct listener *l = ctx;

	loop_watch_resume(l->watch);
}

/* Errors of the one connection that would have been next; those after it may be fine. */
static bool is_of_the_peer(int error)
{
	return error == ECONNABORTED || error == EPROTO || error == EPERM || error == EINTR;
}

static void on_readable(void *ctx)
{
	struct listener *l = ctx;

	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			(void)set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
			l->on_accept(l->ctx, fd);
		} else if (errno == EAGAIN) {
			return;
		} else if (!is_of_the_peer(errno)) {
			take_rest(l, strerror(errno));
			return;
		}
	}
}

enum err listener_new(struct loop *loop, const struct listener_conf *conf, char *ret_why,
    size_t why_size, struct listener **ret)
{
	union address address;
	socklen_t len;
	int fd;

	if (parse_address(conf, &address, &len)) {
		snprintf(ret_why, why_size, "\"%s\" is not a numeric address", conf->address);
		return ERR_INVALID;
	}
	if (open_socket(conf, &address, len, &fd)) {
		snprintf(ret_why, why_size, "cannot listen on %s port %u: %s", conf->address,
		    (unsigned)conf->port, strerror(errno));
		return ERR_SYSTEM;
	}

	struct listener *l = xcalloc(1, sizeof(*l));

	l->fd = fd;
	l->loop = loop;
	l->port = port_of(fd);
	l->on_accept = conf->on_accept;
	l->ctx = conf->ctx;
	l->watch = loop_watch_new(loop, fd, on_readable, l);
	l->rest = loop_timer_new(loop, on_rested, l);
	*ret = l;
	return ERR_OK;
}

void listener_free(struct listener **l)
{
	struct listener *dead = *l;

	*l = NULL;
	if (!dead)
		return;
	loop_timer_free(&dead->rest);
	loop_watch_free(&dead->watch);
	close(dead->fd);
	free(dead);
}

uint16_t listener_port(const struct listener *l)
{
	return l->port;
}
