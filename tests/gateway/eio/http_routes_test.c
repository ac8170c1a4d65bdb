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

unsigned http_request_bad_body(const struct http_request *r, uint64_t max_bytes)
{
	assert_int_equal(max_bytes, 1000);
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
    .path = {"/socket.io", 10}, .max_body_bytes = 1000, .events = &events};

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
	/* Who is wrong learns that first: it would not help to come back. */
	w.engine.transport = STR("polling");
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

static void test_engine_request(void **state)
{
	struct wire w = {.path = "/socket.io/", .engine = {.transport = STR("polling")}};

	(void)state;
	assert_true(http_route_request(&routes, &w));
	assert_true(w.is_refused && !w.was_upgrade);
	assert_int_equal(w.why, EIO_REFUSAL_UNKNOWN_TRANSPORT);
	w.is_broken = true;
	assert_false(http_route_request(&routes, &w));
}

static void test_pages(void **state)
{
	struct wire w = {.path = "/ready", .engine = {.method = STR("GET")}};

	(void)state;
	assert_true(http_route_request(&routes, &w));
	assert_int_equal(w.status, 503);
	assert_string_equal(w.body, "draining");
	assert_false(w.is_last);
	w.engine.method = STR("HEAD");
	assert_true(http_route_request(&routes, &w));
	assert_int_equal(w.status, 503);
	w.engine.method = STR("POST");
	assert_true(http_route_request(&routes, &w));
	assert_int_equal(w.status, 404);
	w = (struct wire){.path = "/nothing", .engine = {.method = STR("GET")}};
	assert_true(http_route_request(&routes, &w));
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
	    cmocka_unit_test(test_engine_request),
	    cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
