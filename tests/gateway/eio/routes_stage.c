#include "tests/check.h"

#include "tests/gateway/eio/routes_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_request {
	struct wire *wire;
};

struct http_request *http_request_new(struct wire *w, const struct proxies *proxies)
{
	struct http_request *r = xcalloc(1, sizeof(*r));

	r->wire = w;
	assert_ptr_equal(proxies, STAGE_PROXIES);
	return r;
}

void http_request_free(struct http_request **r)
{
	free(*r);
	*r = NULL;
}

struct str http_request_path(const struct http_request *r)
{
	return str_of(r->wire->path);
}

const struct eio_request *http_request_engine(const struct http_request *r)
{
	return &r->wire->engine;
}

const struct ip *http_request_address(const struct http_request *r)
{
	static const struct ip address = {{1}};

	return r->wire->is_gone ? NULL : &address;
}

/* doorman.c, replaced. */
bool stage_is_crowded;

bool doorman_admit(struct doorman *d, const struct ip *ip)
{
	(void)d;
	assert_int_equal(ip->bytes[0], 1);
	return !stage_is_crowded;
}

struct str http_request_known_etag(const struct http_request *r)
{
	return str_of(r->wire->known_etag);
}

struct str http_request_asked_headers(const struct http_request *r)
{
	return str_of(r->wire->asked_headers);
}

void http_request_set_cors(struct http_request *r, const char *headers)
{
	r->wire->cors = headers;
}

const char *http_request_cors(const struct http_request *r)
{
	return r->wire->cors;
}

unsigned http_request_bad_body(const struct http_request *r)
{
	return r->wire->bad_body;
}

struct frame *http_answer(const struct http_request *r, const struct http_answer *a)
{
	struct wire *w = r->wire;

	assert_true(a->body.len < sizeof(w->body));
	w->status = a->status;
	w->is_last = a->is_last;
	memcpy(w->body, a->body.p, a->body.len);
	w->body[a->body.len] = 0;
	snprintf(w->answer_cors, sizeof(w->answer_cors), "%s", a->cors ? a->cors : "");
	return frame_new(str_bytes(a->body));
}

struct frame *http_refusal(const struct http_request *r, enum eio_refusal why, bool is_upgrade)
{
	r->wire->is_refused = true;
	r->wire->why = why;
	r->wire->was_upgrade = is_upgrade;
	return frame_new((struct bytes){0});
}

bool http_write_take(struct wire *w, struct frame **answer)
{
	w->is_written = true;
	frame_unref(answer);
	return true;
}

uint64_t http_request_body_bytes(const struct http_request *r)
{
	return r->wire->body_bytes;
}

/* polling.c and family.c, replaced: one session that polling carries, and how many there are. */
size_t stage_open_count;
static struct exchange *const poll_exchange = (struct exchange *)&stage_open_count;
static struct exchange *const answered_exchange = (struct exchange *)(&stage_open_count + 1);

enum eio_sid polls_sid(const struct polls *set, struct str sid, enum eio_revision revision)
{
	(void)set;
	(void)revision;
	return !sid.len ? EIO_SID_NONE : str_eqz(sid, "known") ? EIO_SID_POLLING : EIO_SID_UNKNOWN;
}

struct exchange *polls_request(
    struct polls *set, struct wire *w, const struct http_request *r, struct mono now)
{
	(void)set;
	assert_ptr_equal(r->wire, w);
	assert_int_equal(now.us, 7);
	return poll_exchange;
}

struct exchange *exchange_new_take(
    struct polls *set, struct wire *w, const struct http_request *r, struct frame **answer)
{
	(void)set;
	assert_ptr_equal(r->wire, w);
	frame_unref(answer);
	return answered_exchange;
}

size_t eio_family_open_count(const struct eio_family *f)
{
	(void)f;
	return stage_open_count;
}

bool stage_is_full;

static bool may_open(void *up)
{
	(void)up;
	return !stage_is_full;
}

static bool on_page(void *up, struct str path, struct eio_page *page)
{
	(void)up;
	if (str_eqz(path, "/ready")) {
		page->status = 503;
		buf_puts(page->body, STR("draining"));
		return true;
	}
	return false;
}

const struct eio_server_events stage_events = {.may_open = may_open, .on_page = on_page};

struct wire stage_opening(const char *path)
{
	return (struct wire){.path = path,
	    .engine = {
		.method = STR("GET"),
		.version = STR("HTTP/1.1"),
		.transport = STR("websocket"),
		.eio = STR("4"),
		.host = STR("localhost"),
		.upgrade = STR("websocket"),
		.connection = STR("Upgrade"),
		.websocket_key = STR("dGhlIHNhbXBsZSBub25jZQ=="),
		.websocket_version = STR("13"),
	    }};
}

struct wire stage_poll(const char *sid)
{
	return (struct wire){.path = "/socket.io/",
	    .engine = {.method = STR("GET"),
		.transport = STR("polling"),
		.eio = STR("4"),
		.sid = str_of(sid)}};
}

bool stage_is_poll(const struct http_routes *routes, struct wire *w)
{
	struct exchange *x = http_route_request(routes, w, (struct mono){7});

	assert_true(x == poll_exchange || x == answered_exchange);
	assert_false(w->is_written);
	return x == poll_exchange;
}
