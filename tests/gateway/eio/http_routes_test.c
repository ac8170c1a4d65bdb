#include "tests/check.h"

#include "tests/gateway/eio/routes_stage.h"

static const struct http_routes routes = {.proxies = STAGE_PROXIES,
    .path = {"/socket.io", 10},
    .sessions_max = 10,
    .events = &stage_events};

static void test_upgrade(void **state)
{
	static const char *const ours[] = {"/socket.io", "/socket.io/", "/socket.io/x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		struct wire w = stage_opening(ours[i]);

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
		struct wire w = stage_opening(others[i]);

		assert_false(http_route_upgrade(&routes, &w));
		assert_int_equal(w.status, 404);
		assert_true(w.is_last);
	}
}

static void test_refused_upgrade(void **state)
{
	struct wire w = stage_opening("/socket.io/");

	(void)state;
	w.engine.eio = STR("3");
	assert_false(http_route_upgrade(&routes, &w));
	assert_true(w.is_refused && w.was_upgrade);
	assert_int_equal(w.why, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
}

static void test_an_old_revision_where_it_is_spoken(void **state)
{
	struct http_routes old = routes;
	struct wire w = stage_opening("/socket.io/");

	(void)state;
	old.oldest = EIO_REVISION_3;
	w.engine.eio = STR("3");
	assert_true(http_route_upgrade(&old, &w));
	w.engine.upgrade = (struct str){0};
	w.engine.transport = STR("polling");
	assert_true(stage_is_poll(&old, &w));
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
}

static void test_upgrade_when_full(void **state)
{
	struct wire w = stage_opening("/socket.io/");

	(void)state;
	stage_is_full = true;
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
	stage_is_full = false;
}

/* The request was answered and forgotten before we were asked. */
static void test_upgrade_of_a_forgotten_request(void **state)
{
	struct wire w = stage_opening("");

	(void)state;
	w.engine = (struct eio_request){0};
	assert_false(http_route_upgrade(&routes, &w));
	assert_false(w.is_refused);
	assert_int_equal(w.status, 0);
}

static struct wire plain(const char *path)
{
	return (struct wire){
	    .path = path, .engine = {.version = STR("HTTP/1.1"), .host = STR("localhost")}};
}

static void test_plain(void **state)
{
	struct wire w = plain("/");

	(void)state;
	assert_true(http_route_plain(&routes, &w));
	assert_int_equal(w.status, 0);
	w.bad_body = 413;
	assert_false(http_route_plain(&routes, &w));
	assert_int_equal(w.status, 413);
	assert_true(w.is_last);
	w = plain("/");
	w.engine.version = STR("HTTP/2.0");
	assert_false(http_route_plain(&routes, &w));
	assert_int_equal(w.status, 505);
	w = plain("/socket.io/");
	w.engine.host = STR("");
	assert_false(http_route_plain(&routes, &w));
	assert_int_equal(w.status, 400);
	assert_true(w.is_written && w.is_last);
}

static void test_body_for_a_file(void **state)
{
	struct http_routes with_files = routes;
	struct wire w = plain("/index.html");

	(void)state;
	w.body_bytes = 5;
	assert_true(http_route_plain(&routes, &w));
	with_files.has_files = true;
	assert_false(http_route_plain(&with_files, &w));
	assert_int_equal(w.status, 405);
	assert_true(w.is_written && w.is_last);
	w = plain("/socket.io/");
	w.body_bytes = 5;
	assert_true(http_route_plain(&with_files, &w));
	w = plain("/index.html");
	assert_true(http_route_plain(&with_files, &w));
}

static void test_polls(void **state)
{
	struct wire w = stage_poll("");

	(void)state;
	assert_true(stage_is_poll(&routes, &w));
	w = stage_poll("known");
	w.engine.method = STR("POST");
	assert_true(stage_is_poll(&routes, &w));
	assert_false(w.is_refused);
}

static void test_refused_polls(void **state)
{
	struct wire w = stage_poll("nobody's");

	(void)state;
	assert_false(stage_is_poll(&routes, &w));
	assert_true(w.is_refused && !w.was_upgrade);
	assert_int_equal(w.why, EIO_REFUSAL_UNKNOWN_SID);
}

static void test_an_address_that_comes_too_often(void **state)
{
	struct wire w = stage_poll(""), ws = stage_opening("/socket.io");

	(void)state;
	stage_is_crowded = true;
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_TOO_MANY);
	assert_false(http_route_upgrade(&routes, &ws));
	assert_int_equal(ws.why, EIO_REFUSAL_TOO_MANY);
	assert_true(ws.was_upgrade);
	/* Who has a session, or nobody knows whose it is, is not meant. */
	w = stage_poll("known");
	assert_true(stage_is_poll(&routes, &w));
	w = stage_poll("");
	w.is_gone = true;
	assert_true(stage_is_poll(&routes, &w));
	/* Nor who would be refused anyway. */
	stage_is_full = true;
	stage_open_count = 10;
	w = stage_poll("");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_UNAVAILABLE);
	stage_open_count = 0;
	stage_is_full = stage_is_crowded = false;
}

static void test_too_many_sessions(void **state)
{
	struct wire w = stage_poll(""), ws = stage_opening("/socket.io");

	(void)state;
	stage_open_count = 10;
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_UNAVAILABLE);
	assert_false(http_route_upgrade(&routes, &ws));
	w = stage_poll("known");
	assert_true(stage_is_poll(&routes, &w));
	stage_open_count = 9;
	w = stage_poll("");
	assert_true(stage_is_poll(&routes, &w));
	stage_is_full = true;
	assert_false(stage_is_poll(&routes, &w));
	stage_is_full = false;
}

static void test_pages(void **state)
{
	struct wire w = {.path = "/ready", .engine = {.method = STR("GET")}};

	(void)state;
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.status, 503);
	assert_string_equal(w.body, "draining");
	assert_false(w.is_last);
	w.engine.method = STR("HEAD");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.status, 503);
	w.engine.method = STR("POST");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.status, 404);
	w = (struct wire){.path = "/nothing", .engine = {.method = STR("GET")}};
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.status, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_upgrade),
	    cmocka_unit_test(test_upgrade_elsewhere),
	    cmocka_unit_test(test_refused_upgrade),
	    cmocka_unit_test(test_an_old_revision_where_it_is_spoken),
	    cmocka_unit_test(test_upgrade_when_full),
	    cmocka_unit_test(test_upgrade_of_a_forgotten_request),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_body_for_a_file),
	    cmocka_unit_test(test_polls),
	    cmocka_unit_test(test_refused_polls),
	    cmocka_unit_test(test_an_address_that_comes_too_often),
	    cmocka_unit_test(test_too_many_sessions),
	    cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
