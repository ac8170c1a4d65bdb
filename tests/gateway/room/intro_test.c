#include "gateway/room/intro.h"

#include "proto/limits.h"
#include "proto/value_map.h"
#include "tests/check.h"

#include <string.h>

static void assert_url(const char *url, const char *expected)
{
	struct buf b = {0};

	intro_put_url(&b, str_of(url));
	assert_true(str_eqz(buf_str(&b), expected));
	buf_free(&b);
}

static void test_urls_are_told_as_they_are(void **state)
{
	(void)state;
	assert_url("", "");
	assert_url("/socket.io/", "/socket.io/");
	assert_url("/socket.io/?", "/socket.io/?");
	assert_url("/socket.io/?EIO=4&a=%26&&b", "/socket.io/?EIO=4&a=%26&&b");
	assert_url("/?mytoken=x&token&tokens=y&Token=z", "/?mytoken=x&token&tokens=y&Token=z");
}

static void test_tokens_are_not(void **state)
{
	(void)state;
	assert_url("/?token=secret", "/?token=");
	assert_url("/?a=1&token=secret&b=2&token=more", "/?a=1&token=&b=2&token=");
	assert_url("/token=x?token=se?cret&", "/token=x?token=&");
}

static void test_urls_are_cut(void **state)
{
	char url[LIMIT_URL + 100];
	struct buf b = {0};

	(void)state;
	memset(url, 'x', sizeof(url));
	intro_put_url(&b, (struct str){url, sizeof(url)});
	assert_int_equal(buf_str(&b).len, LIMIT_URL);
	buf_free(&b);
}

static struct str header(struct bytes map, const char *name)
{
	struct bytes raw;
	struct str value = {0};

	if (value_map_get(map, str_of(name), &raw) == ERR_OK)
		assert_true(value_as_str(raw, &value));
	return value;
}

static void test_headers_that_workers_may_see(void **state)
{
	const struct eio_handshake h = {.host = STR("chat.example"),
	    .origin = STR("http://a"),
	    .language = STR("de"),
	    .authorization = STR("Bearer secret")};
	struct buf b = {0};

	(void)state;
	intro_put_headers(&b, &h);
	assert_true(str_eqz(header(buf_bytes(&b), "host"), "chat.example"));
	assert_true(str_eqz(header(buf_bytes(&b), "origin"), "http://a"));
	assert_true(str_eqz(header(buf_bytes(&b), "accept-language"), "de"));
	assert_null(header(buf_bytes(&b), "referer").p);
	assert_null(memmem(buf_bytes(&b).p, buf_bytes(&b).len, "secret", 6));
	buf_free(&b);
}

static void test_headers_are_bounded(void **state)
{
	char language[LIMIT_HEADER + 100];
	struct eio_handshake h = {.origin = STR("\xff"), .language = {language, sizeof(language)}};
	struct buf b = {0};

	(void)state;
	memset(language, 'x', sizeof(language));
	memcpy(language + LIMIT_HEADER - 2, "\xe2\x82\xac", 3);
	h.host = h.referer = h.language;
	intro_put_headers(&b, &h);
	assert_int_equal(header(buf_bytes(&b), "accept-language").len, LIMIT_HEADER - 2);
	assert_null(header(buf_bytes(&b), "origin").p);
	assert_in_range(buf_bytes(&b).len, 3 * (LIMIT_HEADER - 2), LIMIT_HEADERS);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_urls_are_told_as_they_are),
	    cmocka_unit_test(test_tokens_are_not),
	    cmocka_unit_test(test_urls_are_cut),
	    cmocka_unit_test(test_headers_that_workers_may_see),
	    cmocka_unit_test(test_headers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) + (frame_live() != 0);
}
