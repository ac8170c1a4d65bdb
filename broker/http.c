#include "broker/http.h"

#include "broker/doorman.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { CONNECTIONS_MAX = 64, IDLE_SECONDS = 15 };

struct http {
	struct MHD_Daemon *daemon;
	const struct http_events *events;
	void *up;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type,
    struct bytes body)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    body.len, (void *)body.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	return answer(c, status, "text/plain; charset=utf-8", str_bytes(str_of(text)));
}

static enum MHD_Result on_metrics(struct http *h, struct MHD_Connection *c)
{
	struct buf out = {0};

	h->events->render_metrics(h->up, &out);
	enum MHD_Result result =
	    answer(c, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", buf_bytes(&out));

	buf_free(&out);
	return result;
}

static enum MHD_Result on_health(struct http *h, struct MHD_Connection *c)
{
	char text[HTTP_WHY_SIZE + 32];

	snprintf(text, sizeof(text), "ok\n%s", h->events->trouble(h->up));
	return answer_text(c, MHD_HTTP_OK, text);
}

static enum MHD_Result on_ready(struct http *h, struct MHD_Connection *c)
{
	char why[HTTP_WHY_SIZE] = "";
	char text[HTTP_WHY_SIZE + 32];

	if (h->events->is_ready(h->up, why, sizeof(why)))
		return answer_text(c, MHD_HTTP_OK, "ready\n");
	snprintf(text, sizeof(text), "not ready: %s\n", why);
	return answer_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *body, size_t *body_size, void **state)
{
	struct http *h = self;

	(void)version;
	(void)body;
	(void)body_size;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/health") == 0)
		return on_health(h, c);
	if (strcmp(url, "/ready") == 0)
		return on_ready(h, c);
	if (strcmp(url, "/metrics") == 0)
		return on_metrics(h, c);
	return answer_text(c, MHD_HTTP_NOT_FOUND, "not found: try /health, /ready or /metrics\n");
}

/* "address:port" into its two parts; the address may be in brackets. */
static bool split_listen(const char *listen, char *address, size_t size, const char **ret_port)
{
	const char *colon = strrchr(listen, ':');
	size_t len = colon ? (size_t)(colon - listen) : 0;
	uint64_t port;

	/* getaddrinfo() takes no port for 0 and one too great for its last 16 bits. */
	if (!colon || len == 0 || str_to_u64(str_of(colon + 1), UINT16_MAX, &port))
		return false;
	if (listen[0] == '[' && listen[len - 1] == ']') {
		listen++;
		len -= 2;
	}
	if (len >= size)
		return false;
	memcpy(address, listen, len);
	address[len] = '\0';
	*ret_port = colon + 1;
	return true;
}

static struct addrinfo *resolve(const char *listen)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char address[64];
	const char *port;

	if (!split_listen(listen, address, sizeof(address), &port) ||
	    getaddrinfo(address, port, &hints, &found) != 0)
		return NULL;
	return found;
}

enum err http_new(const char *listen, const struct http_events *events, void *up,
    char ret_why[HTTP_WHY_SIZE], struct http **ret)
{
	struct addrinfo *where = resolve(listen);
	struct http *h;

	if (!where) {
		snprintf(ret_why, HTTP_WHY_SIZE,
		    "http-listen = %s: not an address:port such as 127.0.0.1:9400", listen);
		return ERR_INVALID;
	}
	h = xcalloc(1, sizeof(*h));
	h->events = events;
	h->up = up;
	unsigned flags = MHD_USE_EPOLL | (where->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0);

	errno = 0;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_SOCK_ADDR,
	    where->ai_addr, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
	freeaddrinfo(where);
	if (!h->daemon) {
		snprintf(ret_why, HTTP_WHY_SIZE,
		    "cannot listen on %s for /health and /metrics: %s; choose another http-listen",
		    listen, errno ? strerror(errno) : "address in use or not of this machine");
		free(h);
		return ERR_BUSY;
	}
	doorman_favour(MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd);
	*ret = h;
	return ERR_OK;
}

void http_free(struct http **h)
{
	if (!*h)
		return;
	MHD_stop_daemon((*h)->daemon);
	free(*h);
	*h = NULL;
}

int http_fd(const struct http *h)
{
	return MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void http_serve(struct http *h)
{
	MHD_run(h->daemon);
}
