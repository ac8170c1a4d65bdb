#include "tests/bench/wsclient.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/die.h"
#include "tests/bench/growbuf.h"
#include "tests/bench/loop.h"
#include "tests/bench/target.h"
#include "tests/bench/tlspipe.h"
#include "tests/bench/wsframe.h"

/*
 * The nonce of RFC 6455, 1.3 and its answer. A fixed nonce lets us check the answer exactly without
 * a hash; it is there to protect caches, and there are none between us and the server.
 */
#define HANDSHAKE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define HANDSHAKE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum { OUT_LIMIT_BYTES = 64 * 1024 * 1024, REASON_MAX = 200 };

enum state { CONNECTING, HANDSHAKE, OPEN, DEAD };

struct wsclient {
	struct loop_source source; /* first: the loop hands this back */
	enum state state;
	uint32_t mask;
	struct wsclient_conf conf;
	struct tlspipe *tls; /* NULL = plain */

	/* The beginning of a frame whose end has not come; the loop's scratch is only borrowed. */
	struct growbuf rest;

	struct growbuf out;
	size_t out_sent;
	bool wants_room; /* the socket was full: the loop tells us when it no longer is */
};

__attribute__((format(printf, 2, 3))) static void fail(struct wsclient *c, const char *fmt, ...)
{
	char reason[REASON_MAX];
	va_list args;

	if (c->state == DEAD)
		return;
	c->state = DEAD;
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	c->conf.events->on_failed(c->conf.owner, reason);
}

/* Masks keep scripts from writing to proxies as they please (RFC 6455, 10.3). Any will do here. */
static uint32_t next_mask(struct wsclient *c)
{
	c->mask ^= c->mask << 13;
	c->mask ^= c->mask >> 17;
	c->mask ^= c->mask << 5;
	return c->mask;
}

static void queue_frame(
    struct wsclient *c, enum wsframe_opcode opcode, const void *data, size_t len)
{
	uint8_t *to;

	if (c->out.len + len > OUT_LIMIT_BYTES) {
		fail(
		    c, "the server does not read: %zu bytes wait for it", c->out.len - c->out_sent);
		return;
	}
	to = growbuf_reserve(&c->out, len + WSFRAME_HEADER_MAX);
	c->out.len += wsframe_write(to, opcode, data, len, next_mask(c));
}

static void on_close_frame(struct wsclient *c, const struct wsframe *frame)
{
	unsigned code = 1005;

	if (frame->payload_len >= 2)
		code = (unsigned)frame->payload[0] << 8 | frame->payload[1];
	fail(c, "the server closed the connection with code %u", code);
}

static void on_frame(struct wsclient *c, const struct wsframe *frame, uint64_t received_ns)
{
	const struct wsclient_message message = {
	    .text = (const char *)frame->payload,
	    .len = frame->payload_len,
	    .frame = frame->payload + frame->payload_len - frame->whole_len,
	    .frame_len = frame->whole_len,
	    .received_ns = received_ns,
	};

	switch (frame->opcode) {
	case WSFRAME_TEXT:
		c->conf.events->on_text(c->conf.owner, &message);
		break;
	case WSFRAME_PING:
		queue_frame(c, WSFRAME_PONG, frame->payload, frame->payload_len);
		wsclient_flush(c);
		break;
	case WSFRAME_PONG:
		break;
	case WSFRAME_CLOSE:
		on_close_frame(c, frame);
		break;
	case WSFRAME_BINARY:
		fail(c, "the server sent a binary message");
		break;
	}
}

/* Returns how many bytes were used up. */
static size_t take_handshake(struct wsclient *c, const uint8_t *data, size_t len)
{
	static const char ok[] = "HTTP/1.1 101 ";
	const uint8_t *end = memmem(data, len, "\r\n\r\n", 4);
	size_t line_len;

	if (!end)
		return 0;
	line_len = (size_t)((const uint8_t *)memchr(data, '\r', len) - data);
	if (line_len < sizeof(ok) - 1 || memcmp(data, ok, sizeof(ok) - 1) != 0) {
		fail(c, "the server answered the handshake with: %.*s", (int)line_len, data);
		return 0;
	}
	if (!memmem(data, (size_t)(end - data), HANDSHAKE_ACCEPT, strlen(HANDSHAKE_ACCEPT))) {
		fail(c, "the server answered the handshake with a wrong Sec-WebSocket-Accept");
		return 0;
	}
	c->state = OPEN;
	c->conf.events->on_open(c->conf.owner);
	return (size_t)(end - data) + 4;
}

static size_t take_frames(struct wsclient *c, const uint8_t *data, size_t len, uint64_t now_ns)
{
	enum wsframe_result result = WSFRAME_WHOLE;
	struct wsframe frame;
	size_t used = 0;

	while (c->state == OPEN) {
		result = wsframe_parse(data + used, len - used, &frame);
		if (result != WSFRAME_WHOLE)
			break;
		used += frame.whole_len;
		on_frame(c, &frame, now_ns);
	}
	if (result == WSFRAME_BAD)
		fail(c, "the server sent a frame that is masked, fragmented, reserved or too long");
	return used;
}

static ssize_t receive(struct wsclient *c, void *data, size_t room)
{
	if (c->tls)
		return tlspipe_read(c->tls, data, room);
	return recv(c->source.fd, data, room, 0);
}

static ssize_t transmit(struct wsclient *c, const void *data, size_t len)
{
	if (c->tls)
		return tlspipe_write(c->tls, data, len);
	return send(c->source.fd, data, len, MSG_NOSIGNAL);
}

static void on_readable(struct wsclient *c)
{
	size_t room, used = 0, len = c->rest.len;
	uint8_t *data = loop_scratch(c->conf.loop, &room);
	ssize_t got;

	if (len >= room) {
		fail(c, "the server sent a frame of more than %zu bytes", room);
		return;
	}
	if (len > 0)
		memcpy(data, c->rest.data, len);
	got = receive(c, data + len, room - len);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		fail(c, "the connection is lost: %s",
		    got == 0 ? "closed by the server" : strerror(errno));
		return;
	}
	len += (size_t)got;
	if (c->state == HANDSHAKE)
		used = take_handshake(c, data, len);
	if (c->state == OPEN)
		used += take_frames(c, data + used, len - used, loop_now_ns());
	growbuf_clear(&c->rest);
	growbuf_append(&c->rest, data + used, len - used);
}

/* Once everything has left, the buffer starts again at its beginning. */
static void after_flush(struct wsclient *c)
{
	bool is_full = c->out_sent < c->out.len;

	if (!is_full) {
		growbuf_clear(&c->out);
		c->out_sent = 0;
	}
	/* In the middle of a handshake it is the server that has to speak. */
	bool wants_room = is_full && (!c->tls || tlspipe_wants_room(c->tls));

	if (wants_room != c->wants_room)
		loop_change(c->conf.loop, &c->source, wants_room ? EPOLLIN | EPOLLOUT : EPOLLIN);
	c->wants_room = wants_room;
}

static void on_connected(struct wsclient *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(c->source.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0) {
		fail(c, "cannot connect: %s", strerror(error));
		return;
	}
	c->state = HANDSHAKE;
	loop_change(c->conf.loop, &c->source, EPOLLIN);
	wsclient_flush(c);
}

static void on_ready(struct loop_source *source, uint32_t epoll_events)
{
	struct wsclient *c = (struct wsclient *)source;

	if (c->state == CONNECTING) {
		on_connected(c);
		return;
	}
	if (epoll_events & EPOLLOUT || (c->tls && c->out_sent < c->out.len))
		wsclient_flush(c);
	if (c->state != DEAD && (epoll_events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		on_readable(c);
	while (c->state != DEAD && c->tls && tlspipe_has_more(c->tls))
		on_readable(c);
}

static struct wsclient *new_client(const struct wsclient_conf *conf, int fd, enum state state)
{
	struct wsclient *c = need_memory(1, sizeof(*c));
	const int on = 1;

	c->conf = *conf;
	c->source.fd = fd;
	c->source.on_ready = on_ready;
	c->state = state;
	c->mask = 0x9e3779b9u ^ (uint32_t)fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return c;
}

struct wsclient *wsclient_connect(
    const struct wsclient_conf *conf, const struct target *target, const char *path_and_query)
{
	struct wsclient *c;
	char request[1024];
	int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int len = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\n"
	    "Host: %s\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: " HANDSHAKE_KEY "\r\n"
	    "Sec-WebSocket-Version: 13\r\n\r\n",
	    path_and_query, target->host);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (len < 0 || (size_t)len >= sizeof(request))
		die("the path is too long");
	if (connect(fd, (const struct sockaddr *)&target->address, target->address_len) != 0 &&
	    errno != EINPROGRESS)
		die("cannot connect to %s: %s", target->host, strerror(errno));
	c = new_client(conf, fd, CONNECTING);
	c->tls = target->is_secure ? tlspipe_new(fd) : NULL;
	growbuf_append(&c->out, request, (size_t)len);
	loop_add(conf->loop, &c->source, EPOLLOUT);
	return c;
}

struct wsclient *wsclient_adopt(const struct wsclient_conf *conf, int fd)
{
	struct wsclient *c = new_client(conf, fd, OPEN);

	loop_add(conf->loop, &c->source, EPOLLIN);
	return c;
}

void wsclient_free(struct wsclient **client)
{
	struct wsclient *c = *client;

	if (!c)
		return;
	tlspipe_free(&c->tls);
	close(c->source.fd);
	growbuf_release(&c->rest);
	growbuf_release(&c->out);
	free(c);
	*client = NULL;
}

void wsclient_queue(struct wsclient *c, const char *text, size_t len)
{
	queue_frame(c, WSFRAME_TEXT, text, len);
}

void wsclient_flush(struct wsclient *c)
{
	while (c->state != DEAD && c->out_sent < c->out.len) {
		ssize_t sent = transmit(c, c->out.data + c->out_sent, c->out.len - c->out_sent);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0) {
			fail(c, "cannot send: %s", strerror(errno));
			return;
		}
		c->out_sent += (size_t)sent;
	}
	if (c->state != DEAD)
		after_flush(c);
}

void wsclient_read(struct wsclient *c, bool is_reading)
{
	loop_change(c->conf.loop, &c->source, is_reading ? EPOLLIN : 0);
}
