#include "tests/check.h"

#include "tests/gateway/eio/routes_stage.h"

/* What routes do about origins: who may connect, and what the answers say to browsers. */

#define APP "https://app.example"
#define EVIL "https://evil.example"
#define LISTED "Access-Control-Allow-Origin: " APP "\r\nVary: Origin\r\n"
#define NOT_LISTED "Vary: Origin\r\n"

static struct http_routes routes = {
    .path = {"/socket.io", 10},
    .sessions_max = 10,
    .events = &stage_events,
    .proxies = STAGE_PROXIES,
};
static struct origins *origins;

static int setup(void **state)
{
	char why[100];

	(void)state;
	if (origins_new(STR(APP " https://two.example"), false, why, sizeof(why), &origins))
		return -1;
	routes.origins = origins;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	origins_free(&origins);
	return 0;
}

static struct wire from(const char *origin, struct wire w)
{
	w.engine.origin = str_of(origin);
	return w;
}

static void test_polls_open_for_the_listed(void **state)
{
	struct wire w = from(APP, stage_poll(""));

	(void)state;
	assert_true(stage_is_poll(&routes, &w));
	assert_string_equal(w.cors, LISTED);
	/* Who says no origin is no browser. */
	w = from("", stage_poll(""));
	assert_true(stage_is_poll(&routes, &w));
	assert_string_equal(w.cors, NOT_LISTED);
	w = from(EVIL, stage_poll(""));
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_FORBIDDEN);
	assert_string_equal(w.cors, NOT_LISTED);
	w = from("null", stage_poll(""));
	assert_false(stage_is_poll(&routes, &w));
}

/* The order of engine.io: what is wrong before is said before. */
static void test_the_order_of_the_checks(void **state)
{
	struct wire w = from(EVIL, stage_poll(""));

	(void)state;
	w.engine.eio = STR("3");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_FORBIDDEN);
	w.engine.method = STR("POST");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_BAD_METHOD);
	w.engine.origin = STR(EVIL "\x01");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_BAD_REQUEST);
	w.engine.transport = STR("carrier pigeon");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_UNKNOWN_TRANSPORT);
}

/* Who has the id of a session has passed already. */
static void test_a_session_goes_on(void **state)
{
	struct wire w = from(EVIL, stage_poll("known"));

	(void)state;
	assert_true(stage_is_poll(&routes, &w));
	assert_string_equal(w.cors, NOT_LISTED);
}

static void test_upgrades(void **state)
{
	struct wire w = from(APP, stage_opening("/socket.io/"));

	(void)state;
	assert_true(http_route_upgrade(&routes, &w));
	assert_string_equal(http_route_upgrade_headers(&routes, &w), LISTED);
	w = from("", stage_opening("/socket.io/"));
	assert_true(http_route_upgrade(&routes, &w));
	w = from(EVIL, stage_opening("/socket.io/"));
	assert_false(http_route_upgrade(&routes, &w));
	assert_true(w.was_upgrade);
	assert_int_equal(w.why, EIO_REFUSAL_FORBIDDEN_UPGRADE);
	/* Like the reference. */
	assert_null(w.cors);
	w.engine.sid = STR("known");
	assert_false(http_route_upgrade(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_FORBIDDEN_UPGRADE);
}

/* A file is answered by libwebsockets, which asks too. */
static void test_headers_of_other_answers(void **state)
{
	struct wire w = from(APP, stage_opening("/index.html"));

	(void)state;
	assert_null(http_route_upgrade_headers(&routes, &w));
	w = from(APP, stage_poll(""));
	assert_null(http_route_upgrade_headers(&routes, &w));
	routes.origins = NULL;
	w = from(APP, stage_opening("/socket.io/"));
	assert_null(http_route_upgrade_headers(&routes, &w));
}

static void test_a_preflight_is_always_answered(void **state)
{
	struct wire w = from(EVIL, stage_poll("whatever"));

	(void)state;
	w.engine.method = STR("OPTIONS");
	w.engine.transport = STR("whatever");
	w.asked_headers = "x-a";
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.status, 204);
	assert_string_equal(w.answer_cors, "Vary: Origin, Access-Control-Request-Headers\r\n"
					   "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,"
					   "DELETE\r\nAccess-Control-Allow-Headers: x-a\r\n");
}

static void test_without_cors_it_is_a_bad_method(void **state)
{
	struct wire w = from(EVIL, stage_poll(""));

	(void)state;
	routes.origins = NULL;
	assert_true(stage_is_poll(&routes, &w));
	assert_null(w.cors);
	w.engine.method = STR("OPTIONS");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.why, EIO_REFUSAL_BAD_METHOD);
	assert_null(w.cors);
}

static void test_refused_bodies_carry_them(void **state)
{
	struct wire w = from(APP, stage_poll(""));

	(void)state;
	w.bad_body = 413;
	assert_false(http_route_plain(&routes, &w));
	assert_string_equal(w.cors, LISTED);
}

/* They are for monitors and for the page itself. */
static void test_pages_carry_none(void **state)
{
	struct wire w = {.path = "/ready", .engine = {.method = STR("GET"), .origin = STR(EVIL)}};

	(void)state;
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.status, 503);
	assert_null(w.cors);
	w.engine.method = STR("OPTIONS");
	assert_false(stage_is_poll(&routes, &w));
	assert_int_equal(w.status, 404);
	assert_null(w.cors);
}

static void test_the_demo_page_may(void **state)
{
	struct http_routes demo = routes;
	struct wire w = from("http://localhost:3000", stage_poll(""));
	static const char *const others[] = {"http://localhost:3001", "ws://localhost:3000",
	    "http://localhost:3000/", "http://xlocalhost:3000", "localhost:3000", "http://"};

	(void)state;
	demo.has_files = true;
	w.engine.host = STR("localhost:3000");
	assert_true(stage_is_poll(&demo, &w));
	w.engine.origin = STR("https://localhost:3000");
	assert_true(stage_is_poll(&demo, &w));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		w.engine.origin = str_of(others[i]);
		assert_false(stage_is_poll(&demo, &w));
	}
	w.engine.origin = STR("http://");
	w.engine.host = STR("");
	assert_false(stage_is_poll(&demo, &w));
	w.engine.host = STR("localhost:3000");
	/* Without one the list says it all. */
	w.engine.origin = STR("http://localhost:3000");
	assert_false(stage_is_poll(&routes, &w));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_polls_open_for_the_listed),
	    TEST(test_the_order_of_the_checks),
	    TEST(test_a_session_goes_on),
	    TEST(test_upgrades),
	    TEST(test_headers_of_other_answers),
	    TEST(test_a_preflight_is_always_answered),
	    TEST(test_without_cors_it_is_a_bad_method),
	    TEST(test_refused_bodies_carry_them),
	    TEST(test_pages_carry_none),
	    TEST(test_the_demo_page_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
