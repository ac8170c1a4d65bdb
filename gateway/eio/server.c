#include "gateway/eio/server.h"

#include "common/log.h"
#include "gateway/eio/http_routes.h"
#include "gateway/eio/listener.h"
#include "gateway/eio/websocket.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	HEADERS_MAX_BYTES = 16384, /* of a request: tokens are long */
	HEADERS_TIMEOUT_S = 10,    /* for a request to arrive whole */
	KEEP_ALIVE_S = 60,
	CHUNK_BYTES = 1024, /* of a message as libwebsockets hands it over; held per connection */
	WRITE_BYTES = 1024 * 1024, /* what one write offers the kernel before the rest is copied */
	PATH_MAX_BYTES = 200,      /* libwebsockets counts them in a byte */
	PAGES = 3,
};

static const char *const pages[PAGES] = {"/health", "/ready", "/metrics"};

/* What libwebsockets keeps for us per connection. All zero before it is a WebSocket, and for
 * ever if it never becomes one: CLOSED comes then too. */
struct connection {
	struct websocket *websocket;
};

struct eio_server {
	struct loop *loop;
	struct http_routes routes;
	struct eio_family *family;
	struct websockets *websockets;
	struct listener *listener; /* NULL once it has stopped listening */
	uint16_t port;
	struct loop_timer *heartbeat;
	struct mono heartbeat_due; /* 0 = not armed */
	int expire_in_turns;       /* 0 = nothing is due */
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct lws_protocols protocols[2];
	struct lws_http_mount mounts[PAGES + 2]; /* the pages, Engine.IO, everything else */
	char *path;                              /* of Engine.IO, without the slash at its end */
};

static struct wire *wire_of(struct lws *wsi)
{
	return (struct wire *)(void *)wsi;
}

static struct eio_server *server_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

/* Everywhere here -1 = hang up, which is also how a connection ends whose last answer was sent. */
static int on_upgrade(struct lws *wsi)
{
	return http_route_upgrade(&server_of(wsi)->routes, wire_of(wsi)) ? 0 : -1;
}

/* Comes before a plain request is served, by us or from a file. */
static int on_plain(struct lws *wsi)
{
	return http_route_plain(&server_of(wsi)->routes, wire_of(wsi)) ? 0 : -1;
}

static int on_request(struct lws *wsi)
{
	if (!http_route_request(&server_of(wsi)->routes, wire_of(wsi)))
		return -1;
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_established(struct lws *wsi, struct connection *c)
{
	struct eio_server *s = server_of(wsi);
	struct http_request *r = http_request_new(wire_of(wsi));
	struct eio_handshake h = http_request_handshake(r);

	c->websocket = websocket_new(s->websockets, wire_of(wsi), &h, loop_now(s->loop));
	http_request_free(&r);
	return 0;
}

/* NULL = it never became one. */
static struct websocket *websocket_of(const struct connection *c)
{
	return c ? c->websocket : NULL;
}

static int on_receive(struct lws *wsi, struct connection *c, struct bytes chunk)
{
	if (websocket_of(c))
		websocket_receive(c->websocket, chunk, loop_now(server_of(wsi)->loop));
	return 0;
}

static int on_writeable(struct connection *c)
{
	if (websocket_of(c))
		websocket_writeable(c->websocket);
	return 0;
}

static int on_peer_closing(struct connection *c, struct bytes payload)
{
	return websocket_of(c) ? websocket_peer_closing(c->websocket, payload) : 0;
}

static int on_dropped(struct connection *c)
{
	if (websocket_of(c))
		websocket_dropped(c->websocket);
	return 0;
}

static int on_closed(struct connection *c)
{
	if (websocket_of(c)) {
		websocket_closed(c->websocket);
		c->websocket = NULL;
	}
	return 0;
}

/* The one switch over what libwebsockets has to say. */
static int on_lws(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct connection *c = user;

	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return on_upgrade(wsi);
	case LWS_CALLBACK_FILTER_HTTP_CONNECTION:
		return on_plain(wsi);
	case LWS_CALLBACK_HTTP:
		return on_request(wsi);
	case LWS_CALLBACK_HTTP_FILE_COMPLETION:
		return lws_http_transaction_completed(wsi) ? -1 : 0;
	case LWS_CALLBACK_ESTABLISHED:
		return on_established(wsi, c);
	case LWS_CALLBACK_RECEIVE:
		return on_receive(wsi, c, bytes_of(in, len));
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writeable(c);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		return on_peer_closing(c, bytes_of(in, len));
	case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
		return on_dropped(c);
	case LWS_CALLBACK_CLOSED:
		return on_closed(c);
	case LWS_CALLBACK_RAW_ADOPT: /* that is what CONNECT makes of a connection: a tunnel */
		return -1;
	default:
		return 0;
	}
}

static void on_lws_log(int level, const char *line)
{
	struct str text = str_of(line);

	while (text.len && text.p[text.len - 1] == '\n')
		text.len--;
	/* What it calls an error is what a peer did as often as not; neither wakes anybody. */
	if (level == LLL_ERR)
		log_warn("lws.error", LOG_S(MESSAGE, text));
	else
		log_info("lws.warn", LOG_S(MESSAGE, text));
}

static void on_accept(void *ctx, int fd)
{
	struct eio_server *s = ctx;

	(void)lws_adopt_socket_vhost(s->vhost, fd); /* it closes fd itself when it fails */
}

static void on_heartbeat(void *ctx)
{
	struct eio_server *s = ctx;

	/* After a stall the pongs of the living still wait in their sockets: those are read in the
	 * coming turn, before anybody is called silent at its end. */
	s->heartbeat_due = (struct mono){0};
	s->expire_in_turns = 2;
	loop_turn_again(s->loop);
}

static void arm_heartbeat(struct eio_server *s)
{
	struct mono due;

	if (s->expire_in_turns || !eio_family_next_due(s->family, &due))
		return;
	if (s->heartbeat_due.us && !mono_before(due, s->heartbeat_due))
		return;
	s->heartbeat_due = due;
	loop_timer_arm_at(s->heartbeat, due);
}

static void on_turn(void *ctx)
{
	struct eio_server *s = ctx;

	if (s->expire_in_turns && --s->expire_in_turns == 0)
		eio_family_expire(s->family, loop_now(s->loop));
	if (websockets_end_turn(s->websockets))
		lws_cancel_service(s->context);
	arm_heartbeat(s);
}

static void set_mounts(struct eio_server *s, const char *static_dir)
{
	const char *name = s->protocols[0].name;

	for (size_t i = 0; i < ARRAY_LEN(s->mounts); i++) {
		struct lws_http_mount *m = &s->mounts[i];

		m->mountpoint = i < PAGES ? pages[i] : i == PAGES ? s->path : "/";
		m->mountpoint_len = (unsigned char)strlen(m->mountpoint);
		m->origin_protocol = LWSMPRO_CALLBACK;
		m->origin = name;
		m->mount_next = i ? &s->mounts[i - 1] : NULL;
	}
	if (static_dir[0]) {
		s->mounts[PAGES + 1].origin_protocol = LWSMPRO_FILE;
		s->mounts[PAGES + 1].origin = static_dir;
		s->mounts[PAGES + 1].def = "index.html";
	}
}

static enum err start_lws(struct eio_server *s, char *ret_why, size_t why_size)
{
	static const lws_retry_bo_t no_pings = {0}; /* the heartbeat is Engine.IO's */
	void *loops[] = {loop_native(s->loop)};
	struct lws_context_creation_info info = {
	    .port = CONTEXT_PORT_NO_LISTEN_SERVER,
	    .protocols = s->protocols,
	    /* The last one is asked first, and "/" takes whatever the others did not. */
	    .mounts = &s->mounts[PAGES + 1],
	    .options = LWS_SERVER_OPTION_LIBUV,
	    .foreign_loops = loops,
	    .user = s,
	    .max_http_header_data = HEADERS_MAX_BYTES,
	    .timeout_secs = HEADERS_TIMEOUT_S,
	    .timeout_secs_ah_idle = HEADERS_TIMEOUT_S,
	    .keepalive_timeout = KEEP_ALIVE_S,
	    .retry_and_idle_policy = &no_pings,
	};

	lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
	s->context = lws_create_context(&info);
	if (s->context)
		s->vhost = lws_get_vhost_by_name(s->context, "default");
	if (s->vhost)
		return ERR_OK;
	snprintf(ret_why, why_size,
	    "libwebsockets does not start: is its libuv plugin (libwebsockets-evlib-uv) there?");
	return ERR_SYSTEM;
}

static enum err check(const struct eio_server_conf *conf, char *ret_why, size_t why_size)
{
	struct stat st;

	if (conf->path[0] != '/' || strlen(conf->path) > PATH_MAX_BYTES) {
		snprintf(ret_why, why_size,
		    "path \"%s\" must begin with / and have at most %d bytes", conf->path,
		    PATH_MAX_BYTES);
		return ERR_INVALID;
	}
	if (conf->static_dir[0] && (stat(conf->static_dir, &st) || !S_ISDIR(st.st_mode))) {
		snprintf(ret_why, why_size, "%s is not a directory", conf->static_dir);
		return ERR_INVALID;
	}
	return ERR_OK;
}

static struct eio_server *make(struct loop *loop, const struct eio_server_conf *conf,
    const struct eio_server_events *events, void *up)
{
	struct eio_server *s = xcalloc(1, sizeof(*s));
	struct str path = str_of(conf->path);

	while (path.len && path.p[path.len - 1] == '/')
		path.len--;
	s->path = str_dup(path);
	s->loop = loop;
	s->routes = (struct http_routes){
	    .path = str_of(s->path),
	    .max_body_bytes = conf->max_payload_bytes,
	    .events = events,
	    .up = up,
	};
	s->family = eio_family_new(&(struct eio_rules){.ping_interval_ms = conf->ping_interval_ms,
				       .ping_timeout_ms = conf->ping_timeout_ms,
				       .max_payload_bytes = conf->max_payload_bytes,
				       .queue_max_bytes = conf->queue_max_bytes},
	    &events->session, up);
	s->websockets = websockets_new(s->family, conf->max_payload_bytes);
	s->heartbeat = loop_timer_new(loop, on_heartbeat, s);
	s->protocols[0] = (struct lws_protocols){.name = "engine.io",
	    .callback = on_lws,
	    .per_session_data_size = sizeof(struct connection),
	    .rx_buffer_size = CHUNK_BYTES,
	    .tx_packet_size = WRITE_BYTES};
	set_mounts(s, conf->static_dir);
	return s;
}

enum err eio_server_new(struct loop *loop, const struct eio_server_conf *conf,
    const struct eio_server_events *events, void *up, char *ret_why, size_t why_size,
    struct eio_server **ret)
{
	struct eio_server *s = make(loop, conf, events, up);
	struct listener_conf l = {conf->listen_address, conf->port, conf->reuse_port, on_accept, s};
	enum err e;

	e = check(conf, ret_why, why_size);
	if (e)
		goto fail;
	e = start_lws(s, ret_why, why_size);
	if (e)
		goto fail;
	e = listener_new(loop, &l, ret_why, why_size, &s->listener);
	if (e)
		goto fail;
	s->port = listener_port(s->listener);
	loop_on_turn(loop, on_turn, s);
	*ret = s;
	return ERR_OK;
fail:
	eio_server_free(&s);
	return e;
}

static void shut(void *ctx, struct eio_session *session)
{
	(void)ctx;
	eio_session_close(session, EIO_CLOSE_SHUTDOWN);
}

/* libwebsockets closes what it has in the loop, and can then be told to forget the rest. */
static void stop_lws(struct eio_server *s)
{
	if (!s->context)
		return;
	lws_context_destroy(s->context);
	loop_settle(s->loop);
	lws_context_destroy(s->context);
	s->context = NULL;
}

void eio_server_free(struct eio_server **s)
{
	struct eio_server *dead = *s;

	*s = NULL;
	if (!dead)
		return;
	eio_server_stop_listening(dead);
	eio_server_each(dead, shut, NULL);
	websockets_end_last_turn(dead->websockets);
	stop_lws(dead);
	websockets_end_last_turn(dead->websockets);
	loop_timer_free(&dead->heartbeat);
	websockets_free(&dead->websockets);
	eio_family_free(&dead->family);
	free(dead->path);
	free(dead);
}

void eio_server_stop_listening(struct eio_server *s)
{
	listener_free(&s->listener);
}

uint16_t eio_server_port(const struct eio_server *s)
{
	return s->port;
}

size_t eio_server_sessions(const struct eio_server *s)
{
	return eio_family_open_count(s->family);
}

void eio_server_each(
    struct eio_server *s, void (*fn)(void *ctx, struct eio_session *session), void *ctx)
{
	eio_family_each(s->family, fn, ctx);
}
