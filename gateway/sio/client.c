#include "gateway/sio/client.h"

#include "gateway/sio/packet.h"
#include "proto/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum socket_state {
	SOCKET_WAITING, /* the layer above has not answered the CONNECT yet */
	SOCKET_CONNECTED,
	SOCKET_ENDED, /* freed when no call of ours is on the stack */
};

struct sio_socket {
	struct sio_client *client;
	struct sio_socket *next;
	enum socket_state state;
	unsigned nsp; /* index in the configuration */
	size_t id_len;
	char id[LIMIT_SOCKET_ID];
	void *owner;
};

struct sio_client {
	const struct sio_conf *conf;
	const struct sio_events *events;
	void *up;
	const struct sio_transport *transport;
	void *down;
	void *owner;
	struct timer connect_timer;
	struct sio_socket *sockets;
	/* By namespace: we have ended it, and what the client sent before it heard of that is on
	 * its way yet. */
	uint64_t dismissed;
	unsigned busy; /* calls of ours on the stack */
	bool is_closed;
	bool is_doomed;
};

_Static_assert(LIMIT_NAMESPACES <= 64, "dismissed has a bit per namespace");

static uint64_t nsp_bit(unsigned nsp)
{
	return UINT64_C(1) << nsp;
}

/* Between enter and leave nothing is freed, whatever the layers above and below call. */
static void enter(struct sio_client *c)
{
	c->busy++;
}

static void leave(struct sio_client *c)
{
	if (--c->busy > 0)
		return;
	for (struct sio_socket **at = &c->sockets; *at;) {
		struct sio_socket *s = *at;

		if (s->state != SOCKET_ENDED) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		free(s);
	}
	if (c->is_doomed)
		free(c);
}

static void send_frame(struct sio_client *c, struct frame *f, bool is_volatile)
{
	if (!c->is_closed)
		c->transport->send(c->down, f, is_volatile);
}

/* Sends what was built and empties it. */
static void send_built(struct sio_client *c, struct buf *b)
{
	struct frame *f = buf_seal(b);

	send_frame(c, f, false);
	frame_unref(&f);
}

static void close_connection(struct sio_client *c, bool is_parse_error)
{
	if (c->is_closed)
		return;
	c->is_closed = true;
	timer_stop(&c->connect_timer);
	c->transport->close(c->down, is_parse_error);
}

static void end_socket(struct sio_socket *s, enum sio_end why)
{
	if (s->state == SOCKET_ENDED)
		return;
	s->state = SOCKET_ENDED;
	s->client->events->on_disconnect(s->client->up, s, why);
}

/* The index of a known namespace. */
static bool find_nsp(const struct sio_client *c, struct str name, unsigned *ret)
{
	for (unsigned i = 0; c->conf->namespaces[i]; i++) {
		if (str_eqz(name, c->conf->namespaces[i])) {
			assert(i < LIMIT_NAMESPACES);
			*ret = i;
			return true;
		}
	}
	return false;
}

static struct sio_socket *find_socket(const struct sio_client *c, unsigned nsp)
{
	struct sio_socket *s = c->sockets;

	while (s && (s->state == SOCKET_ENDED || s->nsp != nsp))
		s = s->next;
	return s;
}

static void send_refusal(
    struct sio_client *c, struct str nsp, struct str message, struct bytes data)
{
	struct buf b = {0};

	packet_put_connect_error(&b, nsp, message, data);
	send_built(c, &b);
}

static void on_connect(struct sio_client *c, const struct packet *p)
{
	unsigned nsp;

	if (!find_nsp(c, p->nsp, &nsp)) {
		send_refusal(c, p->nsp, STR("Invalid namespace"), (struct bytes){0});
		return;
	}
	if (find_socket(c, nsp)) {
		close_connection(c, false);
		return;
	}
	struct sio_socket *s = xcalloc(1, sizeof(*s));

	*s = (struct sio_socket){.client = c, .next = c->sockets, .nsp = nsp};
	c->sockets = s;
	c->dismissed &= ~nsp_bit(nsp);
	c->events->on_connect(c->up, s, p->data);
}

/*
 * The connected socket a packet is for. A packet for any other namespace closes the connection,
 * except one that we have just ended.
 */
static struct sio_socket *addressee(struct sio_client *c, const struct packet *p)
{
	struct sio_socket *s = NULL;
	unsigned nsp;
	bool is_known = find_nsp(c, p->nsp, &nsp);

	if (is_known)
		s = find_socket(c, nsp);
	if (s && s->state == SOCKET_CONNECTED)
		return s;
	if (s || !is_known || !(c->dismissed & nsp_bit(nsp)))
		close_connection(c, false);
	return NULL;
}

static void on_disconnect(struct sio_client *c, const struct packet *p)
{
	struct sio_socket *s = addressee(c, p);

	if (s)
		end_socket(s, SIO_END_CLIENT);
}

static void on_event(struct sio_client *c, const struct packet *p)
{
	struct sio_socket *s = addressee(c, p);
	struct sio_event event = {p->name, p->data, p->has_ack, p->ack_id};

	/* One without data has no name: the protocol allows it, and it says nothing. */
	if (s && p->data.len > 0)
		c->events->on_event(c->up, s, &event);
}

static void on_ack(struct sio_client *c, const struct packet *p)
{
	static const uint8_t empty_array[] = {0x90};
	struct sio_socket *s = addressee(c, p);
	struct bytes args = p->data.len ? p->data : bytes_of(empty_array, sizeof(empty_array));

	if (s && p->has_ack)
		c->events->on_ack(c->up, s, p->ack_id, args);
}

static void (*const on_packet[])(struct sio_client *c, const struct packet *p) = {
    [PACKET_CONNECT] = on_connect,
    [PACKET_DISCONNECT] = on_disconnect,
    [PACKET_EVENT] = on_event,
    [PACKET_ACK] = on_ack,
};

struct sio_client *sio_client_new(const struct sio_conf *conf, const struct sio_events *events,
    void *up, const struct sio_transport *transport, void *down, struct mono now)
{
	struct sio_client *c = xcalloc(1, sizeof(*c));

	*c = (struct sio_client){
	    .conf = conf, .events = events, .up = up, .transport = transport, .down = down};
	timer_start(&c->connect_timer, conf->connect_timeout, now);
	return c;
}

void sio_client_free(struct sio_client **c)
{
	struct sio_client *dead = *c;

	*c = NULL;
	if (!dead)
		return;
	enter(dead);
	dead->is_closed = true;
	timer_stop(&dead->connect_timer);
	for (struct sio_socket *s = dead->sockets; s; s = s->next)
		end_socket(s, SIO_END_TRANSPORT);
	dead->is_doomed = true;
	leave(dead);
}

void sio_client_receive(struct sio_client *c, struct bytes message, bool is_binary)
{
	const struct packet_limits limits = {c->conf->max_attachments, c->conf->max_args_bytes};
	struct buf scratch = {0};
	struct packet p;

	if (c->is_closed)
		return;
	enter(c);
	/* Binary messages and packets that announce them are not served yet. */
	if (is_binary || packet_decode(bytes_str(message), &limits, &scratch, &p) || p.attachments)
		close_connection(c, true);
	else
		on_packet[p.type](c, &p);
	buf_free(&scratch);
	leave(c);
}

struct sio_client *sio_client_of_timer(struct timer *t)
{
	return CONTAINER_OF(t, struct sio_client, connect_timer);
}

void sio_client_on_connect_timeout(struct sio_client *c)
{
	enter(c);
	close_connection(c, false);
	leave(c);
}

void sio_socket_accept(struct sio_socket *s, struct str sid, struct str pid)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	assert(s->state == SOCKET_WAITING);
	assert(sid.len > 0 && sid.len <= sizeof(s->id));
	enter(c);
	s->state = SOCKET_CONNECTED;
	s->id_len = sid.len;
	memcpy(s->id, sid.p, sid.len);
	timer_stop(&c->connect_timer);
	packet_put_connect(&b, sio_socket_nsp(s), sid, pid);
	send_built(c, &b);
	leave(c);
}

void sio_socket_refuse(struct sio_socket *s, struct str message, struct bytes data)
{
	struct sio_client *c = s->client;

	assert(s->state == SOCKET_WAITING);
	enter(c);
	s->state = SOCKET_ENDED;
	send_refusal(c, sio_socket_nsp(s), message, data);
	leave(c);
}

void sio_socket_ack(struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	if (!sio_socket_is_connected(s))
		return;
	enter(c);
	packet_put_ack(&b, sio_socket_nsp(s), ack_id, args);
	send_built(c, &b);
	leave(c);
}

void sio_socket_emit(struct sio_socket *s, struct str event, struct bytes args)
{
	struct frame *f = sio_event_frame(sio_socket_nsp(s), event, args);

	sio_socket_send(s, f, false);
	frame_unref(&f);
}

void sio_socket_send(struct sio_socket *s, struct frame *event_frame, bool is_volatile)
{
	struct sio_client *c = s->client;

	if (s->state == SOCKET_ENDED)
		return;
	enter(c);
	send_frame(c, event_frame, is_volatile);
	leave(c);
}

void sio_socket_disconnect(struct sio_socket *s)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	if (s->state == SOCKET_ENDED)
		return;
	enter(c);
	c->dismissed |= nsp_bit(s->nsp);
	packet_put_disconnect(&b, sio_socket_nsp(s));
	send_built(c, &b);
	end_socket(s, SIO_END_SERVER);
	leave(c);
}

void sio_socket_close_connection(struct sio_socket *s)
{
	struct sio_client *c = s->client;

	enter(c);
	close_connection(c, false);
	leave(c);
}

struct str sio_socket_nsp(const struct sio_socket *s)
{
	return str_of(s->client->conf->namespaces[s->nsp]);
}

struct str sio_socket_id(const struct sio_socket *s)
{
	return (struct str){s->id, s->id_len};
}

bool sio_socket_is_connected(const struct sio_socket *s)
{
	return s->state == SOCKET_CONNECTED && !s->client->is_closed;
}

struct sio_client *sio_socket_client(const struct sio_socket *s)
{
	return s->client;
}

void sio_socket_set_owner(struct sio_socket *s, void *owner)
{
	s->owner = owner;
}

void *sio_socket_owner(const struct sio_socket *s)
{
	return s->owner;
}

void sio_client_set_owner(struct sio_client *c, void *owner)
{
	c->owner = owner;
}

void *sio_client_owner(const struct sio_client *c)
{
	return c->owner;
}

struct frame *sio_event_frame(struct str nsp, struct str event, struct bytes args)
{
	struct buf b = {0};

	packet_put_event(&b, nsp, event, args);
	return buf_seal(&b);
}
