#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/http_routes.h"

#include <stdlib.h>
#include <string.h>

/* http.c, replaced: the "connection" is the request, and takes note of the answer. */
struct wire {
	const char *path;
	struct eio_request engine;
	unsigned bad_body;
	bool is_broken;
	/* the answer */
	unsigned status;
	enum eio_refusal why;
	bool is_refused, was_upgrade, is_last;
	char body[64];
};

struct http_request {
	struct wire *wire;
};

struct http_request *http_request_new(struct wire *w)
{
	struct http_request *r = xcalloc(1, sizeof(*r));

	r->wire = w;
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

unsigned http_request_bad_body(const struct http_request *r)
{
	return r->wire->bad_body;
}

bool http_send(struct wire *w, const struct http_request *r, const struct http_answer *a)
{
	assert_ptr_equal(r->wire, w);
	assert_true(a->body.len < sizeof(w->body));
	w->status = a->status;
	w->is_last = a->is_last;
	memcpy(w->body, a->body.p, a->body.len);
	w->body[a->body.len] = 0;
	return !w->is_broken;
}

bool http_send_refusal(
    struct wire *w, const struct http_request *r, enum eio_refusal why, bool is_upgrade)
{
	assert_ptr_equal(r->wire, w);
	w->is_refused = true;
	w->why = why;
	w->was_upgrade = is_upgrade;
	return !w->is_broken;
}

/* polling.c and family.c, replaced: one session that polling carries, and how many there are. */
static size_t open_count;
static struct exchange *const an_exchange = (struct exchange *)&open_count;

enum eio_sid polls_sid(const struct polls *set, struct str sid)
{
	(void)set;
	return !sid.len ? EIO_SID_NONE : str_eqz(sid, "known") ? EIO_SID_POLLING : EIO_SID_UNKNOWN;
}

enum http_fate polls_request(struct polls *set, struct wire *w, const struct http_request *r,
    struct mono now, struct exchange **ret)
{
	(void)set;
	assert_ptr_equal(r->wire, w);
	assert_int_equal(now.us, 7);
	*ret = an_exchange;
	return HTTP_WAITS;
}

size_t eio_family_open_count(const struct eio_family *f)
{
	(void)f;
	return open_count;
}

static bool is_full;

static bool may_open(void *up)
{
	(void)up;
	return !is_full;
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

static const struct eio_server_events events = {.may_open = may_open, .on_page = on_page};

static const struct http_routes routes = {
    .path = {"/socket.io", 10}, .sessions_max = 10, .events = &events};

static enum http_fate ask(struct wire *w)
{
	struct exchange *x = NULL;
	enum http_fate fate = http_route_request(&routes, w, (struct mono){7}, &x);

	assert_ptr_equal(x, fate == HTTP_WAITS ? an_exchange : NULL);
	return fate;
}

static struct wire opening(const char *path)
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

static void test_upgrade(void **state)
{
	static const char *const ours[] = {"/socket.io", "/socket.io/", "/socket.io/x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		struct wire w = opening(ours[i]);

		assert_true(http_route_upgrade(&routes, &w));
		assert_false(w.is_refused);
		assert_int_equal(w.status, 0);
	}
}

static void test_upgrade_elsewhere(void **state)
{
	static const char *const others[] = {"/", "/socket.iox", "/socket", "/SOCKET.IO/", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct wire w = opening(others[i]);

		assert_false(http_route_upgrade(&routes, &w));
		assert_int_equal(w.status, 404);
		assert_true(w.is_last);
	}
}

static void test_refused_upgrade(void **state)
{
	struct wire w = opening("/socket.io/");

	(void)state;
	w.engine.eio = STR("3");
	assert_false(http_route_upgrade(&routes, &w));
	assert_true(w.is_refused && w.was_upgrade);
	assert_int_equal(w.why, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
}

static void test_upgrade_when_full(void **state)
{
	struct wire w = opening("/socket.io/");

	(void)state;
	is_full = true;
	assert_false(http_route_upgrade(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_UNAVAILABLE);
	/* Who has a session already may go on. */
	w.engine.sid = STR("known");
	assert_true(http_route_upgrade(&routes, &w));
	w.engine.sid = STR("");
	/* Who is wrong learns that first: it would not help to come back. */
	w.engine.transport = STR("abc");
	assert_false(http_route_upgrade(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_UNKNOWN_TRANSPORT);
	is_full = false;
}

/* The request was answered and forgotten before we were asked. */
static void test_upgrade_of_a_forgotten_request(void **state)
{
	struct wire w = opening("");

	(void)state;
	w.engine = (struct eio_request){0};
	assert_false(http_route_upgrade(&routes, &w));
	assert_false(w.is_refused);
	assert_int_equal(w.status, 0);
}

static void test_plain(void **state)
{
	struct wire w = {.path = "/"};

	(void)state;
	assert_true(http_route_plain(&w));
	assert_int_equal(w.status, 0);
	w.bad_body = 413;
	assert_false(http_route_plain(&w));
	assert_int_equal(w.status, 413);
	assert_true(w.is_last);
}

static struct wire poll_of(const char *sid)
{
	return (struct wire){.path = "/socket.io/",
	    .engine = {.method = STR("GET"),
		.transport = STR("polling"),
		.eio = STR("4"),
		.sid = str_of(sid)}};
}

static void test_polls(void **state)
{
	struct wire w = poll_of("");

	(void)state;
	assert_int_equal(ask(&w), HTTP_WAITS);
	w = poll_of("known");
	w.engine.method = STR("POST");
	assert_int_equal(ask(&w), HTTP_WAITS);
	assert_false(w.is_refused);
}

static void test_refused_polls(void **state)
{
	struct wire w = poll_of("nobody's");

	(void)state;
	assert_int_equal(ask(&w), HTTP_ANSWERED);
	assert_true(w.is_refused && !w.was_upgrade);
	assert_int_equal(w.why, EIO_REFUSAL_UNKNOWN_SID);
	w.is_broken = true;
	assert_int_equal(ask(&w), HTTP_BROKEN);
}

static void test_too_many_sessions(void **state)
{
	struct wire w = poll_of(""), ws = opening("/socket.io");

	(void)state;
	open_count = 10;
	assert_int_equal(ask(&w), HTTP_ANSWERED);
	assert_int_equal(w.why, EIO_REFUSAL_UNAVAILABLE);
	assert_false(http_route_upgrade(&routes, &ws));
	w = poll_of("known");
	assert_int_equal(ask(&w), HTTP_WAITS);
	open_count = 9;
	w = poll_of("");
	assert_int_equal(ask(&w), HTTP_WAITS);
	is_full = true;
	assert_int_equal(ask(&w), HTTP_ANSWERED);
	is_full = false;
}

static void test_pages(void **state)
{
	struct wire w = {.path = "/ready", .engine = {.method = STR("GET")}};

	(void)state;
	assert_int_equal(ask(&w), HTTP_ANSWERED);
	assert_int_equal(w.status, 503);
	assert_string_equal(w.body, "draining");
	assert_false(w.is_last);
	w.engine.method = STR("HEAD");
	assert_int_equal(ask(&w), HTTP_ANSWERED);
	assert_int_equal(w.status, 503);
	w.engine.method = STR("POST");
	assert_int_equal(ask(&w), HTTP_ANSWERED);
	assert_int_equal(w.status, 404);
	w = (struct wire){.path = "/nothing", .engine = {.method = STR("GET")}};
	assert_int_equal(ask(&w), HTTP_ANSWERED);
	assert_int_equal(w.status, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_upgrade),
	    cmocka_unit_test(test_upgrade_elsewhere),
	    cmocka_unit_test(test_refused_upgrade),
	    cmocka_unit_test(test_upgrade_when_full),
	    cmocka_unit_test(test_upgrade_of_a_forgotten_request),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_polls),
	    cmocka_unit_test(test_refused_polls),
	    cmocka_unit_test(test_too_many_sessions),
	    cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
