#include "gateway/sio/client_priv.h"

#include <assert.h>

void sio_socket_accept(struct sio_socket *s, struct str sid, struct str pid)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	assert(s->state == SOCKET_WAITING);
	assert(sid.len > 0 && sid.len <= LIMIT_SOCKET_ID);
	client_enter(c);
	s->state = SOCKET_CONNECTED;
	s->id = str_dup(sid);
	timer_stop(&c->connect_timer);
	codecs[c->codec].put_connect(&b, sio_socket_nsp(s), sid, pid);
	client_send_built(c, &b);
	client_leave(c);
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

void sio_socket_ask(struct sio_socket *s, struct str event, struct bytes args, uint64_t ack_id)
{
	struct sio_client *c = s->client;
	struct buf b = {0};

	if (s->state == SOCKET_ENDED)
		return;
	codecs[c->codec].put_question(
	    &b, sio_socket_nsp(s), &(struct sio_event){event, args, true, ack_id});
	struct sio_parcel parcel = sio_parcel_pack(c->codec, &b, args);

	client_enter(c);
	client_send(c, &parcel, false);
	client_leave(c);
	sio_parcel_end(&parcel);
}

void sio_socket_send(struct sio_socket *s, struct sio_cast *cast, bool is_volatile)
{
	struct sio_client *c = s->client;

	if (s->state == SOCKET_ENDED)
		return;
	client_enter(c);
	client_send(c, sio_cast_parcel(cast, c->codec), is_volatile);
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
