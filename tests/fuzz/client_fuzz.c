/*
 * A client over its whole life: the bytes are cut into messages, each behind its kind and length
 * (1 and 2 bytes), and whatever event comes up goes down again to three clients: one of each parser
 * and an old one, which speaks where the kind says so.
 */
#include "tests/fuzz/fuzz.h"

#include "gateway/sio/socket.h"
#include "proto/limits.h"
#include "proto/value.h"

enum { FIRST, MSGPACK, LEGACY, CLIENTS };

/* Of the kind of a message. */
enum { BINARY = 1, BY_LEGACY = 2, OVERSIZE = 0x80 };

static struct sio_client *clients[CLIENTS];
static struct sio_socket *sockets[CLIENTS];

static void on_connect(void *up, struct sio_socket *s, struct bytes auth)
{
	size_t i = 0;

	while (clients[i] != sio_socket_client(s))
		i++;
	(void)up;
	assert(!auth.len || value_check(auth, LIMIT_VALUE_DEPTH) == ERR_OK);
	if (!str_eqz(sio_socket_nsp(s), "/")) {
		sio_socket_refuse(s, STR("No"), auth);
		return;
	}
	sockets[i] = s;
	sio_socket_accept(s, STR("sid"), STR(""));
}

static void on_event(void *up, struct sio_socket *s, const struct sio_event *event)
{
	struct sio_cast *cast = sio_cast_new(STR("/"), event->name, event->args);

	(void)up;
	assert(value_check(event->args, LIMIT_VALUE_DEPTH) == ERR_OK);
	for (size_t i = 0; i < CLIENTS; i++) {
		if (sockets[i])
			sio_socket_send(sockets[i], cast, event->has_ack);
	}
	sio_cast_free(&cast);
	if (event->has_ack)
		sio_socket_ack(s, event->ack_id, event->args);
	else if (event->name.len == 1)
		sio_socket_disconnect(s);
}

static void on_ack(void *up, struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	(void)up;
	sio_socket_ack(s, ack_id, args);
}

static void on_disconnect(void *up, struct sio_socket *s, enum sio_end why)
{
	(void)up;
	(void)why;
	for (size_t i = 0; i < CLIENTS; i++) {
		if (sockets[i] == s)
			sockets[i] = NULL;
	}
}

static void on_send(void *down, struct frame *text, bool is_volatile)
{
	(void)down;
	(void)is_volatile;
	assert(str_is_utf8(bytes_str(frame_bytes(text))));
}

static void on_send_binary(void *down, struct frame *bytes, bool is_volatile)
{
	(void)down;
	(void)bytes;
	(void)is_volatile;
}

static void on_close(void *down, bool is_parse_error)
{
	(void)down;
	(void)is_parse_error;
}

static void on_oversize(void *up, struct sio_socket *s, bool has_ack, uint64_t ack_id)
{
	static const uint8_t args[] = {0x90};

	(void)up;
	if (has_ack)
		sio_socket_ack(s, ack_id, bytes_of(args, sizeof(args)));
}

static const struct sio_events events = {.on_connect = on_connect,
    .on_event = on_event,
    .on_oversize = on_oversize,
    .on_ack = on_ack,
    .on_disconnect = on_disconnect};
static const struct sio_transport transport = {
    .send = on_send, .send_binary = on_send_binary, .close = on_close};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const namespaces[] = {"/", "/admin", NULL};
	static const uint8_t connect[] = "\x82\xa4type\0\xa3nsp\xa1/";
	struct timer_queue timeouts;
	const struct sio_conf conf = {namespaces, &timeouts, LIMIT_ATTACHMENTS, LIMIT_ARGS};

	timer_queue_init(&timeouts, 1000);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] =
		    sio_client_new(&conf, &events, NULL, &transport, NULL, (struct mono){1});
	sio_client_receive(clients[MSGPACK], bytes_of(connect, sizeof(connect) - 1), true);
	sio_client_begin_legacy(clients[LEGACY]);
	while (size >= 3) {
		size_t len = (size_t)data[1] << 8 | data[2];
		bool is_binary = data[0] & BINARY, is_oversize = data[0] & OVERSIZE;
		size_t speaker = data[0] & BY_LEGACY ? LEGACY : FIRST;

		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		if (is_oversize)
			sio_client_oversize(clients[speaker], bytes_of(data, len), is_binary);
		else
			sio_client_receive(clients[speaker], bytes_of(data, len), is_binary);
		data += len;
		size -= len;
	}
	for (size_t i = 0; i < CLIENTS; i++)
		sio_client_free(&clients[i]);
	assert(frame_live() == 0 && !timeouts.head);
	return 0;
}
