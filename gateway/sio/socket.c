#include "gateway/sio/socket.h"

#include "gateway/sio/client_priv.h"

#include <assert.h>

static void write_parcel(void *ctx, const struct sio_parcel *parcel)
{
	client_send(ctx, parcel, false);
}

void sio_socket_accept(struct sio_socket *s, struct str sid, struct str pid)
{
	struct sio_client *c = s->client;
	struct backlog *backlog = s->backlog;
	struct buf b = {0};

	assert(s->state == SOCKET_WAITING);
	assert(sid.len > 0 && sid.len <= LIMIT_SOCKET_ID);
	client_enter(c);
	s->state = SOCKET_CONNECTED;
	s->id = str_dup(sid);
	timer_stop(&c->connect_timer);
	s->backlog = NULL;
	if (backlog && c->transport->expect)
		c->transport->expect(c->down, backlog_bytes(backlog));
	if (backlog)
		backlog_each(backlog, BACKLOG_MISSED, write_parcel, c);
	codecs[c->codec].put_connect(&b, sio_socket_nsp(s), sid, pid);
	client_send_built(c, &b);
	if (backlog)
		backlog_each(backlog, BACKLOG_NEW, write_parcel, c);
	backlog_free(&backlog);
	client_leave(c);
}

void sio_socket_hold(struct sio_socket *s, size_t max_bytes)
{
	assert(s->state != SOCKET_CONNECTED && !s->backlog);
	s->backlog = backlog_new(max_bytes);
}

enum err sio_socket_recall(struct sio_socket *s, struct str event, struct bytes args)
{
	struct sio_cast *cast = sio_cast_new(sio_socket_nsp(s), event, args);
	enum err e =
	    backlog_put(s->backlog, BACKLOG_MISSED, sio_cast_parcel(cast, s->client->codec));

	sio_cast_free(&cast);
	return e;
}

void sio_socket_forget(struct sio_socket *s)
{
	backlog_free(&s->backlog);
}

void sio_socket_refuse(struct sio_socket *s, struct str message, struct bytes data)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	assert(s->state == SOCKET_WAITING);
	client_enter(c);
	s->state = SOCKET_ENDED;
	codecs[c->codec].put_refusal(&b, sio_socket_nsp(s), message, data);
	client_send_built(c, &b);
	client_leave(c);
}

void sio_socket_ack(struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	if (!sio_socket_is_connected(s))
		return;
	codecs[c->codec].put_ack(&b, sio_socket_nsp(s), ack_id, args);
	struct sio_parcel parcel = sio_parcel_pack(c->codec, &b, args);

	client_enter(c);
	client_send(c, &parcel, false);
	client_leave(c);
	sio_parcel_end(&parcel);
}

void sio_socket_emit(struct sio_socket *s, struct str event, struct bytes args)
{
	struct sio_cast *cast = sio_cast_new(sio_socket_nsp(s), event, args);

	sio_socket_send(s, cast, false);
	sio_cast_free(&cast);
}

/* Behind what the client missed, if that is being fetched. */
static void send_or_keep(
    struct sio_socket *s, const struct sio_parcel *parcel, bool is_volatile)
{
	if (!s->backlog)
		client_send(s->client, parcel, is_volatile);
	else if (!is_volatile && backlog_put(s->backlog, BACKLOG_NEW, parcel))
		client_close(s->client, false);
}

void sio_socket_ask(struct sio_socket *s, struct str event, struct bytes args, uint64_t ack_id)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	if (s->state == SOCKET_ENDED)
		return;
	client_enter(c);
	codecs[c->codec].put_question(
	    &b, sio_socket_nsp(s), &(struct sio_event){event, args, true, ack_id});
	struct sio_parcel parcel = sio_parcel_pack(c->codec, &b, args);

	send_or_keep(s, &parcel, false);
	sio_parcel_end(&parcel);
	client_leave(c);
}

void sio_socket_send(struct sio_socket *s, struct sio_cast *cast, bool is_volatile)
{
	struct sio_client *c = s->client;

	if (s->state == SOCKET_ENDED)
		return;
	client_enter(c);
	send_or_keep(s, sio_cast_parcel(cast, c->codec), is_volatile);
	client_leave(c);
}

void sio_socket_disconnect(struct sio_socket *s)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	if (s->state == SOCKET_ENDED)
		return;
	client_enter(c);
	client_dismiss(s);
	codecs[c->codec].put_disconnect(&b, sio_socket_nsp(s));
	client_send_built(c, &b);
	client_end_socket(s, SIO_END_SERVER);
	client_leave(c);
}

void sio_socket_close_connection(struct sio_socket *s)
{
	struct sio_client *c = s->client;

	client_enter(c);
	client_close(c, false);
	client_leave(c);
}

struct str sio_socket_nsp(const struct sio_socket *s)
{
	return str_of(s->client->conf->namespaces[s->nsp]);
}

struct str sio_socket_id(const struct sio_socket *s)
{
	return str_of(s->id);
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
