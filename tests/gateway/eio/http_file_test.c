#include "gateway/eio/http_routes.h"

#include "tests/check.h"
#include "tests/common/tempdir.h"
#include "tests/gateway/eio/routes_stage.h"

#include <string.h>

struct fixture {
	struct tempdir *dir;
	struct client_files *files;
	struct http_routes routes;
};

static int setup(void **state)
{
	static struct fixture f;
	static const char library[] = "/*!\n * Socket.IO v4.8.3\n */";
	char why[200];

	f = (struct fixture){.dir = tempdir_new()};
	tempdir_write(f.dir, "socket.io.js", library, sizeof(library) - 1, 0644);
	if (client_files_new(tempdir_path(f.dir, ""), why, sizeof(why), &f.files))
		return -1;
	f.routes = (struct http_routes){.path = STR("/socket.io"),
	    .client_files = f.files,
	    .sessions_max = 10,
	    .proxies = STAGE_PROXIES,
	    .events = &stage_events};
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	client_files_free(&f->files);
	tempdir_free(&f->dir);
	return 0;
}

static struct wire get(const char *method, const char *path)
{
	struct wire w = stage_poll("");

	w.path = path;
	w.engine = (struct eio_request){.method = str_of(method), .version = STR("HTTP/1.1")};
	return w;
}

static void a_file_is_answered(void **state)
{
	struct fixture *f = *state;
	struct wire w = get("GET", "/socket.io/socket.io.js");

	assert_false(stage_is_poll(&f->routes, &w));
	assert_false(w.is_refused);
	assert_int_equal(w.status, 200);
	assert_string_equal(w.body, "/*!\n * Socket.IO v4.8.3\n */");
	w = get("HEAD", "/socket.io/socket.io.js");
	assert_false(stage_is_poll(&f->routes, &w));
	assert_int_equal(w.status, 200);
}

static void who_has_it_is_told_so(void **state)
{
	struct fixture *f = *state;
	struct wire w = get("GET", "/socket.io/socket.io.js");

	w.known_etag = "\"4.8.3\"";
	assert_false(stage_is_poll(&f->routes, &w));
	assert_int_equal(w.status, 304);
	assert_string_equal(w.body, "");
	w.known_etag = "\"4.8.2\"";
	assert_false(stage_is_poll(&f->routes, &w));
	assert_int_equal(w.status, 200);
}

static void everything_else_is_engine_io(void **state)
{
	static const char *const paths[] = {"/socket.io", "/socket.io/",
	    "/socket.io/socket.io.min.js", "/socket.io/socket.io.js/", "/socket.io/x/socket.io.js"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct wire w = get("GET", paths[i]);

		assert_false(stage_is_poll(&f->routes, &w));
		assert_true(w.is_refused);
	}
	struct wire w = get("POST", "/socket.io/socket.io.js");

	assert_false(stage_is_poll(&f->routes, &w));
	assert_true(w.is_refused);
	f->routes.client_files = NULL;
	w = get("GET", "/socket.io/socket.io.js");
	assert_false(stage_is_poll(&f->routes, &w));
	assert_true(w.is_refused);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_file_is_answered),
	    TEST(who_has_it_is_told_so),
	    TEST(everything_else_is_engine_io),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
