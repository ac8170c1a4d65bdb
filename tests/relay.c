/*
 * Two namespaces ("/" and "/custom") without a network: standard input carries the messages of any
 * number of Socket.IO clients, and every event of one of them is sent to all in its namespace,
 * encoded as each of them speaks. An ack id is answered with the arguments. Made of gateway/sio,
 * proto and common, and nothing else.
 *
 *	relay <messages >messages
 *
 * A message, in and out: number of the client (1 byte), 't' or 'b' (text or binary) or 'x' (out:
 * the connection was closed; in: it has ended, and the number is free for another client), length
 * of the data (4 bytes, big endian), data.
 */
#include "gateway/sio/socket.h"
#include "proto/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 8, NAMESPACES = 2, HEAD = 6, MESSAGE_MAX = 16 << 20, CONNECT_TIMEOUT_MS = 45000 };

struct guest {
	uint8_t number;
	struct sio_client *client;
	struct sio_socket *sockets[NAMESPACES]; /* NULL = not in the namespace */
};

static const char *const namespaces[NAMESPACES + 1] = {"/", "/custom", NULL};
static struct guest guests[CLIENTS];

static void put_message(const struct guest *g, char kind, struct bytes data)
{
	uint8_t head[HEAD] = {g->number, (uint8_t)kind, (uint8_t)(data.len >> 24),
	    (uint8_t)(data.len >> 16), (uint8_t)(data.len >> 8), (uint8_t)data.len};

	fwrite(head, 1, sizeof(head), stdout);
	fwrite(data.p, 1, data.len, stdout);
	fflush(stdout);
}

static void send_text(void *down, struct frame *text, bool is_volatile)
{
	(void)is_volatile;
	put_message(down, 't', frame_bytes(text));
}

static void send_binary(void *down, struct frame *bytes, bool is_volatile)
{
	(void)is_volatile;
	put_message(down, 'b', frame_bytes(bytes));
}

static void close_guest(void *down, bool is_parse_error)
{
	put_message(down, 'x', str_bytes(is_parse_error ? STR("parse error") : STR("close")));
}

static const struct sio_transport transport = {
    .send = send_text, .send_binary = send_binary, .close = close_guest};

static struct guest *guest_of(const struct sio_socket *s)
{
	return sio_client_owner(sio_socket_client(s));
}

static unsigned nsp_of(const struct sio_socket *s)
{
	return str_eqz(sio_socket_nsp(s), namespaces[0]) ? 0 : 1;
}

static void on_connect(void *up, struct sio_socket *s, struct bytes auth)
{
	(void)up;
	(void)auth;
	guest_of(s)->sockets[nsp_of(s)] = s;
	sio_socket_accept(s, STR("sid"), STR(""));
}

static void on_event(void *up, struct sio_socket *s, const struct sio_event *event)
{
	struct sio_cast *cast = sio_cast_new(sio_socket_nsp(s), event->name, event->args);

	(void)up;
	for (size_t i = 0; i < CLIENTS; i++) {
		struct sio_socket *member = guests[i].sockets[nsp_of(s)];

		if (member)
			sio_socket_send(member, cast, false);
	}
	sio_cast_free(&cast);
	if (event->has_ack)
		sio_socket_ack(s, event->ack_id, event->args);
}

static void on_ack(void *up, struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	(void)up;
	(void)s;
	(void)ack_id;
	(void)args;
}

static void on_disconnect(void *up, struct sio_socket *s, enum sio_end why)
{
	(void)up;
	(void)why;
	guest_of(s)->sockets[nsp_of(s)] = NULL;
}

static const struct sio_events events = {.on_connect = on_connect,
    .on_event = on_event,
    .on_ack = on_ack,
    .on_disconnect = on_disconnect};

int main(void)
{
	struct timer_queue timeouts;
	const struct sio_conf conf = {namespaces, &timeouts, LIMIT_ATTACHMENTS, LIMIT_ARGS};
	uint8_t head[HEAD];

	timer_queue_init(&timeouts, CONNECT_TIMEOUT_MS);
	while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		struct guest *g = &guests[head[0] % CLIENTS];
		size_t len =
		    (size_t)head[2] << 24 | (size_t)head[3] << 16 | (size_t)head[4] << 8 | head[5];
		uint8_t *data = xcalloc(len + 1, 1);

		if (len > MESSAGE_MAX || fread(data, 1, len, stdin) != len)
			return 1;
		if (head[1] == 'x') {
			sio_client_free(&g->client);
			free(data);
			continue;
		}
		if (!g->client) {
			g->number = head[0];
			g->client =
			    sio_client_new(&conf, &events, NULL, &transport, g, (struct mono){1});
			sio_client_set_owner(g->client, g);
		}
		sio_client_receive(g->client, bytes_of(data, len), head[1] == 'b');
		free(data);
	}
	for (size_t i = 0; i < CLIENTS; i++)
		sio_client_free(&guests[i].client);
	return frame_live() == 0 ? 0 : 1;
}
