#ifndef ROOMCAST_TESTS_FAKES_LWS_H
#define ROOMCAST_TESTS_FAKES_LWS_H
/*
 * libwebsockets, as far as http.c knows it: one parsed request, and what is written.
 */
#include "gateway/eio/http.h"

#include <libwebsockets.h>

struct lws {
	int method;
	char *path;
	const char *parameters[4];
	const char *headers[WSI_TOKEN_COUNT];
	const char *forwarded_proto; /* the one custom header; NULL = none */
	int fd;                      /* -1 = it is gone */
	struct buf written;
	bool is_broken, is_last, is_secure;
	int completed;
	enum pending_timeout timeout;
};

struct wire *fake_wire(struct lws *wsi);

/* The request as http.c reads it; nobody is trusted. */
struct http_request *fake_request(struct lws *wsi);

/* Writes it and leaves NULL. false = the connection is broken. */
bool fake_write_take(struct lws *wsi, struct frame **answer);

/* What was written, which is then forgotten. */
void assert_written(struct lws *wsi, const char *expected);

#endif
