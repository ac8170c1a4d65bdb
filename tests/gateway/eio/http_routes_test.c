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
	uint64_t body_bytes;
	/* the answer */
	bool is_written;
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

struct frame *http_answer(const struct http_request *r, const struct http_answer *a)
{
	struct wire *w = r->wire;

	assert_true(a->body.len < sizeof(w->body));
	w->status = a->status;
	w->is_last = a->is_last;
	memcpy(w->body, a->body.p, a->body.len);
	w->body[a->body.len] = 0;
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
static size_t open_count;
static struct exchange *const poll_exchange = (struct exchange *)&open_count;
static struct exchange *const answered_exchange = (struct exchange *)(&open_count + 1);

enum eio_sid polls_sid(const struct polls *set, struct str sid)
{
	(void)set;
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

/* true = it was handed to polling, false = answered here, but not in the callback. */
static bool is_poll(struct wire *w)
{
	struct exchange *x = http_route_request(&routes, w, (struct mono){7});

	assert_true(x == poll_exchange || x == answered_exchange);
	assert_false(w->is_written);
	return x == poll_exchange;
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
	assert_true(http_route_plain(&routes, &w));
	assert_int_equal(w.status, 0);
	w.bad_body = 413;
	assert_false(http_route_plain(&routes, &w));
	assert_int_equal(w.status, 413);
	assert_true(w.is_last);
}

static void test_body_for_a_file(void **state)
{
	struct http_routes with_files = routes;
	struct wire w = {.path = "/index.html", .body_bytes = 5};

	(void)state;
	assert_true(http_route_plain(&routes, &w));
	with_files.has_files = true;
	assert_false(http_route_plain(&with_files, &w));
	assert_int_equal(w.status, 405);
	assert_true(w.is_written && w.is_last);
	w = (struct wire){.path = "/socket.io/", .body_bytes = 5};
	assert_true(http_route_plain(&with_files, &w));
	w = (struct wire){.path = "/index.html"};
	assert_true(http_route_plain(&with_files, &w));
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
	assert_true(is_poll(&w));
	w = poll_of("known");
	w.engine.method = STR("POST");
	assert_true(is_poll(&w));
	assert_false(w.is_refused);
}

static void test_refused_polls(void **state)
{
	struct wire w = poll_of("nobody's");

	(void)state;
	assert_false(is_poll(&w));
	assert_true(w.is_refused && !w.was_upgrade);
	assert_int_equal(w.why, EIO_REFUSAL_UNKNOWN_SID);
}

static void test_too_many_sessions(void **state)
{
	struct wire w = poll_of(""), ws = opening("/socket.io");

	(void)state;
	open_count = 10;
	assert_false(is_poll(&w));
	assert_int_equal(w.why, EIO_REFUSAL_UNAVAILABLE);
	assert_false(http_route_upgrade(&routes, &ws));
	w = poll_of("known");
	assert_true(is_poll(&w));
	open_count = 9;
	w = poll_of("");
	assert_true(is_poll(&w));
	is_full = true;
	assert_false(is_poll(&w));
	is_full = false;
}

static void test_pages(void **state)
{
	struct wire w = {.path = "/ready", .engine = {.method = STR("GET")}};

	(void)state;
	assert_false(is_poll(&w));
	assert_int_equal(w.status, 503);
	assert_string_equal(w.body, "draining");
	assert_false(w.is_last);
	w.engine.method = STR("HEAD");
	assert_false(is_poll(&w));
	assert_int_equal(w.status, 503);
	w.engine.method = STR("POST");
	assert_false(is_poll(&w));
	assert_int_equal(w.status, 404);
	w = (struct wire){.path = "/nothing", .engine = {.method = STR("GET")}};
	assert_false(is_poll(&w));
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
	    cmocka_unit_test(test_body_for_a_file),
	    cmocka_unit_test(test_polls),
	    cmocka_unit_test(test_refused_polls),
	    cmocka_unit_test(test_too_many_sessions),
	    cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
