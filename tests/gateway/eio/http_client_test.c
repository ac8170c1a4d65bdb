#include "tests/check.h"

#include "gateway/eio/http.h"

#include "tests/fakes/lws.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Who the client is, when proxies stand between, and what its answers say to browsers. */

struct stage {
	int listening, client, server;
	struct proxies *proxies;
};

static struct proxies *trusting(const char *list)
{
	struct proxies *p = NULL;
	char why[100];

	assert_int_equal(proxies_new(str_of(list), why, sizeof(why), &p), ERR_OK);
	return p;
}

/* A connection from 127.0.0.1. */
static int setup(void **state)
{
	static struct stage s;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(to);

	s.listening = socket(AF_INET, SOCK_STREAM, 0);
	s.client = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(s.listening, (struct sockaddr *)&to, sizeof(to)) || listen(s.listening, 1) ||
	    getsockname(s.listening, (struct sockaddr *)&to, &len) ||
	    connect(s.client, (struct sockaddr *)&to, sizeof(to)))
		return -1;
	s.server = accept(s.listening, NULL, NULL);
	s.proxies = trusting("127.0.0.0/8");
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	close(s->client);
	close(s->server);
	close(s->listening);
	proxies_free(&s->proxies);
	return 0;
}

static struct lws forwarded(const struct stage *s, const char *who, const char *how)
{
	return (struct lws){.path = (char *)"/",
	    .headers = {[WSI_TOKEN_X_FORWARDED_FOR] = who},
	    .forwarded_proto = how,
	    .fd = s->server};
}

static void assert_client(struct lws *wsi, const struct proxies *p, const char *ip, bool is_secure)
{
	struct http_request *r = http_request_new(fake_wire(wsi), p);

	assert_true(str_eqz(http_request_handshake(r).ip, ip));
	assert_int_equal(http_request_handshake(r).secure, is_secure);
	http_request_free(&r);
}

static void test_a_proxy_of_ours_is_believed(void **state)
{
	struct stage *s = *state;
	struct lws wsi = forwarded(s, "6.6.6.6, 203.0.113.9:1234", "https");

	assert_client(&wsi, s->proxies, "203.0.113.9", true);
	wsi = forwarded(s, "[2001:db8::9]:1", "http");
	assert_client(&wsi, s->proxies, "2001:db8::9", false);
	wsi = forwarded(s, NULL, NULL);
	assert_client(&wsi, s->proxies, "127.0.0.1", false);
	wsi = forwarded(s, "nonsense", "https");
	assert_client(&wsi, s->proxies, "127.0.0.1", true);
}

static void test_others_are_not(void **state)
{
	struct stage *s = *state;
	struct lws wsi = forwarded(s, "203.0.113.9", "https");
	struct proxies *others = trusting("10.0.0.0/8"), *none = trusting("");

	assert_client(&wsi, others, "127.0.0.1", false);
	assert_client(&wsi, none, "127.0.0.1", false);
	proxies_free(&others);
	proxies_free(&none);
}

/* Who was introduced by a proxy of ours may be one of ours, too. */
static void test_who_was_introduced(void **state)
{
	struct stage *s = *state;
	struct lws wsi = forwarded(s, "203.0.113.9", "https");
	struct ip stranger, ours;

	assert_int_equal(ip_parse(STR("198.51.100.7"), &stranger), ERR_OK);
	assert_int_equal(ip_parse(STR("127.0.0.9"), &ours), ERR_OK);
	proxies_introduce(s->proxies, s->server, &stranger);
	assert_client(&wsi, s->proxies, "198.51.100.7", false);
	proxies_introduce(s->proxies, s->server, &ours);
	assert_client(&wsi, s->proxies, "203.0.113.9", true);
	proxies_introduce(s->proxies, s->server, NULL);
	assert_client(&wsi, s->proxies, "203.0.113.9", true);
}

#define CORS "Access-Control-Allow-Origin: *\r\n"

static void write_answer(struct lws *wsi, struct frame *answer)
{
	assert_true(fake_write_take(wsi, &answer));
}

static void test_every_answer_carries_them(void **state)
{
	struct lws wsi = {.path = (char *)"/", .method = LWSHUMETH_GET, .fd = -1};
	struct http_request *r = fake_request(&wsi);

	(void)state;
	assert_null(http_request_cors(r));
	http_request_set_cors(r, CORS);
	assert_string_equal(http_request_cors(r), CORS);
	write_answer(&wsi, http_answer(r, &(struct http_answer){.status = 413}));
	assert_written(&wsi, "HTTP/1.1 413 Content Too Large\r\n" CORS
			     "Content-Length: 0\r\nCache-Control: no-store\r\n\r\n");
	write_answer(&wsi, http_refusal(r, EIO_REFUSAL_FORBIDDEN, false));
	assert_written(&wsi,
	    "HTTP/1.1 403 Forbidden\r\n" CORS
	    "Content-Type: application/json\r\nContent-Length: 32\r\n"
	    "Cache-Control: no-store\r\n\r\n{\"code\":4,\"message\":\"Forbidden\"}");
	http_request_free(&r);
}

static void test_answers_that_come_later(void **state)
{
	struct lws wsi = {.fd = -1};

	(void)state;
	write_answer(&wsi, http_answer(NULL, &(struct http_answer){.status = 200,
						 .content_type = "text/plain",
						 .headers = "Set-Cookie: a=b\r\n",
						 .cors = CORS,
						 .body = STR("2")}));
	assert_written(&wsi,
	    "HTTP/1.1 200 OK\r\n" CORS "Content-Type: text/plain\r\nContent-Length: 1\r\n"
	    "Cache-Control: no-store\r\nSet-Cookie: a=b\r\n\r\n2");
	write_answer(&wsi, http_late_refusal(CORS, EIO_REFUSAL_UNKNOWN_SID));
	assert_written(&wsi, "HTTP/1.1 400 Bad Request\r\n" CORS
			     "Content-Type: application/json\r\nContent-Length: 41\r\n"
			     "Cache-Control: no-store\r\n\r\n"
			     "{\"code\":1,\"message\":\"Session ID unknown\"}");
	write_answer(&wsi, http_late_refusal(NULL, EIO_REFUSAL_BAD_METHOD));
	assert_written(&wsi, "HTTP/1.1 400 Bad Request\r\n"
			     "Content-Type: application/json\r\nContent-Length: 43\r\n"
			     "Cache-Control: no-store\r\n\r\n"
			     "{\"code\":2,\"message\":\"Bad handshake method\"}");
}

static void test_a_preflight_has_its_own(void **state)
{
	struct lws wsi = {.path = (char *)"/",
	    .method = LWSHUMETH_OPTIONS,
	    .headers = {[WSI_TOKEN_HTTP_AC_REQUEST_HEADERS] = " x-a, b "},
	    .fd = -1};
	struct http_request *r = fake_request(&wsi);

	(void)state;
	assert_str_is(http_request_asked_headers(r), "x-a, b");
	http_request_set_cors(r, CORS);
	write_answer(
	    &wsi, http_answer(r, &(struct http_answer){.status = 204, .cors = "Vary: x\r\n"}));
	assert_written(&wsi, "HTTP/1.1 204 No Content\r\nVary: x\r\nContent-Length: 0\r\n\r\n");
	http_request_free(&r);
}

#define WITH_CONNECTION(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CONNECTION(test_a_proxy_of_ours_is_believed),
	    WITH_CONNECTION(test_others_are_not),
	    WITH_CONNECTION(test_who_was_introduced),
	    cmocka_unit_test(test_every_answer_carries_them),
	    cmocka_unit_test(test_answers_that_come_later),
	    cmocka_unit_test(test_a_preflight_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
