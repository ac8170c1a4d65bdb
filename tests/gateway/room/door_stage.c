#include "tests/gateway/room/door_stage.h"

#include "gateway/sio/socket.h"

#include <stdlib.h>
#include <string.h>

struct stage stage;

/* ---- the client ---- */

struct sio_client *sio_client_new(const struct sio_conf *conf, const struct sio_events *events,
    void *up, const struct sio_transport *transport, void *down, struct mono now)
{
	struct sio_client *c = xcalloc(1, sizeof(*c));

	*c = (struct sio_client){
	    .events = events, .up = up, .transport = transport, .down = down, .born = now};
	timer_start(&c->connect_timer, conf->connect_timeout, now);
	stage.living++;
	stage.newest = c;
	return c;
}

void sio_client_free(struct sio_client **c)
{
	struct sio_socket s = {.client = *c};

	/* A real one tells of its end while it ends, and the layer above asks why. */
	(*c)->events->on_disconnect((*c)->up, &s, SIO_END_TRANSPORT);
	timer_stop(&(*c)->connect_timer);
	free(*c);
	*c = NULL;
	stage.living--;
}

void sio_client_receive(struct sio_client *c, struct bytes message, bool is_binary)
{
	c->messages++;
	c->binaries += is_binary;
	memcpy(c->last, message.p, message.len);
	if (c->in_message)
		c->in_message(c);
	c->last[message.len] = '\0';
}

void sio_client_begin_legacy(struct sio_client *c)
{
	c->is_legacy = true;
	if (stage.closes_at_once)
		c->transport->close(c->down, false);
}

void sio_client_oversize(struct sio_client *c, struct bytes head, bool is_binary)
{
	c->oversize_texts += !is_binary;
	memcpy(c->last, head.p, head.len);
	c->last[head.len] = '\0';
}

struct sio_client *sio_client_of_timer(struct timer *t)
{
	return CONTAINER_OF(t, struct sio_client, connect_timer);
}

void sio_client_on_connect_timeout(struct sio_client *c)
{
	c->timeouts++;
	c->transport->close(c->down, false);
}

void sio_client_set_owner(struct sio_client *c, void *owner)
{
	c->owner = owner;
}

void *sio_client_owner(const struct sio_client *c)
{
	return c->owner;
}

bool sio_socket_is_connected(const struct sio_socket *s)
{
	return !s->is_waiting;
}

struct sio_client *sio_socket_client(const struct sio_socket *s)
{
	return s->client;
}

/* ---- the session ---- */

static void send_one(struct eio_session *s, enum eio_send how)
{
	assert_false(s->is_closed);
	s->volatiles += how == EIO_SEND_VOLATILE;
}

void eio_session_send(struct eio_session *s, struct frame *f, enum eio_send how)
{
	(void)f;
	s->texts++;
	send_one(s, how);
}

void eio_session_send_binary(struct eio_session *s, struct frame *f, enum eio_send how)
{
	(void)f;
	s->binaries++;
	send_one(s, how);
}

void eio_session_expect(struct eio_session *s, size_t bytes)
{
	(void)s;
	(void)bytes;
}

void eio_session_close(struct eio_session *s, enum eio_close why)
{
	if (s->is_closed)
		return;
	s->is_closed = true;
	s->why = why;
	s->events->on_close(s->up, s, why);
}

void eio_session_set_owner(struct eio_session *s, void *owner)
{
	s->owner = owner;
}

const char *eio_session_id(const struct eio_session *s)
{
	(void)s;
	return "sid";
}

uint64_t eio_session_retry_after_ms(const struct eio_session *s)
{
	return s->retry_after_ms;
}

bool eio_session_is_lagging(const struct eio_session *s)
{
	return s->is_lagging;
}

const char *eio_session_transport(const struct eio_session *s)
{
	return s->is_upgraded ? "websocket" : "polling";
}

void *eio_session_owner(const struct eio_session *s)
{
	return s->owner;
}

const struct eio_close_row *eio_close_row(enum eio_close why)
{
	static const struct eio_close_row rows[] = {
#define EIO_CLOSE(name, ws_code, is_error, reason, text) {ws_code, is_error, reason, text},
#include "gateway/eio/close.def"
#undef EIO_CLOSE
	};

	return &rows[why];
}

/* ---- the layer above ---- */

static void on_disconnect(void *up, struct sio_socket *s, enum sio_end why)
{
	const char *reason = door_facts_of(s)->reason;

	assert_ptr_equal(up, &stage);
	assert_int_equal(why, SIO_END_TRANSPORT);
	stage.ended++;
	strncpy(stage.last_reason, reason ? reason : "none", sizeof(stage.last_reason) - 1);
}

static const struct sio_events above = {.on_disconnect = on_disconnect};

/* ---- the stage ---- */

int stage_setup(void **state)
{
	(void)state;
	stage = (struct stage){.loop.now = {1000000}};
	timer_queue_init(&stage.timeouts, STAGE_CONNECT_TIMEOUT_MS);
	stage.conf = (struct sio_conf){.connect_timeout = &stage.timeouts};
	stage.doors = doors_new(&stage.loop, &stage.conf, &above, &stage);
	return 0;
}

int stage_teardown(void **state)
{
	(void)state;
	doors_free(&stage.doors);
	doors_free(&stage.doors);
	assert_int_equal(stage.living, 0);
	return frame_live() == 0 ? 0 : -1;
}

static struct eio_session *open_session(enum eio_revision revision)
{
	struct eio_session *s = test_calloc(1, sizeof(*s));
	struct frame *ip = frame_new(bytes_of("10.0.0.1", 8));
	struct frame *agent = frame_new(bytes_of("agent", 5));
	struct frame *token = frame_new(bytes_of("Bearer x", 8));
	struct eio_handshake h = {.ip = bytes_str(frame_bytes(ip)),
	    .user_agent = bytes_str(frame_bytes(agent)),
	    .authorization = bytes_str(frame_bytes(token)),
	    .host = STR("x"),
	    .url = STR("/?token=x&a=1"),
	    .secure = true,
	    .transport = STR("websocket"),
	    .token = STR("query"),
	    .revision = revision};

	s->events = &door_eio_events;
	s->up = stage.doors;
	s->events->on_open(stage.doors, s, &h);
	frame_unref(&ip);
	frame_unref(&agent);
	frame_unref(&token);
	return s;
}

struct eio_session *stage_open(void)
{
	return open_session(EIO_REVISION_4);
}

struct eio_session *stage_open_legacy(void)
{
	return open_session(EIO_REVISION_3);
}

void stage_receive(struct eio_session *s, const char *text, bool is_binary)
{
	struct frame *f = frame_new(bytes_of(text, strlen(text)));

	s->events->on_message(stage.doors, s, frame_bytes(f), is_binary);
	frame_unref(&f);
}

void stage_free(struct eio_session **s)
{
	memset(*s, 0xff, sizeof(**s));
	test_free(*s);
	*s = NULL;
}

void stage_send(struct sio_client *c, bool is_binary, bool is_volatile)
{
	struct frame *f = frame_new(bytes_of("2", 1));

	if (is_binary)
		c->transport->send_binary(c->down, f, is_volatile);
	else
		c->transport->send(c->down, f, is_volatile);
	frame_unref(&f);
}
