#include "tests/check.h"

#include "gateway/eio/http.h"

#include "tests/fakes/lws.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool send_to(struct lws *wsi, const struct http_request *r, const struct http_answer *a)
{
	struct frame *answer = http_answer(r, a);

	return fake_write_take(wsi, &answer);
}

static bool refuse_to(
    struct lws *wsi, const struct http_request *r, enum eio_refusal why, bool is_upgrade)
{
	struct frame *answer = http_refusal(r, why, is_upgrade);

	return fake_write_take(wsi, &answer);
}

static char full_path[] = "/socket.io/";

/* A request with all that is read of one. */
static const struct lws full = {
    .method = LWSHUMETH_GET,
    .path = full_path,
    .parameters = {"EIO=4", "transport=websocket", "token=a b&c"},
    .headers = {[WSI_TOKEN_HTTP] = "HTTP/1.1",
	[WSI_TOKEN_HOST] = "localhost",
	[WSI_TOKEN_ORIGIN] = "http://example.com",
	[WSI_TOKEN_UPGRADE] = "websocket",
	[WSI_TOKEN_CONNECTION] = "Upgrade ",
	[WSI_TOKEN_KEY] = "key",
	[WSI_TOKEN_VERSION] = "\t13 \t",
	[WSI_TOKEN_PROTOCOL] = "p",
	[WSI_TOKEN_HTTP_USER_AGENT] = "agent",
	[WSI_TOKEN_HTTP_AUTHORIZATION] = "Bearer x",
	[WSI_TOKEN_HTTP_REFERER] = "http://example.com/page",
	[WSI_TOKEN_HTTP_ACCEPT_LANGUAGE] = "de"},
    .fd = -1,
    .is_secure = true,
};

static void test_reads_what_a_handshake_needs(void **state)
{
	struct lws wsi = full;
	struct http_request *r = fake_request(&wsi);
	const struct eio_request *e = http_request_engine(r);

	(void)state;
	assert_true(str_eqz(http_request_path(r), "/socket.io/"));
	assert_true(str_eqz(e->method, "GET"));
	assert_true(str_eqz(e->version, "HTTP/1.1"));
	assert_true(str_eqz(e->eio, "4"));
	assert_true(str_eqz(e->transport, "websocket"));
	assert_int_equal(e->sid.len, 0);
	assert_true(str_eqz(e->host, "localhost"));
	assert_true(str_eqz(e->upgrade, "websocket"));
	assert_true(str_eqz(e->connection, "Upgrade"));
	assert_true(str_eqz(e->websocket_key, "key"));
	assert_true(str_eqz(e->websocket_version, "13"));
	assert_true(str_eqz(e->websocket_protocol, "p"));
	http_request_free(&r);
	assert_null(r);
	http_request_free(&r);
}

static void test_reads_what_the_layer_above_is_told(void **state)
{
	struct lws wsi = full;
	struct http_request *r = fake_request(&wsi);
	struct eio_handshake h = http_request_handshake(r);

	(void)state;
	assert_true(str_eqz(h.origin, "http://example.com"));
	assert_true(str_eqz(h.user_agent, "agent"));
	assert_true(str_eqz(h.authorization, "Bearer x"));
	assert_true(str_eqz(h.host, "localhost"));
	assert_true(str_eqz(h.referer, "http://example.com/page"));
	assert_true(str_eqz(h.language, "de"));
	assert_true(str_eqz(h.transport, "websocket"));
	assert_true(str_eqz(h.url, "/socket.io/?EIO=4&transport=websocket&token=a%20b%26c"));
	assert_int_equal(h.ip.len, 0); /* the socket is gone already */
	assert_true(h.secure);
	http_request_free(&r);
}

static void test_reads_nothing_from_a_request_that_is_gone(void **state)
{
	struct lws wsi = {.fd = -1};
	struct http_request *r = fake_request(&wsi);

	(void)state;
	assert_int_equal(http_request_path(r).len, 0);
	assert_int_equal(http_request_engine(r)->method.len, 0);
	assert_int_equal(http_request_engine(r)->upgrade.len, 0);
	http_request_free(&r);
}

static void test_subprotocol_of_an_upgrade(void **state)
{
	struct lws wsi = {.path = (char[]){"/"}, .fd = -1};
	char name[EIO_SUBPROTOCOL_MAX + 1] = "before";
	char many[EIO_SUBPROTOCOLS_MAX + 2];

	(void)state;
	http_copy_subprotocol((struct wire *)(void *)&wsi, name);
	assert_string_equal(name, "before");
	wsi.headers[WSI_TOKEN_PROTOCOL] = "chat, superchat";
	http_copy_subprotocol((struct wire *)(void *)&wsi, name);
	assert_string_equal(name, "chat");
	memset(many, 'a', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	wsi.headers[WSI_TOKEN_PROTOCOL] = many;
	http_copy_subprotocol((struct wire *)(void *)&wsi, name);
	assert_string_equal(name, "chat");
}

/* A parameter cannot smuggle another one into the URL that the layer above sees. */
static void test_url_is_encoded_again(void **state)
{
	struct lws wsi = {
	    .path = (char[]){"/a b?c\x80"}, .parameters = {"x=1&sid=2#", "%"}, .fd = -1};
	struct http_request *r = fake_request(&wsi);

	(void)state;
	assert_false(http_request_handshake(r).secure);
	assert_true(str_eqz(http_request_handshake(r).url, "/a%20b%3Fc%80?x=1%26sid=2%23&%25"));
	assert_int_equal(http_request_engine(r)->sid.len, 0);
	http_request_free(&r);
}

static void test_largest_headers_fit(void **state)
{
	char *token = xcalloc(1, 16000 + 1);
	struct lws wsi = {.path = (char[]){"/"}, .fd = -1};
	struct http_request *r;

	(void)state;
	memset(token, 'x', 16000);
	wsi.headers[WSI_TOKEN_HTTP_AUTHORIZATION] = token;
	wsi.headers[WSI_TOKEN_HOST] = "localhost";
	r = fake_request(&wsi);
	assert_int_equal(http_request_handshake(r).authorization.len, 16000);
	assert_true(str_eqz(http_request_engine(r)->host, "localhost"));
	http_request_free(&r);
	free(token);
}

static void test_methods(void **state)
{
	static const char *const names[] = {[LWSHUMETH_GET] = "GET",
	    [LWSHUMETH_POST] = "POST",
	    [LWSHUMETH_OPTIONS] = "OPTIONS",
	    [LWSHUMETH_PUT] = "PUT",
	    [LWSHUMETH_DELETE] = "DELETE",
	    [LWSHUMETH_HEAD] = "HEAD",
	    [LWSHUMETH_COLON_PATH] = ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct lws wsi = {.path = (char[]){"/"}, .method = (int)i, .fd = -1};
		struct http_request *r = fake_request(&wsi);

		if (names[i])
			assert_true(str_eqz(http_request_engine(r)->method, names[i]));
		http_request_free(&r);
	}
}

static void test_bodies_that_cannot_be_skipped(void **state)
{
	static const struct {
		int method;
		const char *length, *encoding;
		unsigned status;
	} cases[] = {
	    {LWSHUMETH_GET, NULL, NULL, 0},
	    {LWSHUMETH_GET, "0", NULL, 0},
	    {LWSHUMETH_POST, "100", NULL, 0},
	    {LWSHUMETH_POST, "67108864", NULL, 0},
	    {LWSHUMETH_POST, "67108865", NULL, 413},
	    {LWSHUMETH_POST, "99999999999999999999999", NULL, 413},
	    {LWSHUMETH_POST, "-1", NULL, 400},
	    {LWSHUMETH_POST, "1x", NULL, 400},
	    {LWSHUMETH_POST, "5,5", NULL, 400},
	    {LWSHUMETH_POST, NULL, NULL, 411},
	    {LWSHUMETH_PUT, NULL, NULL, 411},
	    {LWSHUMETH_DELETE, NULL, NULL, 0},
	    {LWSHUMETH_POST, "5", "chunked", 411},
	    {LWSHUMETH_GET, NULL, "chunked", 411},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lws wsi = {.path = (char[]){"/"}, .method = cases[i].method, .fd = -1};
		struct http_request *r;

		wsi.headers[WSI_TOKEN_HTTP_CONTENT_LENGTH] = cases[i].length;
		wsi.headers[WSI_TOKEN_HTTP_TRANSFER_ENCODING] = cases[i].encoding;
		r = fake_request(&wsi);
		assert_int_equal(http_request_bad_body(r), cases[i].status);
		http_request_free(&r);
	}
}

static void test_body_to_come(void **state)
{
	struct lws wsi = {.path = (char[]){"/"}, .method = LWSHUMETH_POST, .fd = -1};
	struct http_request *r = fake_request(&wsi);

	(void)state;
	assert_int_equal(http_request_body_bytes(r), 0);
	assert_int_equal(http_request_content_type(r).len, 0);
	http_request_free(&r);
	wsi.headers[WSI_TOKEN_HTTP_CONTENT_LENGTH] = "123";
	wsi.headers[WSI_TOKEN_HTTP_CONTENT_TYPE] = "text/plain";
	r = fake_request(&wsi);
	assert_int_equal(http_request_body_bytes(r), 123);
	assert_true(str_eqz(http_request_content_type(r), "text/plain"));
	http_request_free(&r);
	wsi.headers[WSI_TOKEN_HTTP_CONTENT_LENGTH] = "-1";
	r = fake_request(&wsi);
	assert_int_equal(http_request_body_bytes(r), UINT64_MAX);
	http_request_free(&r);
}

static void test_parked(void **state)
{
	struct lws wsi = {.timeout = PENDING_TIMEOUT_HTTP_CONTENT};
	struct wire *w = (struct wire *)(void *)&wsi;

	(void)state;
	http_park(w);
	assert_int_equal(wsi.timeout, NO_PENDING_TIMEOUT);
	http_finish(w, true);
	assert_int_equal(wsi.completed, 1);
	assert_int_equal(wsi.timeout, NO_PENDING_TIMEOUT);
	wsi.is_last = true;
	http_finish(w, true);
	assert_int_equal(wsi.timeout, PENDING_TIMEOUT_CLOSE_SEND);
	wsi.timeout = NO_PENDING_TIMEOUT;
	http_finish(w, false);
	assert_int_equal(wsi.completed, 2);
	assert_int_equal(wsi.timeout, PENDING_TIMEOUT_CLOSE_SEND);
}

static void test_answer_without_request_and_body(void **state)
{
	struct lws wsi = {0};
	struct http_answer a = {.status = 400};

	(void)state;
	assert_true(send_to(&wsi, NULL, &a));
	assert_written(&wsi, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
			     "Cache-Control: no-store\r\n\r\n");
}

static void test_answer(void **state)
{
	struct lws wsi = {.path = (char[]){"/"}, .method = LWSHUMETH_GET, .fd = -1};
	struct http_request *r = fake_request(&wsi);
	struct http_answer a = {.status = 200,
	    .content_type = "text/plain",
	    .headers = "Retry-After: 1\r\n",
	    .body = STR("hello")};

	(void)state;
	assert_true(send_to(&wsi, r, &a));
	assert_written(&wsi, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
			     "Cache-Control: no-store\r\nRetry-After: 1\r\n\r\nhello");
	a.is_last = true;
	a.headers = "";
	a.status = 999;
	assert_true(send_to(&wsi, r, &a));
	assert_written(&wsi,
	    "HTTP/1.1 999 Unknown\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
	    "Cache-Control: no-store\r\nConnection: close\r\n\r\nhello");
	wsi.is_broken = true;
	assert_false(send_to(&wsi, r, &a));
	buf_free(&wsi.written);
	http_request_free(&r);
}

static void test_answer_to_head_has_no_body(void **state)
{
	struct lws wsi = {.path = (char[]){"/"}, .method = LWSHUMETH_HEAD, .fd = -1};
	struct http_request *r = fake_request(&wsi);
	struct http_answer a = {
	    .status = 200, .content_type = "text/plain", .headers = "", .body = STR("hello")};

	(void)state;
	assert_true(send_to(&wsi, r, &a));
	assert_written(&wsi, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
			     "Cache-Control: no-store\r\n\r\n");
	http_request_free(&r);
}

static void test_refusals(void **state)
{
	struct lws wsi = {.path = (char[]){"/"}, .method = LWSHUMETH_GET, .fd = -1};
	struct http_request *r = fake_request(&wsi);

	(void)state;
	assert_true(refuse_to(&wsi, r, EIO_REFUSAL_UNKNOWN_SID, false));
	assert_written(&wsi, "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
			     "Content-Length: 41\r\nCache-Control: no-store\r\n\r\n"
			     "{\"code\":1,\"message\":\"Session ID unknown\"}");
	assert_true(refuse_to(&wsi, NULL, EIO_REFUSAL_WEBSOCKET_VERSION, true));
	assert_written(&wsi,
	    "HTTP/1.1 426 Upgrade Required\r\nContent-Type: text/html\r\n"
	    "Content-Length: 16\r\nCache-Control: no-store\r\nConnection: close\r\n"
	    "Sec-WebSocket-Version: 13\r\n\r\nUpgrade Required");
	http_request_free(&r);
}

static void test_ip_is_the_socket_s(void **state)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6};
	struct sockaddr_in to = {.sin_family = AF_INET};
	socklen_t len = sizeof(any6);
	int listening = socket(AF_INET6, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	if (listening < 0 || bind(listening, (struct sockaddr *)&any6, sizeof(any6)) ||
	    listen(listening, 1) || getsockname(listening, (struct sockaddr *)&any6, &len)) {
		close(listening);
		close(client);
		skip(); /* no IPv6 here */
		return;
	}
	to.sin_port = any6.sin6_port;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);

	struct lws wsi = {.path = (char[]){"/"}, .fd = accept(listening, NULL, NULL)};
	struct http_request *r = fake_request(&wsi);

	/* An IPv4 peer is an IPv4 address, whatever kind of socket it came to. */
	assert_true(str_eqz(http_request_handshake(r).ip, "127.0.0.1"));
	http_request_free(&r);
	close(wsi.fd);
	close(client);
	close(listening);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_what_a_handshake_needs),
	    cmocka_unit_test(test_reads_what_the_layer_above_is_told),
	    cmocka_unit_test(test_reads_nothing_from_a_request_that_is_gone),
	    cmocka_unit_test(test_subprotocol_of_an_upgrade),
	    cmocka_unit_test(test_url_is_encoded_again),
	    cmocka_unit_test(test_largest_headers_fit),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_bodies_that_cannot_be_skipped),
	    cmocka_unit_test(test_body_to_come),
	    cmocka_unit_test(test_parked),
	    cmocka_unit_test(test_answer_without_request_and_body),
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_answer_to_head_has_no_body),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_ip_is_the_socket_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
