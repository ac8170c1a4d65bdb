/*
 * Requests for a WebSocket, and the table of refusals. handshake_poll_test.c has the rest.
 */
#include "tests/gateway/eio/handshake_stage.h"

#include <string.h>

static void test_good_one(void **state)
{
	(void)state;
	stage_allowed(&stage_good);
}

static void test_transport(void **state)
{
	static const char *const bad[] = {
	    "", "abc", "webtransport", "__proto__", "constructor", "WEBSOCKET"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		stage_refused(BUT(transport, bad[i]), EIO_REFUSAL_UNKNOWN_TRANSPORT);
}

static void test_protocol_revision(void **state)
{
	static const char *const bad[] = {"", "3", "abc", "44", "4 ", "04"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		stage_refused(BUT(eio, bad[i]), EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
}

static void test_sid_is_unknown(void **state)
{
	(void)state;
	stage_refused(BUT(sid, "lv_VI97HAXpY6yYWAAAB"), EIO_REFUSAL_UNKNOWN_SID);
	stage_refused(BUT(sid, "__proto__"), EIO_REFUSAL_UNKNOWN_SID);
	stage_allowed(BUT(sid, ""));
}

static void test_method_and_version(void **state)
{
	static const char *const bad[] = {"HTTP/1.0", "HTTP/9.9", "HTTP/2.0", "http/1.1", ""};

	(void)state;
	stage_refused(BUT(method, "POST"), EIO_REFUSAL_BAD_METHOD);
	stage_refused(BUT(method, "OPTIONS"), EIO_REFUSAL_BAD_METHOD);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		stage_refused(BUT(version, bad[i]), EIO_REFUSAL_BAD_REQUEST);
}

static void test_origin_with_control_characters(void **state)
{
	(void)state;
	stage_refused(BUT(origin, "http://a\x01"), EIO_REFUSAL_BAD_REQUEST);
	stage_refused(BUT(origin, "\x7f"), EIO_REFUSAL_BAD_REQUEST);
	stage_allowed(BUT(origin, "http://a\t"));
	stage_allowed(BUT(origin, "http://\xc3\xa9"));
}

static void test_upgrade_headers(void **state)
{
	(void)state;
	stage_refused(BUT(host, ""), EIO_REFUSAL_BAD_REQUEST);
	stage_refused(BUT(upgrade, "h2c"), EIO_REFUSAL_BAD_REQUEST);
	stage_refused(BUT(upgrade, "websocket, h2c"), EIO_REFUSAL_BAD_REQUEST);
	stage_allowed(BUT(upgrade, "WebSocket"));
	stage_refused(BUT(connection, ""), EIO_REFUSAL_BAD_REQUEST);
	stage_refused(BUT(connection, "keep-alive"), EIO_REFUSAL_BAD_REQUEST);
	stage_refused(BUT(connection, "upgraded, xupgrade"), EIO_REFUSAL_BAD_REQUEST);
	stage_allowed(BUT(connection, "keep-alive, Upgrade"));
	stage_allowed(BUT(connection, ",,\tUPGRADE ,x"));
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
		stage_allowed(BUT(websocket_protocol, offers[i][0]));
		assert_true(str_eqz(eio_subprotocol(str_of(offers[i][0])), offers[i][1]));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		stage_refused(BUT(websocket_protocol, bad[i]), EIO_REFUSAL_BAD_REQUEST);
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
	    STAGE_KEY "," STAGE_KEY, "dGhlIHNhbXBsZSBub25jZQ=!", "dGhlIHNhbXBsZSBub25jZQ",
	    "!!!!!!!!!!!!!!!!!!!!!!==",
	    "dGhlIHNhbXBsZSBub25jZR=="}; /* bits that belong to no byte */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		stage_refused(BUT(websocket_key, bad[i]), EIO_REFUSAL_BAD_REQUEST);
}

static void test_websocket_version(void **state)
{
	static const char *const bad[] = {"", "8", "14", "013", "13,13", "abc"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		stage_refused(BUT(websocket_version, bad[i]), EIO_REFUSAL_WEBSOCKET_VERSION);
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_WEBSOCKET_VERSION)->status, 426);
	assert_string_equal(eio_refusal_row(EIO_REFUSAL_WEBSOCKET_VERSION)->headers,
	    "Sec-WebSocket-Version: 13\r\n");
}

/* The order in which engine.io looks decides which answer a client gets. */
static void test_order_of_the_checks(void **state)
{
	struct eio_request r = {.sid = STR("x"), .method = STR("POST"), .origin = STR("\x01")};

	(void)state;
	stage_refused(&r, EIO_REFUSAL_UNKNOWN_TRANSPORT);
	r.transport = STR("websocket");
	stage_refused(&r, EIO_REFUSAL_BAD_REQUEST);
	r.origin = STR("");
	stage_refused(&r, EIO_REFUSAL_UNKNOWN_SID);
	r.sid = STR("");
	stage_refused(&r, EIO_REFUSAL_BAD_METHOD);
	r.method = STR("GET");
	stage_refused(&r, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
	r.eio = STR("4");
	stage_refused(&r, EIO_REFUSAL_BAD_REQUEST);
}

/* Whoever carries the session, and also if nobody does any more: that is found out later. */
static void test_upgrade_of_a_session(void **state)
{
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	assert_true(eio_request_may_upgrade(BUT(sid, "x"), EIO_REVISION_4, EIO_SID_POLLING, &why));
	assert_true(
	    eio_request_may_upgrade(BUT(sid, "x"), EIO_REVISION_4, EIO_SID_WEBSOCKET, &why));
	stage_refused(BUT(transport, "polling"), EIO_REFUSAL_BAD_REQUEST);
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
	    cmocka_unit_test(test_table_says_what_engine_io_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
