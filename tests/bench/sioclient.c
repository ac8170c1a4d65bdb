#include "tests/bench/sioclient.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/die.h"
#include "tests/bench/wsclient.h"

enum { PATH_MAX_BYTES = 512, REASON_MAX = 300, NSP_PREFIX_MAX = 160 };

/* Engine.IO packet types, and behind a '4' those of Socket.IO. */
enum {
	EIO_OPEN = '0',
	EIO_CLOSE = '1',
	EIO_PING = '2',
	EIO_MESSAGE = '4',
	EIO_NOOP = '6',
	SIO_CONNECT = '0',
	SIO_DISCONNECT = '1',
	SIO_EVENT = '2',
	SIO_ACK = '3',
	SIO_CONNECT_ERROR = '4',
};

struct sioclient {
	const struct sioclient_conf *conf;
	const char *token;
	void *owner;
	struct wsclient *ws;
	bool is_dead;
	size_t nsp_len;
	char nsp[NSP_PREFIX_MAX]; /* as it stands in packets: "/chat," or "" for the root */
};

__attribute__((format(printf, 2, 3))) static void fail(struct sioclient *c, const char *fmt, ...)
{
	char reason[REASON_MAX];
	va_list args;

	if (c->is_dead)
		return;
	c->is_dead = true;
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	c->conf->events->on_failed(c->owner, reason);
}

__attribute__((format(printf, 2, 3))) static void queue(struct sioclient *c, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		die("out of memory");
	wsclient_queue(c->ws, text, (size_t)len);
	free(text);
}

static void on_connect(struct sioclient *c, const struct sioclient_args *args)
{
	if (args->len == 0 || args->text[0] != '{')
		fail(c, "CONNECT was answered with: %.*s", (int)args->len, args->text);
	else
		c->conf->events->on_connect(c->owner);
}

static void on_ack(struct sioclient *c, const struct sioclient_args *args)
{
	struct sioclient_args rest = *args;
	uint64_t id = 0;

	while (rest.len > 0 && *rest.text >= '0' && *rest.text <= '9') {
		id = id * 10 + (uint64_t)(*rest.text - '0');
		rest.text++;
		rest.len--;
	}
	if (rest.len == args->len || rest.len == 0 || *rest.text != '[')
		fail(c, "an ack without id or answer: %.*s", (int)args->len, args->text);
	else
		c->conf->events->on_ack(c->owner, id, &rest);
}

static void on_packet(struct sioclient *c, char type, const struct sioclient_args *args)
{
	switch (type) {
	case SIO_CONNECT:
		on_connect(c, args);
		break;
	case SIO_EVENT:
		c->conf->events->on_event(c->owner, args);
		break;
	case SIO_ACK:
		on_ack(c, args);
		break;
	case SIO_CONNECT_ERROR:
		fail(c, "the namespace refused us: %.*s", (int)args->len, args->text);
		break;
	case SIO_DISCONNECT:
		fail(c, "the server sent DISCONNECT");
		break;
	default:
		fail(c, "a packet of unexpected type '%c'", type);
	}
}

/* `text` is what stands behind the '4'. */
static void on_sio(struct sioclient *c, const struct wsclient_message *message)
{
	const char *text = message->text + 1;
	size_t len = message->len - 1;
	struct sioclient_args args;

	if (len < 1 + c->nsp_len || memcmp(text + 1, c->nsp, c->nsp_len) != 0) {
		fail(c, "a packet that is not of %s: %.*s", c->conf->nsp, (int)len, text);
		return;
	}
	args.text = text + 1 + c->nsp_len;
	args.len = len - 1 - c->nsp_len;
	args.message = message;
	on_packet(c, text[0], &args);
}

static void on_text(void *owner, const struct wsclient_message *message)
{
	struct sioclient *c = owner;

	switch (message->len > 0 ? message->text[0] : '\0') {
	case EIO_OPEN:
		queue(c, "40%s{\"token\":\"%s\"}", c->nsp, c->token);
		wsclient_flush(c->ws);
		break;
	case EIO_PING:
		queue(c, "3");
		wsclient_flush(c->ws);
		break;
	case EIO_MESSAGE:
		on_sio(c, message);
		break;
	case EIO_NOOP:
		break;
	case EIO_CLOSE:
		fail(c, "the server sent an Engine.IO close");
		break;
	default:
		fail(c, "not an Engine.IO packet: %.*s", (int)message->len, message->text);
	}
}

static void on_open(void *owner)
{
	/* Engine.IO speaks first: its open packet is what we wait for. */
	(void)owner;
}

static void on_failed(void *owner, const char *reason)
{
	fail(owner, "%s", reason);
}

struct sioclient *sioclient_new(const struct sioclient_conf *conf, const char *token, void *owner)
{
	static const struct wsclient_events events = {on_open, on_text, on_failed};
	struct sioclient *c = need_memory(1, sizeof(*c));
	const struct wsclient_conf ws = {.loop = conf->loop, .events = &events, .owner = c};
	char path[PATH_MAX_BYTES];

	c->conf = conf;
	c->token = token;
	c->owner = owner;
	if (strcmp(conf->nsp, "/") != 0)
		c->nsp_len = (size_t)snprintf(c->nsp, sizeof(c->nsp), "%s,", conf->nsp);
	snprintf(path, sizeof(path), "%s?EIO=4&transport=websocket", conf->path);
	c->ws = wsclient_connect(&ws, conf->target, path);
	return c;
}

void sioclient_free(struct sioclient **client)
{
	if (!*client)
		return;
	wsclient_free(&(*client)->ws);
	free(*client);
	*client = NULL;
}

void sioclient_emit(struct sioclient *c, uint64_t ack_id, const char *args)
{
	queue(c, "42%s%llu%s", c->nsp, (unsigned long long)ack_id, args);
}

void sioclient_flush(struct sioclient *c)
{
	wsclient_flush(c->ws);
}

void sioclient_read(struct sioclient *c, bool is_reading)
{
	wsclient_read(c->ws, is_reading);
}
