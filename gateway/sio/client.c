#include "gateway/sio/client.h"

#include "gateway/sio/client_priv.h"
#include "gateway/sio/mpacket.h"

#include <assert.h>
#include <stdlib.h>

_Static_assert(LIMIT_NAMESPACES <= 64, "dismissed has a bit per namespace");

static uint64_t nsp_bit(unsigned nsp)
{
	return UINT64_C(1) << nsp;
}

void client_enter(struct sio_client *c)
{
	c->busy++;
}

void client_leave(struct sio_client *c)
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
		free(s->id);
		backlog_free(&s->backlog);
		free(s);
	}
	if (!c->is_doomed)
		return;
	assembly_free(&c->assembly);
	free(c);
}

void client_send(struct sio_client *c, const struct sio_parcel *p, bool is_volatile)
{
	const struct sio_transport *t = c->transport;

	if (c->is_closed)
		return;
	(p->is_binary ? t->send_binary : t->send)(c->down, p->packet, is_volatile && !p->count);
	for (unsigned i = 0; i < p->count && !c->is_closed; i++)
		t->send_binary(c->down, p->attachments[i], false);
}

void client_send_built(struct sio_client *c, struct buf *b)
{
	struct sio_parcel p = sio_parcel_pack(c->codec, b, (struct bytes){0});

	client_send(c, &p, false);
	sio_parcel_end(&p);
}

void client_close(struct sio_client *c, bool is_parse_error)
{
	if (c->is_closed)
		return;
	c->is_closed = true;
	timer_stop(&c->connect_timer);
	c->transport->close(c->down, is_parse_error);
}

void client_dismiss(struct sio_socket *s)
{
	s->client->dismissed |= nsp_bit(s->nsp);
}

void client_end_socket(struct sio_socket *s, enum sio_end why)
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

static void refuse_nsp(struct sio_client *c, struct str nsp)
{
	struct buf b = {0};

	codecs[c->codec].put_connect_error(&b, nsp, STR("Invalid namespace"), (struct bytes){0});
	client_send_built(c, &b);
}

static void add_socket(struct sio_client *c, unsigned nsp, struct bytes auth)
{
	struct sio_socket *s = xcalloc(1, sizeof(*s));

	*s = (struct sio_socket){.client = c, .next = c->sockets, .nsp = nsp};
	c->sockets = s;
	c->dismissed &= ~nsp_bit(nsp);
	c->events->on_connect(c->up, s, auth);
}

static void on_connect(struct sio_client *c, const struct packet *p)
{
	unsigned nsp;

	if (!find_nsp(c, p->nsp, &nsp))
		refuse_nsp(c, p->nsp);
	else if (find_socket(c, nsp))
		client_close(c, false);
	else
		add_socket(c, nsp, p->data);
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
		client_close(c, false);
	return NULL;
}

static void on_disconnect(struct sio_client *c, const struct packet *p)
{
	struct sio_socket *s = addressee(c, p);

	if (s)
		client_end_socket(s, SIO_END_CLIENT);
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
	client_enter(dead);
	dead->is_closed = true;
	timer_stop(&dead->connect_timer);
	for (struct sio_socket *s = dead->sockets; s; s = s->next)
		client_end_socket(s, SIO_END_TRANSPORT);
	dead->is_doomed = true;
	client_leave(dead);
}

/* A packet that is whole. */
static void dispatch(struct sio_client *c, const struct packet *p)
{
	on_packet[p->type](c, p);
}

static struct packet_limits limits_of(const struct sio_client *c)
{
	return (struct packet_limits){.max_attachments = c->conf->max_attachments,
	    .max_data_bytes = c->conf->max_args_bytes,
	    .has_queries = c->codec == CODEC_LEGACY};
}

static enum err receive_text(struct sio_client *c, struct str text, struct buf *scratch)
{
	const struct packet_limits limits = limits_of(c);
	struct packet p;

	/* Nothing may come between a packet and its attachments. */
	if (c->assembly)
		return ERR_MALFORMED;
	enum err e = packet_decode(text, &limits, scratch, &p);

	if (e)
		return e;
	if (p.attachments > 0)
		c->assembly = assembly_new(&p, c->conf->max_args_bytes);
	else
		dispatch(c, &p);
	return ERR_OK;
}

static enum err receive_attachment(struct sio_client *c, struct bytes data, struct buf *scratch)
{
	struct assembly *whole = c->assembly;
	struct packet p;

	if (!whole)
		return ERR_MALFORMED;
	enum err e = assembly_add(whole, data);

	if (e || !assembly_is_complete(whole))
		return e;
	/* Ours from here on: the layers above may bring the next packet about. */
	c->assembly = NULL;
	e = assembly_finish(whole, scratch, &p);
	if (!e)
		dispatch(c, &p);
	assembly_free(&whole);
	return e;
}

static enum err receive_msgpack(struct sio_client *c, struct bytes message, struct buf *scratch)
{
	const struct packet_limits limits = limits_of(c);
	struct packet p;
	enum err e = mpacket_decode(message, &limits, scratch, &p);

	if (!e)
		dispatch(c, &p);
	return e;
}

static enum err receive(
    struct sio_client *c, struct bytes message, bool is_binary, struct buf *scratch)
{
	/* A client speaks first, and its first message tells its parser: text or binary. */
	if (!c->has_spoken && is_binary)
		c->codec = CODEC_MSGPACK;
	c->has_spoken = true;
	if (c->codec == CODEC_MSGPACK)
		return is_binary ? receive_msgpack(c, message, scratch) : ERR_MALFORMED;
	if (is_binary)
		return receive_attachment(c, message, scratch);
	return receive_text(c, bytes_str(message), scratch);
}

void sio_client_receive(struct sio_client *c, struct bytes message, bool is_binary)
{
	struct buf scratch = {0};

	if (c->is_closed)
		return;
	client_enter(c);
	if (receive(c, message, is_binary, &scratch))
		client_close(c, true);
	buf_free(&scratch);
	client_leave(c);
}

void sio_client_begin_legacy(struct sio_client *c)
{
	unsigned root;

	assert(!c->has_spoken);
	client_enter(c);
	/* It is spoken to before it speaks, so there is no other parser to be found out about. */
	c->codec = CODEC_LEGACY;
	c->has_spoken = true;
	if (find_nsp(c, STR("/"), &root))
		add_socket(c, root, (struct bytes){0});
	client_leave(c);
}

/* The event that a message belongs to of which only the head is there. */
static bool find_event(
    const struct sio_client *c, struct bytes head, bool is_binary, struct packet *ret)
{
	const struct packet_limits limits = limits_of(c);

	/* msgpack has the ack id anywhere. */
	if (c->codec == CODEC_MSGPACK || is_binary != (c->assembly != NULL))
		return false;
	if (!is_binary)
		return packet_peek_event(bytes_str(head), &limits, ret) == ERR_OK;
	*ret = *assembly_packet(c->assembly);
	return ret->type == PACKET_EVENT;
}

void sio_client_oversize(struct sio_client *c, struct bytes head, bool is_binary)
{
	struct sio_socket *s = NULL;
	struct packet p;
	unsigned nsp;

	if (c->is_closed || !c->events->on_oversize)
		return;
	client_enter(c);
	if (find_event(c, head, is_binary, &p) && find_nsp(c, p.nsp, &nsp))
		s = find_socket(c, nsp);
	if (s && s->state == SOCKET_CONNECTED)
		c->events->on_oversize(c->up, s, p.has_ack, p.ack_id);
	client_leave(c);
}

struct sio_client *sio_client_of_timer(struct timer *t)
{
	return CONTAINER_OF(t, struct sio_client, connect_timer);
}

void sio_client_on_connect_timeout(struct sio_client *c)
{
	client_enter(c);
	client_close(c, false);
	client_leave(c);
}

void sio_client_set_owner(struct sio_client *c, void *owner)
{
	c->owner = owner;
}

void *sio_client_owner(const struct sio_client *c)
{
	return c->owner;
}
