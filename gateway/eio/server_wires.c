#include "gateway/eio/server_wires.h"

#include "common/log.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADERS_MAX_BYTES = 16384, /* of a request: tokens are long */
	HEADERS_TIMEOUT_S = 10,    /* for a request to arrive whole */
	KEEP_ALIVE_S = 60,
	CHUNK_BYTES = 1024, /* of a message as libwebsockets hands it over; held per connection */
	WRITE_BYTES = 1024 * 1024, /* what one write offers the kernel before the rest is copied */
	PAGES = 3,
};

static const char *const pages[PAGES] = {"/health", "/ready", "/metrics"};

/* What libwebsockets keeps for us per connection. All zero before it is a WebSocket, and for
 * ever if it never becomes one: CLOSED comes then too. An exchange is kept apart, as the opaque
 * data of the connection: libwebsockets takes this one away when a request has been answered. */
struct connection {
	struct websocket *websocket;
};

struct server_wires {
	struct server_wires_conf conf;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct lws_protocols protocols[2];
	/* The name of our protocol: libwebsockets takes an upgrade that offers it, and answers with
	 * it. So it is always the one that was last offered. */
	char subprotocol[EIO_SUBPROTOCOL_MAX + 1];
	struct lws_http_mount mounts[PAGES + 2]; /* the pages, Engine.IO, everything else */
};

static struct wire *wire_of(struct lws *wsi)
{
	return (struct wire *)(void *)wsi;
}

static struct server_wires *wires_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

/* Everywhere here -1 = hang up, which is also how a connection ends whose last answer was sent. */
static int on_upgrade(struct lws *wsi)
{
	struct server_wires *s = wires_of(wsi);

	if (!http_route_upgrade(s->conf.routes, wire_of(wsi)))
		return -1;
	http_copy_subprotocol(wire_of(wsi), s->subprotocol);
	return 0;
}

/* Comes before a plain request is served, by us or from a file. */
static int on_plain(struct lws *wsi)
{
	return http_route_plain(wires_of(wsi)->conf.routes, wire_of(wsi)) ? 0 : -1;
}

static int on_request(struct lws *wsi)
{
	struct server_wires *s = wires_of(wsi);

	if (lws_get_opaque_user_data(wsi))
		return -1; /* see on_request_over() */
	lws_set_opaque_user_data(
	    wsi, http_route_request(s->conf.routes, wire_of(wsi), loop_now(s->conf.loop)));
	return 0;
}

static int on_body(struct lws *wsi, struct bytes chunk)
{
	struct exchange *x = lws_get_opaque_user_data(wsi);

	return !x || exchange_receive(x, chunk, loop_now(wires_of(wsi)->conf.loop)) ? 0 : -1;
}

static int on_body_complete(struct lws *wsi)
{
	struct exchange *x = lws_get_opaque_user_data(wsi);

	return !x || exchange_complete(x, loop_now(wires_of(wsi)->conf.loop)) ? 0 : -1;
}

/* A request was answered. Or not: another one came behind it, and libwebsockets has lost the place
 * between them; what it says next is the first one again. The exchange stays as a reminder. */
static int on_request_over(struct lws *wsi)
{
	struct exchange *x = lws_get_opaque_user_data(wsi);

	if (x && exchange_drop(x))
		return 0;
	lws_set_opaque_user_data(wsi, NULL);
	exchange_free(&x);
	return 0;
}

/* Comes more than once. */
static int on_gone(struct lws *wsi)
{
	struct exchange *x = lws_get_opaque_user_data(wsi);

	lws_set_opaque_user_data(wsi, NULL);
	exchange_free(&x);
	return 0;
}

/* libwebsockets is about to answer something by itself: to switch, or with a file. */
static int on_add_headers(struct lws *wsi, struct lws_process_html_args *room)
{
	struct str headers =
	    str_of(http_route_upgrade_headers(wires_of(wsi)->conf.routes, wire_of(wsi)));

	if ((int)headers.len > room->max_len)
		return -1;
	memcpy(room->p, headers.len ? headers.p : "", headers.len);
	room->p += headers.len;
	return 0;
}

static int on_established(struct lws *wsi, struct connection *c)
{
	struct server_wires *s = wires_of(wsi);
	struct http_request *r = http_request_new(wire_of(wsi), s->conf.routes->proxies);
	struct eio_handshake h = http_request_handshake(r);
	struct str sid = http_request_engine(r)->sid;
	struct mono now = loop_now(s->conf.loop);

	if (sid.len)
		c->websocket = websocket_new_candidate(
		    s->conf.websockets, wire_of(wsi), eio_family_find(s->conf.family, sid), now);
	else
		c->websocket = websocket_new(s->conf.websockets, wire_of(wsi), &h, now);
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
		websocket_receive(c->websocket, chunk, loop_now(wires_of(wsi)->conf.loop));
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

/* libwebsockets has made what its TLS connections are made from. */
static int on_tls_context(struct lws *wsi, void *context)
{
	return tls_govern(wires_of(wsi)->conf.tls, context) ? 0 : -1;
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
	case LWS_CALLBACK_ADD_HEADERS:
		return on_add_headers(wsi, in);
	case LWS_CALLBACK_HTTP:
		return on_request(wsi);
	case LWS_CALLBACK_HTTP_BODY:
		return on_body(wsi, bytes_of(in, len));
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return on_body_complete(wsi);
	case LWS_CALLBACK_HTTP_FILE_COMPLETION:
		return lws_http_transaction_completed(wsi) ? -1 : 0;
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		return on_request_over(wsi);
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_WSI_DESTROY:
		return on_gone(wsi);
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
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		return on_tls_context(wsi, user);
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

static void set_mounts(struct server_wires *s)
{
	const char *name = s->protocols[0].name, *static_dir = s->conf.static_dir;

	for (size_t i = 0; i < ARRAY_LEN(s->mounts); i++) {
		struct lws_http_mount *m = &s->mounts[i];

		m->mountpoint = i < PAGES ? pages[i] : i == PAGES ? s->conf.path : "/";
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

static enum err start(struct server_wires *s, char *ret_why, size_t why_size)
{
	static const lws_retry_bo_t no_pings = {0}; /* the heartbeat is Engine.IO's */
	void *loops[] = {loop_native(s->conf.loop)};
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

	if (s->conf.tls) {
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
				LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
				LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
		info.alpn = "http/1.1"; /* what is written raw would break HTTP/2 */
	}
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

enum err server_wires_new(
    const struct server_wires_conf *conf, char *ret_why, size_t why_size, struct server_wires **ret)
{
	struct server_wires *s = xcalloc(1, sizeof(*s));

	s->conf = *conf;
	memcpy(s->subprotocol, "engine.io", sizeof("engine.io"));
	s->protocols[0] = (struct lws_protocols){.name = s->subprotocol,
	    .callback = on_lws,
	    .per_session_data_size = sizeof(struct connection),
	    .rx_buffer_size = CHUNK_BYTES,
	    .tx_packet_size = WRITE_BYTES};
	set_mounts(s);

	enum err e = start(s, ret_why, why_size);

	if (e)
		server_wires_free(&s);
	else
		*ret = s;
	return e;
}

void server_wires_adopt(struct server_wires *s, int fd)
{
	if (s->conf.tls)
		tls_tend(s->conf.tls, loop_now(s->conf.loop));
	(void)lws_adopt_socket_vhost(s->vhost, fd);
}

void server_wires_wake(struct server_wires *s)
{
	lws_cancel_service(s->context);
}

void server_wires_free(struct server_wires **s)
{
	struct server_wires *dead = *s;

	*s = NULL;
	if (!dead)
		return;
	/* libwebsockets closes what it has in the loop, and can then be told to forget the rest. */
	if (dead->context) {
		lws_context_destroy(dead->context);
		loop_settle(dead->conf.loop);
		lws_context_destroy(dead->context);
	}
	free(dead);
}
