#ifndef ROOMCAST_GATEWAY_EIO_SERVER_H
#define ROOMCAST_GATEWAY_EIO_SERVER_H
/*
 * The Engine.IO server: listens, speaks HTTP and WebSocket through libwebsockets, and owns the
 * sessions. Beside Engine.IO it answers GETs of a few plain pages (asked of the layer above) and,
 * when told a directory, static files. Knows bytes and sessions; nothing of Socket.IO.
 */
#include "common/buf.h"
#include "gateway/eio/session.h"
#include "gateway/eio/tls.h"
#include "gateway/loop.h"

struct eio_server_conf {
	const char *listen_address; /* "127.0.0.1", "::1", "0.0.0.0", "::" */
	uint16_t port;              /* 0 = any free one, see eio_server_port() */
	bool reuse_port;            /* several processes may listen on it */
	const char *path;           /* "/socket.io/" : matched with and without the last slash */
	const char *static_dir;     /* "" = none; served at "/" with index.html */
	const char *cors_origins; /* as origins.h has them; "" = no CORS, and no check of origins */
	bool cors_credentials;
	const char *cookie;          /* with the session id, on polling; "" = none */
	const char *trusted_proxies; /* as proxies.h has them; "" = none */
	bool proxy_protocol;         /* their connections begin with a PROXY header */
	const char *client_dir;      /* "" = none; files of the client library, served under path */
	struct tls_files tls;        /* none = plain HTTP */
	uint64_t ping_interval_ms, ping_timeout_ms, upgrade_timeout_ms;
	uint64_t max_payload_bytes;
	uint64_t sessions_max;    /* over it 503 */
	bool allow_eio3;          /* clients of protocol revision 3 are served, too */
	uint64_t queue_max_bytes; /* per session; over it EIO_CLOSE_SLOW_CONSUMER */
	/* Of one client, over it eio_session_retry_after_ms() and EIO_CLOSE_FLOOD; of one address,
	 * over it 429; 0 = no limit. */
	uint64_t packets_per_second, bytes_per_second, ip_handshakes_per_second;
};

/* An answer to a plain GET, 200 unless it is told otherwise; body is a builder to fill. */
struct eio_page {
	unsigned status;
	const char *content_type;
	struct buf *body;
};

struct eio_server_events {
	struct eio_events session;
	/* May a new session open now? false: 503 with Retry-After, so that clients come back. */
	bool (*may_open)(void *up);
	/* GET of a page that is neither Engine.IO nor a file: fill and return true, false = 404. */
	bool (*on_page)(void *up, struct str path, struct eio_page *page);
};

struct eio_server;

/*
 * Listens when it returns. conf strings and events must outlive the server. ERR_SYSTEM with
 * ret_why in words (address in use, not permitted, ...); errors of tls_new().
 */
MUST_USE enum err eio_server_new(struct loop *loop, const struct eio_server_conf *conf,
    const struct eio_server_events *events, void *up, char *ret_why, size_t why_size,
    struct eio_server **ret);

/* Closes all sessions with SHUTDOWN (on_close is called), and listens no more. */
void eio_server_shut(struct eio_server *s);

/*
 * Shuts it, and frees. libwebsockets 4.1.6 closes one of its descriptors twice: no other thread may
 * open any meanwhile, or it is the one that is closed.
 */
void eio_server_free(struct eio_server **s);

/* No new connections from now on; the listening socket is closed. */
void eio_server_stop_listening(struct eio_server *s);

uint16_t eio_server_port(const struct eio_server *s);
size_t eio_server_sessions(const struct eio_server *s);

/* What was too much, since the start: sessions that were asked for and refused for their address,
 * and sessions that were closed for a flood. */
struct eio_server_excess {
	uint64_t handshakes, floods;
};
struct eio_server_excess eio_server_excess(const struct eio_server *s);

/* Reads certificate and key again, for connections to come; on failure the old ones stay and
 * ret_why says it in words. Only of a server that has TLS. */
MUST_USE enum err eio_server_reload_tls(struct eio_server *s, char ret_why[TLS_WHY_SIZE]);

/* NULL = it has no TLS. */
const struct tls *eio_server_tls(const struct eio_server *s);

/* Calls fn for every open session; fn may close sessions. */
void eio_server_each(
    struct eio_server *s, void (*fn)(void *ctx, struct eio_session *session), void *ctx);

#endif
