#include "tests/check.h"

#include "gateway/eio/origins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_SIZE = 300 };
enum { NO_CREDENTIALS, CREDENTIALS };

#define APP "https://app.example"
#define OTHER "http://localhost:8080"

static struct origins *make(const char *list, bool has_credentials)
{
	struct origins *o = NULL;
	char why[WHY_SIZE] = "";

	assert_int_equal(origins_new(str_of(list), has_credentials, why, sizeof(why), &o), ERR_OK);
	assert_string_equal(why, "");
	return o;
}

static void assert_preflight(
    const struct origins *o, const char *origin, struct str requested, const char *expected)
{
	struct buf out = {0};

	origins_put_preflight(o, str_of(origin), requested, &out);
	buf_putc(&out, '\0');
	assert_string_equal(buf_str(&out).p, expected);
	buf_free(&out);
}

static void test_none(void **state)
{
	struct origins *o = make(" , ", CREDENTIALS);

	(void)state;
	assert_null(o);
	assert_true(origins_admit(o, STR("https://evil.example")));
	assert_null(origins_headers(o, STR(APP)));
	origins_free(&o);
}

static void test_any(void **state)
{
	struct origins *o = make(" * ", NO_CREDENTIALS);

	(void)state;
	assert_true(origins_admit(o, STR("https://evil.example")));
	assert_true(origins_admit(o, STR("null")));
	assert_true(origins_admit(o, STR("")));
	assert_string_equal(
	    origins_headers(o, STR("https://evil.example")), "Access-Control-Allow-Origin: *\r\n");
	assert_preflight(o, APP, STR("x-a, b"),
	    "Access-Control-Allow-Origin: *\r\n"
	    "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"
	    "Vary: Access-Control-Request-Headers\r\n"
	    "Access-Control-Allow-Headers: x-a, b\r\n");
	origins_free(&o);
	assert_null(o);
}

/* As the reference with a string: it tells everybody the one. */
static void test_one(void **state)
{
	struct origins *o = make(APP, NO_CREDENTIALS);
	static const char headers[] = "Access-Control-Allow-Origin: " APP "\r\nVary: Origin\r\n";

	(void)state;
	assert_true(origins_admit(o, STR(APP)));
	assert_false(origins_admit(o, STR("https://evil.example")));
	assert_string_equal(origins_headers(o, STR(APP)), headers);
	assert_string_equal(origins_headers(o, STR("https://evil.example")), headers);
	assert_string_equal(origins_headers(o, STR("")), headers);
	assert_preflight(o, "https://evil.example", STR(""),
	    "Access-Control-Allow-Origin: " APP "\r\n"
	    "Vary: Origin, Access-Control-Request-Headers\r\n"
	    "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n");
	origins_free(&o);
}

static void test_several(void **state)
{
	struct origins *o = make(APP "," OTHER "  " APP, CREDENTIALS);

	(void)state;
	assert_true(origins_admit(o, STR(OTHER)));
	assert_string_equal(origins_headers(o, STR(OTHER)),
	    "Access-Control-Allow-Origin: " OTHER "\r\nVary: Origin\r\n"
	    "Access-Control-Allow-Credentials: true\r\n");
	assert_string_equal(origins_headers(o, STR("https://evil.example")),
	    "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n");
	assert_preflight(o, APP, STR("content-type"),
	    "Access-Control-Allow-Origin: " APP "\r\n"
	    "Vary: Origin, Access-Control-Request-Headers\r\n"
	    "Access-Control-Allow-Credentials: true\r\n"
	    "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"
	    "Access-Control-Allow-Headers: content-type\r\n");
	assert_preflight(o, "null", STR(""),
	    "Vary: Origin, Access-Control-Request-Headers\r\n"
	    "Access-Control-Allow-Credentials: true\r\n"
	    "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n");
	origins_free(&o);
}

/* The same twice is one. */
static void test_one_twice_is_one(void **state)
{
	struct origins *o = make(APP " " APP, NO_CREDENTIALS);

	(void)state;
	assert_string_equal(origins_headers(o, STR("")),
	    "Access-Control-Allow-Origin: " APP "\r\nVary: Origin\r\n");
	origins_free(&o);
}

static void test_an_origin_is_compared_whole(void **state)
{
	static const char *const others[] = {"http://app.example", "https://app.example:8443",
	    "https://app.example/", "https://app.example.evil.example", "https://xapp.example",
	    "https://App.example", "https://app.exampl", "https://app.example,https://app.example",
	    "app.example", "null", " ", "https://sub.app.example"};
	struct origins *o = make(APP " " OTHER, NO_CREDENTIALS);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_false(origins_admit(o, str_of(others[i])));
		assert_string_equal(origins_headers(o, str_of(others[i])), "Vary: Origin\r\n");
	}
	assert_false(origins_admit(o, STR("https://app.example\0")));
	/* No browser's. */
	assert_true(origins_admit(o, STR("")));
	origins_free(&o);
}

static void test_what_is_asked_for_is_names(void **state)
{
	static const char without[] =
	    "Access-Control-Allow-Origin: *\r\n"
	    "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"
	    "Vary: Access-Control-Request-Headers\r\n";
	static const char *const bad[] = {"a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a:b", "a;b",
	    "\"a\"", "a\x7f", "caf\xc3\xa9", "\x01", "a=b", "(a)"};
	struct origins *o = make("*", NO_CREDENTIALS);
	char longest[2049];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_preflight(o, APP, str_of(bad[i]), without);
	assert_preflight(o, APP, STR("a\0b"), without);
	memset(longest, 'a', sizeof(longest));
	assert_preflight(o, APP, (struct str){longest, 2049}, without);

	struct buf out = {0};

	origins_put_preflight(o, STR(APP), (struct str){longest, 2048}, &out);
	assert_int_equal(
	    out.len, sizeof(without) - 1 + strlen("Access-Control-Allow-Headers: \r\n") + 2048);
	buf_free(&out);
	origins_free(&o);
}

static void test_good_ones(void **state)
{
	static const char *const good[] = {"http://localhost", "http://127.0.0.1:3000",
	    "http://[::1]:3000", "https://[2001:db8::1]", "capacitor://localhost",
	    "chrome-extension://abcdefghijklmnop", "https://xn--bcher-kva.example",
	    "http://under_score.example", "http://a:443", "https://a:80", "https://a:65535"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct origins *o = make(good[i], NO_CREDENTIALS);

		assert_true(origins_admit(o, str_of(good[i])));
		origins_free(&o);
	}
}

static void assert_refused(const char *list, bool has_credentials, const char *sentence)
{
	struct origins *o = NULL;
	char why[WHY_SIZE] = "";

	assert_int_equal(
	    origins_new(str_of(list), has_credentials, why, sizeof(why), &o), ERR_INVALID);
	assert_null(o);
	assert_string_equal(why, sentence);
}

static void test_bad_ones(void **state)
{
	static const char *const shapeless[] = {"app.example", "https://", "https:app.example",
	    "HTTPS://app.example", "https://App.example", "https://user@app.example",
	    "https://b\xc3\xbc"
	    "cher.example",
	    "://app.example", "https://[::1", "https://[]", "https://[::G]", "https://a?b",
	    "https://a#b", "https://a\\", "https://a\"", "localhost:3000"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapeless); i++) {
		char sentence[WHY_SIZE];

		snprintf(sentence, sizeof(sentence),
		    "%s is no origin: give scheme://host[:port] in lower case, as browsers send "
		    "it, "
		    "e.g. https://app.example",
		    shapeless[i]);
		assert_refused(shapeless[i], NO_CREDENTIALS, sentence);
	}
	assert_refused(APP " https://a.example/", NO_CREDENTIALS,
	    "https://a.example/ has a path: an origin ends with host or port");
	assert_refused("https://a.example:443", NO_CREDENTIALS,
	    "https://a.example:443 has the usual port, which browsers leave out: leave it out");
	assert_refused("https://a.example:0", NO_CREDENTIALS,
	    "https://a.example:0 has no good port: give 1 to 65535, or none");
	assert_refused("https://a.example:65536", NO_CREDENTIALS,
	    "https://a.example:65536 has no good port: give 1 to 65535, or none");
	assert_refused("https://a.example:", NO_CREDENTIALS,
	    "https://a.example: has no good port: give 1 to 65535, or none");
	assert_refused("https://*.a.example", NO_CREDENTIALS,
	    "https://*.a.example has a wildcard: name each origin, or give * alone for any");
	assert_refused(APP " *", NO_CREDENTIALS,
	    "* has a wildcard: name each origin, or give * alone for any");
	assert_refused("null", NO_CREDENTIALS,
	    "null is what any sandboxed page sends: give the page an origin of its own");
	assert_refused("*", CREDENTIALS,
	    "* cannot go with credentials, browsers refuse the two together: name the origins");
}

static void test_too_many(void **state)
{
	struct buf list = {0};

	(void)state;
	for (int i = 0; i < 257; i++)
		buf_printf(&list, "https://a%d ", i);
	buf_putc(&list, '\0');
	assert_refused(
	    buf_str(&list).p, NO_CREDENTIALS, "https://a256 is one too many: give * alone for any");
	buf_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_any),
	    cmocka_unit_test(test_one),
	    cmocka_unit_test(test_several),
	    cmocka_unit_test(test_one_twice_is_one),
	    cmocka_unit_test(test_an_origin_is_compared_whole),
	    cmocka_unit_test(test_what_is_asked_for_is_names),
	    cmocka_unit_test(test_good_ones),
	    cmocka_unit_test(test_bad_ones),
	    cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
