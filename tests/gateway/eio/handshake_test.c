#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/handshake.h"

#include "common/buf.h"

#include <string.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static const struct eio_request good = {
    .method = {"GET", 3},
    .version = {"HTTP/1.1", 8},
    .transport = {"websocket", 9},
    .eio = {"4", 1},
    .host = {"localhost", 9},
    .upgrade = {"websocket", 9},
    .connection = {"Upgrade", 7},
    .websocket_key = {KEY, 24},
    .websocket_version = {"13", 2},
};

/* What the sid stands for is found out by the caller; in these tests nobody has one. */
static enum eio_sid sid_of(const struct eio_request *r)
{
	return r->sid.len ? EIO_SID_UNKNOWN : EIO_SID_NONE;
}

static void assert_refused(const struct eio_request *r, enum eio_refusal expected)
{
	enum eio_refusal why = EIO_REFUSALS;

	assert_false(eio_request_may_upgrade(r, EIO_REVISION_4, sid_of(r), &why));
	assert_int_equal(why, expected);
}

static void assert_allowed(const struct eio_request *r)
{
	enum eio_refusal why = EIO_REFUSALS;

	assert_true(eio_request_may_upgrade(r, EIO_REVISION_4, sid_of(r), &why));
	assert_int_equal(why, EIO_REFUSALS);
}

/* The good one with one field changed; good until the next call. */
static const struct eio_request *changed(size_t offset, const char *text)
{
	static struct eio_request r;

	r = good;
	*(struct str *)(void *)((char *)&r + offset) = str_of(text);
	return &r;
}

#define BUT(field, text) changed(offsetof(struct eio_request, field), text)

static void test_good_one(void **state)
{
	(void)state;
	assert_allowed(&good);
}

static void test_transport(void **state)
{
	static const char *const bad[] = {
	    "", "abc", "webtransport", "__proto__", "constructor", "WEBSOCKET"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(BUT(transport, bad[i]), EIO_REFUSAL_UNKNOWN_TRANSPORT);
}

static void test_protocol_revision(void **state)
{
	static const char *const bad[] = {"", "3", "abc", "44", "4 ", "04"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(BUT(eio, bad[i]), EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
}

static void test_sid_is_unknown(void **state)
{
	(void)state;
	assert_refused(BUT(sid, "lv_VI97HAXpY6yYWAAAB"), EIO_REFUSAL_UNKNOWN_SID);
	assert_refused(BUT(sid, "__proto__"), EIO_REFUSAL_UNKNOWN_SID);
	assert_allowed(BUT(sid, ""));
}

static void test_method_and_version(void **state)
{
	static const char *const bad[] = {"HTTP/1.0", "HTTP/9.9", "HTTP/2.0", "http/1.1", ""};

	(void)state;
	assert_refused(BUT(method, "POST"), EIO_REFUSAL_BAD_METHOD);
	assert_refused(BUT(method, "OPTIONS"), EIO_REFUSAL_BAD_METHOD);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(BUT(version, bad[i]), EIO_REFUSAL_BAD_REQUEST);
}

static void test_origin_with_control_characters(void **state)
{
	(void)state;
	assert_refused(BUT(origin, "http://a\x01"), EIO_REFUSAL_BAD_REQUEST);
	assert_refused(BUT(origin, "\x7f"), EIO_REFUSAL_BAD_REQUEST);
	assert_allowed(BUT(origin, "http://a\t"));
	assert_allowed(BUT(origin, "http://\xc3\xa9"));
}

static void test_upgrade_headers(void **state)
{
	(void)state;
	assert_refused(BUT(host, ""), EIO_REFUSAL_BAD_REQUEST);
	assert_refused(BUT(upgrade, "h2c"), EIO_REFUSAL_BAD_REQUEST);
	assert_refused(BUT(upgrade, "websocket, h2c"), EIO_REFUSAL_BAD_REQUEST);
	assert_allowed(BUT(upgrade, "WebSocket"));
	assert_refused(BUT(connection, ""), EIO_REFUSAL_BAD_REQUEST);
	assert_refused(BUT(connection, "keep-alive"), EIO_REFUSAL_BAD_REQUEST);
	assert_refused(BUT(connection, "upgraded, xupgrade"), EIO_REFUSAL_BAD_REQUEST);
	assert_allowed(BUT(connection, "keep-alive, Upgrade"));
	assert_allowed(BUT(connection, ",,\tUPGRADE ,x"));
}

static void test_http(void **state)
{
	static const char *const bad[] = {
	    "", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/9.9", "http/1.1", "HTTP/1.1 "};
	struct eio_request r = {.host = STR("x")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		r.version = str_of(bad[i]);
		assert_int_equal(eio_request_bad_http(&r), 505);
	}
	r.version = STR("HTTP/1.1");
	assert_int_equal(eio_request_bad_http(&r), 0);
	r.host = STR("");
	assert_int_equal(eio_request_bad_http(&r), 400);
	r.version = STR("HTTP/1.0");
	assert_int_equal(eio_request_bad_http(&r), 0);
}

static void test_subprotocols(void **state)
{
	static const char *const offers[][2] = {{"chat", "chat"}, {"v1.chat, v2.chat", "v1.chat"},
	    {"a,b ,\tc", "a"}, {"!#$%&'*+-.^_`|~x", "!#$%&'*+-.^_`|~x"}, {"a, A", "a"}};
	static const char *const bad[] = {"a b", "a,", ",a", "a,,b", "a, b, a", "b, a, a", "a;b",
	    "\"a\"", "a/1", "\xc3\xa9", "a\x01", "13", "1.0", "1a"};
	char long_one[EIO_SUBPROTOCOLS_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
		assert_allowed(BUT(websocket_protocol, offers[i][0]));
		assert_true(str_eqz(eio_subprotocol(str_of(offers[i][0])), offers[i][1]));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_refused(BUT(websocket_protocol, bad[i]), EIO_REFUSAL_BAD_REQUEST);
		assert_int_equal(eio_subprotocol(str_of(bad[i])).len, 0);
	}
	assert_int_equal(eio_subprotocol(STR("")).len, 0);
	memset(long_one, 'a', sizeof(long_one));
	assert_int_equal(
	    eio_subprotocol((struct str){long_one, EIO_SUBPROTOCOL_MAX}).len, EIO_SUBPROTOCOL_MAX);
	assert_int_equal(eio_subprotocol((struct str){long_one, EIO_SUBPROTOCOL_MAX + 1}).len, 0);
	long_one[1] = ',';
	long_one[2] = 'b';
	assert_int_equal(eio_subprotocol((struct str){long_one, EIO_SUBPROTOCOLS_MAX}).len, 1);
	assert_int_equal(eio_subprotocol((struct str){long_one, EIO_SUBPROTOCOLS_MAX + 1}).len, 0);
}

static void test_key(void **state)
{
	static const char *const bad[] = {"", "x", "dGhlIHNhbXBsZSBub25j", /* 15 bytes */
	    "dGhlIHNhbXBsZSBub25jZSE=",                                    /* 17 bytes */
	    KEY "," KEY, "dGhlIHNhbXBsZSBub25jZQ=!", "dGhlIHNhbXBsZSBub25jZQ",
	    "!!!!!!!!!!!!!!!!!!!!!!==",
	    "dGhlIHNhbXBsZSBub25jZR=="}; /* bits that belong to no byte */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(BUT(websocket_key, bad[i]), EIO_REFUSAL_BAD_REQUEST);
}

static void test_websocket_version(void **state)
{
	static const char *const bad[] = {"", "8", "14", "013", "13,13", "abc"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(BUT(websocket_version, bad[i]), EIO_REFUSAL_WEBSOCKET_VERSION);
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_WEBSOCKET_VERSION)->status, 426);
	assert_string_equal(eio_refusal_row(EIO_REFUSAL_WEBSOCKET_VERSION)->headers,
	    "Sec-WebSocket-Version: 13\r\n");
}

/* The order in which engine.io looks decides which answer a client gets. */
static void test_order_of_the_checks(void **state)
{
	struct eio_request r = {.sid = STR("x"), .method = STR("POST"), .origin = STR("\x01")};

	(void)state;
	assert_refused(&r, EIO_REFUSAL_UNKNOWN_TRANSPORT);
	r.transport = STR("websocket");
	assert_refused(&r, EIO_REFUSAL_BAD_REQUEST);
	r.origin = STR("");
	assert_refused(&r, EIO_REFUSAL_UNKNOWN_SID);
	r.sid = STR("");
	assert_refused(&r, EIO_REFUSAL_BAD_METHOD);
	r.method = STR("GET");
	assert_refused(&r, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
	r.eio = STR("4");
	assert_refused(&r, EIO_REFUSAL_BAD_REQUEST);
}

/* Whoever carries the session, and also if nobody does any more: that is found out later. */
static void test_upgrade_of_a_session(void **state)
{
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	assert_true(eio_request_may_upgrade(BUT(sid, "x"), EIO_REVISION_4, EIO_SID_POLLING, &why));
	assert_true(
	    eio_request_may_upgrade(BUT(sid, "x"), EIO_REVISION_4, EIO_SID_WEBSOCKET, &why));
	assert_refused(BUT(transport, "polling"), EIO_REFUSAL_BAD_REQUEST);
}

static void assert_no_poll(const struct eio_request *r, enum eio_sid sid, enum eio_refusal expected)
{
	enum eio_refusal why = EIO_REFUSALS;

	assert_false(eio_request_may_poll(r, EIO_REVISION_4, sid, &why));
	assert_int_equal(why, expected);
}

static void test_plain_requests(void **state)
{
	struct eio_request r = {.method = STR("GET"), .transport = STR("polling"), .eio = STR("4")};
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	assert_true(eio_request_may_poll(&r, EIO_REVISION_4, EIO_SID_NONE, &why));
	assert_true(eio_request_may_poll(&r, EIO_REVISION_4, EIO_SID_POLLING, &why));
	assert_no_poll(&r, EIO_SID_UNKNOWN, EIO_REFUSAL_UNKNOWN_SID);
	assert_no_poll(&r, EIO_SID_WEBSOCKET, EIO_REFUSAL_BAD_REQUEST);
	r.method = STR("POST");
	assert_true(eio_request_may_poll(&r, EIO_REVISION_4, EIO_SID_POLLING, &why));
	assert_no_poll(&r, EIO_SID_NONE, EIO_REFUSAL_BAD_METHOD);
	r.eio = STR("3");
	assert_no_poll(&r, EIO_SID_POLLING, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
	assert_no_poll(&r, EIO_SID_WEBSOCKET, EIO_REFUSAL_BAD_REQUEST);
	r.transport = STR("websocket");
	assert_no_poll(&r, EIO_SID_POLLING, EIO_REFUSAL_BAD_REQUEST);
	r.transport = STR("abc");
	assert_no_poll(&r, EIO_SID_UNKNOWN, EIO_REFUSAL_UNKNOWN_TRANSPORT);
	assert_int_equal(why, EIO_REFUSALS);
}

static void test_foreign_origin(void **state)
{
	struct eio_request r = good;
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	r.is_foreign = true;
	assert_refused(&r, EIO_REFUSAL_FORBIDDEN_UPGRADE);
	r.eio = STR("3");
	assert_refused(&r, EIO_REFUSAL_FORBIDDEN_UPGRADE);
	r.method = STR("POST");
	assert_refused(&r, EIO_REFUSAL_BAD_METHOD);
	r = good;
	r.is_foreign = true;
	r.transport = STR("polling");
	assert_no_poll(&r, EIO_SID_NONE, EIO_REFUSAL_FORBIDDEN);
	assert_no_poll(&r, EIO_SID_UNKNOWN, EIO_REFUSAL_UNKNOWN_SID);
	assert_true(eio_request_may_poll(&r, EIO_REVISION_4, EIO_SID_POLLING, &why));
	r.transport = STR("websocket");
	assert_no_poll(&r, EIO_SID_NONE, EIO_REFUSAL_BAD_REQUEST);
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_FORBIDDEN)->status, 403);
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_FORBIDDEN_UPGRADE)->status, 400);
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_FORBIDDEN_UPGRADE)->code, 4);
}

/* Where revision 3 is spoken, too. */
static void test_revision_3(void **state)
{
	static const char *const three[] = {"", "3"}, *const bad[] = {"2", "33", "abc", ",", "5"};
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(three); i++) {
		const struct eio_request *r = BUT(eio, three[i]);

		assert_int_equal(eio_request_revision(r), EIO_REVISION_3);
		assert_true(eio_request_may_upgrade(r, EIO_REVISION_3, EIO_SID_NONE, &why));
		assert_refused(r, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(
		    eio_request_may_upgrade(BUT(eio, bad[i]), EIO_REVISION_3, EIO_SID_NONE, &why));
		assert_int_equal(why, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
	}
	assert_int_equal(eio_request_revision(&good), EIO_REVISION_4);
	assert_true(eio_request_may_upgrade(&good, EIO_REVISION_3, EIO_SID_NONE, &why));
	assert_false(eio_request_may_upgrade(&good, EIO_REVISION_3, EIO_SID_OTHER_REVISION, &why));
	assert_int_equal(why, EIO_REFUSAL_BAD_REQUEST);
}

static void test_polling_in_revision_3(void **state)
{
	struct eio_request r = {.method = STR("GET"), .transport = STR("polling"), .eio = STR("3")};
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	assert_true(eio_request_may_poll(&r, EIO_REVISION_3, EIO_SID_NONE, &why));
	assert_false(eio_request_may_poll(&r, EIO_REVISION_3, EIO_SID_OTHER_REVISION, &why));
	assert_int_equal(why, EIO_REFUSAL_BAD_REQUEST);
	r.sid = STR("x");
	assert_no_poll(&r, EIO_SID_OTHER_REVISION, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
}

static void test_jsonp_is_no_transport(void **state)
{
	struct eio_request r = {.method = STR("GET"), .transport = STR("polling"), .eio = STR("3")};
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	eio_request_add_parameter(&r, STR("j="));
	assert_false(eio_request_may_poll(&r, EIO_REVISION_3, EIO_SID_NONE, &why));
	assert_int_equal(why, EIO_REFUSAL_UNKNOWN_TRANSPORT);
	r.eio = STR("4"); /* there it is somebody's own parameter */
	assert_true(eio_request_may_poll(&r, EIO_REVISION_3, EIO_SID_NONE, &why));
}

static void test_parameters_beside(void **state)
{
	struct eio_request r = {0};

	(void)state;
	eio_request_add_parameter(&r, STR("b64=1"));
	eio_request_add_parameter(&r, STR("token=a.b=c"));
	assert_true(str_eqz(r.b64, "1"));
	assert_true(str_eqz(r.token, "a.b=c"));
	assert_null(r.jsonp.p);
}

static void test_parameters(void **state)
{
	struct eio_request r = good;

	(void)state;
	r.transport = r.eio = (struct str){0};
	eio_request_add_parameter(&r, STR("t=abc"));
	eio_request_add_parameter(&r, STR("transport=websocket"));
	eio_request_add_parameter(&r, STR("EIO=4"));
	eio_request_add_parameter(&r, STR("eio=3"));
	eio_request_add_parameter(&r, STR("sid="));
	eio_request_add_parameter(&r, STR("transportx=1"));
	eio_request_add_parameter(&r, STR(""));
	assert_allowed(&r);
	eio_request_add_parameter(&r, STR("sid"));
	assert_refused(&r, EIO_REFUSAL_UNKNOWN_SID);
}

static void test_parameter_that_comes_twice(void **state)
{
	static const char *const twice[] = {"transport=websocket", "EIO=4", "sid=x"};
	static const enum eio_refusal expected[] = {
	    EIO_REFUSAL_UNKNOWN_TRANSPORT,
	    EIO_REFUSAL_UNSUPPORTED_PROTOCOL,
	    EIO_REFUSAL_UNKNOWN_SID,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(twice); i++) {
		struct eio_request r = good;

		eio_request_add_parameter(&r, str_of(twice[i]));
		if (!r.sid.p)
			assert_refused(&r, expected[i]);
		eio_request_add_parameter(&r, str_of(twice[i]));
		assert_refused(&r, expected[i]);
	}
}

static void test_table_says_what_engine_io_says(void **state)
{
	static const struct {
		enum eio_refusal why;
		unsigned code;
		const char *message;
	} expected[] = {
	    {EIO_REFUSAL_UNKNOWN_TRANSPORT, 0, "Transport unknown"},
	    {EIO_REFUSAL_UNKNOWN_SID, 1, "Session ID unknown"},
	    {EIO_REFUSAL_BAD_METHOD, 2, "Bad handshake method"},
	    {EIO_REFUSAL_BAD_REQUEST, 3, "Bad request"},
	    {EIO_REFUSAL_UNSUPPORTED_PROTOCOL, 5, "Unsupported protocol version"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct eio_refusal_row *row = eio_refusal_row(expected[i].why);

		assert_int_equal(row->code, expected[i].code);
		assert_int_equal(row->status, 400);
		assert_string_equal(row->message, expected[i].message);
	}
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_UNAVAILABLE)->status, 503);
	assert_non_null(strstr(eio_refusal_row(EIO_REFUSAL_UNAVAILABLE)->headers, "Retry-After: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_one),
	    cmocka_unit_test(test_transport),
	    cmocka_unit_test(test_protocol_revision),
	    cmocka_unit_test(test_sid_is_unknown),
	    cmocka_unit_test(test_method_and_version),
	    cmocka_unit_test(test_origin_with_control_characters),
	    cmocka_unit_test(test_upgrade_headers),
	    cmocka_unit_test(test_http),
	    cmocka_unit_test(test_subprotocols),
	    cmocka_unit_test(test_key),
	    cmocka_unit_test(test_websocket_version),
	    cmocka_unit_test(test_order_of_the_checks),
	    cmocka_unit_test(test_upgrade_of_a_session),
	    cmocka_unit_test(test_plain_requests),
	    cmocka_unit_test(test_foreign_origin),
	    cmocka_unit_test(test_revision_3),
	    cmocka_unit_test(test_polling_in_revision_3),
	    cmocka_unit_test(test_jsonp_is_no_transport),
	    cmocka_unit_test(test_parameters_beside),
	    cmocka_unit_test(test_parameters),
	    cmocka_unit_test(test_parameter_that_comes_twice),
	    cmocka_unit_test(test_table_says_what_engine_io_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
