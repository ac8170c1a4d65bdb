#ifndef ROOMCAST_BROKER_HTTP_H
#define ROOMCAST_BROKER_HTTP_H
/*
 * The broker's small HTTP face for probes and Prometheus: /health, /ready, /metrics
 * (libmicrohttpd, served inside the turn loop without a thread of its own).
 */
#include "common/buf.h"

struct http;

struct http_events {
	/* Is the broker able to store messages? If not, why says the reason. */
	bool (*is_ready)(void *up, char *ret_why, size_t why_size);
	/* What an operator should see to though it lives: a line, or "". Static. */
	const char *(*trouble)(void *up);
	/* Appends the metrics in Prometheus text. */
	void (*render_metrics)(void *up, struct buf *out);
};

enum { HTTP_WHY_SIZE = 400 };

/* listen: "address:port" ("[::1]:9400" for IPv6). ERR_INVALID, ERR_BUSY; ret_why in words. */
MUST_USE enum err http_new(const char *listen, const struct http_events *events, void *up,
    char ret_why[HTTP_WHY_SIZE], struct http **ret);
void http_free(struct http **h);

/* For turn_on_fd(); then http_serve(). */
int http_fd(const struct http *h);
void http_serve(struct http *h);

#endif
