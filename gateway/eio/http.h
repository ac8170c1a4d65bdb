#ifndef ROOMCAST_GATEWAY_EIO_HTTP_H
#define ROOMCAST_GATEWAY_EIO_HTTP_H
/*
 * HTTP requests as libwebsockets parsed them, read into plain views, and answers written to them.
 * For the server and the transports; what an answer says is decided there.
 */
#include "common/buf.h"
#include "gateway/eio/handshake.h"
#include "gateway/eio/proxies.h"
#include "gateway/eio/session.h"

/* One TCP connection as libwebsockets knows it. Never defined: only casts look behind it. */
struct wire;

struct http_request;

/* Copies what we need of the request that is being served on w, which may have come through
 * proxies of ours; the caller frees it. */
struct http_request *http_request_new(struct wire *w, const struct proxies *proxies);
void http_request_free(struct http_request **r);

/* Decoded, without query. */
struct str http_request_path(const struct http_request *r);

const struct eio_request *http_request_engine(const struct http_request *r);

/* Views into r. */
struct eio_handshake http_request_handshake(const struct http_request *r);

/* Of the client; NULL = the connection is gone. */
const struct ip *http_request_address(const struct http_request *r);

struct str http_request_content_type(const struct http_request *r);

/* If-None-Match. */
struct str http_request_known_etag(const struct http_request *r);

/* Access-Control-Request-Headers. */
struct str http_request_asked_headers(const struct http_request *r);

/* Headers that every answer to it carries, each with CRLF; NULL = none. They outlive it, and
 * whatever answers it later. */
void http_request_set_cors(struct http_request *r, const char *headers);
const char *http_request_cors(const struct http_request *r);

enum { HTTP_SKIPPED_BODY_MAX = 64 * 1024 * 1024 };

/*
 * Will we know where the next request on this connection begins? 0 = yes, else the status (411,
 * 413, 400) to refuse it with and hang up. libwebsockets takes a body without a length for
 * 100 MB, does not decode chunks, and believes a negative length.
 */
unsigned http_request_bad_body(const struct http_request *r);

/* How many bytes of body follow, when the above is 0. */
uint64_t http_request_body_bytes(const struct http_request *r);

/* Of an upgrade that goes on: copies the name of the subprotocol that it is answered with; leaves
 * ret_name alone when none is offered. */
void http_copy_subprotocol(struct wire *w, char ret_name[EIO_SUBPROTOCOL_MAX + 1]);

struct http_answer {
	unsigned status;
	const char *content_type; /* NULL = without a body */
	const char *cache;        /* Cache-Control; NULL = no-store */
	const char *headers;      /* more of them, each with CRLF; NULL = none */
	const char *cors;         /* of the request, when that is gone, or instead of its own */
	struct str body;
	bool is_last; /* says that the connection ends; the caller sees to it */
};

/* An answer to r as bytes; to HEAD without its body. r may be NULL: a request that is gone and
 * was no HEAD. Refusals come in the two forms that engine.io has. */
MUST_USE struct frame *http_answer(const struct http_request *r, const struct http_answer *a);
MUST_USE struct frame *http_refusal(
    const struct http_request *r, enum eio_refusal why, bool is_upgrade);
/* Of a request that is gone. */
MUST_USE struct frame *http_late_refusal(const char *cors, enum eio_refusal why);

/* Writes an answer and leaves NULL. false = the connection is broken. */
bool http_write_take(struct wire *w, struct frame **answer);

/* The request is answered later, and may take its time. */
void http_park(struct wire *w);

/*
 * A request has been answered (is_sent: http_write_take()'s word): the connection waits for its
 * next one. Not for requests that are answered in the callback that told of them.
 */
void http_finish(struct wire *w, bool is_sent);

#endif
