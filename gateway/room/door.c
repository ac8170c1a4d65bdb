#include "gateway/room/door.h"

#include "gateway/room/intro.h"
#include "gateway/sio/socket.h"

#include <stdlib.h>
#include <utlist.h>

struct door {
	struct doors *all;
	struct eio_session *session; /* NULL once it is closed */
	struct sio_client *client;
	struct door_facts facts;
	unsigned refusals;
	struct door *next; /* in doors->closed */
};

struct doors {
	struct loop *loop;
	const struct sio_conf *conf;
	const struct sio_events *events;
	void *up;
	struct door *closed;
	size_t count;
};

/* ---- client -> connection ---- */

static enum eio_send how(bool is_volatile)
{
	return is_volatile ? EIO_SEND_VOLATILE : EIO_SEND_NORMAL;
}

static void send_text(void *down, struct frame *text, bool is_volatile)
{
	struct door *d = down;

	if (d->session)
		eio_session_send(d->session, text, how(is_volatile));
}

static void send_binary(void *down, struct frame *bytes, bool is_volatile)
{
	struct door *d = down;

	if (d->session)
		eio_session_send_binary(d->session, bytes, how(is_volatile));
}

static void close_session(void *down, bool is_parse_error)
{
	struct door *d = down;

	if (d->session)
		eio_session_close(
		    d->session, is_parse_error ? EIO_CLOSE_PARSE_ERROR : EIO_CLOSE_FORCED_CLOSE);
}

static void expect(void *down, size_t bytes)
{
	struct door *d = down;

	if (d->session)
		eio_session_expect(d->session, bytes);
}

static const struct sio_transport transport = {
    .send = send_text, .send_binary = send_binary, .close = close_session, .expect = expect};

/* ---- connection -> client ---- */

static void begin_legacy(struct door *d, const struct eio_handshake *h)
{
	d->facts.token = str_dup(h->token);
	d->facts.sid = xstrdup(eio_session_id(d->session));
	sio_client_begin_legacy(d->client);
}

static void on_open(void *up, struct eio_session *s, const struct eio_handshake *h)
{
	struct doors *all = up;
	struct door *d = xcalloc(1, sizeof(*d));
	struct buf url = {0};

	intro_put_url(&url, h->url);
	d->all = all;
	d->session = s;
	d->facts = (struct door_facts){
	    .ip = str_dup(h->ip),
	    .user_agent = str_dup(h->user_agent),
	    .authorization = str_dup(h->authorization),
	    .url = str_dup(buf_str(&url)),
	    .is_secure = h->secure,
	    .transport = eio_session_transport(s),
	};
	buf_free(&url);
	intro_put_headers(&d->facts.headers, h);
	d->client =
	    sio_client_new(all->conf, all->events, all->up, &transport, d, loop_now(all->loop));
	sio_client_set_owner(d->client, d);
	eio_session_set_owner(s, d);
	all->count++;
	if (h->revision == EIO_REVISION_3)
		begin_legacy(d, h);
}

static void on_message(void *up, struct eio_session *s, struct bytes message, bool is_binary)
{
	struct door *d = eio_session_owner(s);

	(void)up;
	sio_client_receive(d->client, message, is_binary);
}

static void on_oversize(void *up, struct eio_session *s, struct bytes head, bool is_binary)
{
	struct door *d = eio_session_owner(s);

	(void)up;
	sio_client_oversize(d->client, head, is_binary);
}

static void on_close(void *up, struct eio_session *s, enum eio_close why)
{
	struct doors *all = up;
	struct door *d = eio_session_owner(s);

	d->session = NULL;
	d->facts.reason = eio_close_row(why)->reason;
	/* What could not be read once will not be read the next time. */
	d->facts.is_lost = why != EIO_CLOSE_PARSE_ERROR;
	LL_PREPEND(all->closed, d);
	loop_turn_again(all->loop);
}

const struct eio_events door_eio_events = {
    .on_open = on_open, .on_message = on_message, .on_oversize = on_oversize, .on_close = on_close};

/* ---- the end ---- */

static void free_door(struct door *d)
{
	sio_client_free(&d->client);
	free(d->facts.ip);
	free(d->facts.user_agent);
	free(d->facts.authorization);
	free(d->facts.token);
	free(d->facts.sid);
	free(d->facts.url);
	buf_free(&d->facts.headers);
	d->all->count--;
	free(d);
}

static void see_out(void *ctx)
{
	struct doors *all = ctx;

	while (all->closed) {
		struct door *d = all->closed;

		LL_DELETE(all->closed, d);
		free_door(d);
	}
}

struct doors *doors_new(
    struct loop *loop, const struct sio_conf *conf, const struct sio_events *events, void *up)
{
	struct doors *d = xcalloc(1, sizeof(*d));

	d->loop = loop;
	d->conf = conf;
	d->events = events;
	d->up = up;
	loop_on_turn(loop, see_out, d);
	return d;
}

void doors_free(struct doors **d)
{
	if (!*d)
		return;
	see_out(*d);
	free(*d);
	*d = NULL;
}

const struct door_facts *door_facts_of(const struct sio_socket *s)
{
	struct door *d = sio_client_owner(sio_socket_client(s));

	if (d->session)
		d->facts.transport = eio_session_transport(d->session);
	return &d->facts;
}

bool door_is_lagging(const struct sio_socket *s)
{
	const struct door *d = sio_client_owner(sio_socket_client(s));

	return !sio_socket_is_connected(s) || (d->session && eio_session_is_lagging(d->session));
}

uint64_t door_retry_after_ms(const struct sio_socket *s)
{
	const struct door *d = sio_client_owner(sio_socket_client(s));

	return d->session ? eio_session_retry_after_ms(d->session) : 0;
}

unsigned door_note_refusal(const struct sio_socket *s)
{
	struct door *d = sio_client_owner(sio_socket_client(s));

	return ++d->refusals;
}

void doors_expire(struct doors *d, struct mono now)
{
	struct timer *t;

	while ((t = timer_queue_expire(d->conf->connect_timeout, now)))
		sio_client_on_connect_timeout(sio_client_of_timer(t));
}

size_t doors_count(const struct doors *d)
{
	return d->count;
}
