#include "tests/check.h"

#include "broker/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000, ANSWER_SIZE = 8192, PORTS_TRIED = 20 };

struct world {
	struct http *http;
	uint16_t port;
	const char *trouble; /* why it is not ready, NULL = it is */
	const char *lament;  /* of /health */
	char answer[ANSWER_SIZE];
};

static bool is_ready(void *up, char *ret_why, size_t why_size)
{
	const struct world *w = up;

	if (w->trouble)
		snprintf(ret_why, why_size, "%s", w->trouble);
	return !w->trouble;
}

static void render_metrics(void *up, struct buf *out)
{
	(void)up;
	buf_puts(out, STR("roomcast_test 1\n"));
}

static const char *trouble(void *up)
{
	return ((const struct world *)up)->lament;
}

static const struct http_events events = {
    .is_ready = is_ready, .trouble = trouble, .render_metrics = render_metrics};

/* A socket on a port of 127.0.0.1 that the system chose. */
static int occupy(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static enum err listen_at(struct world *w, const char *address, uint16_t port)
{
	char listen[64], why[HTTP_WHY_SIZE];

	snprintf(listen, sizeof(listen), "%s:%u", address, port);
	return http_new(listen, &events, w, why, &w->http);
}

/* A free port may be somebody's by the time it is used: then another is tried. */
static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->lament = "";
	for (int i = 0; !w->http && i < PORTS_TRIED; i++) {
		close(occupy(&w->port));
		enum err e = listen_at(w, "127.0.0.1", w->port);

		assert_true(e == ERR_OK || e == ERR_BUSY);
	}
	*state = w;
	return w->http ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	http_free(&w->http);
	assert_null(w->http);
	http_free(&w->http);
	test_free(w);
	return frame_live() == 0 ? 0 : -1;
}

/* ---- a probe ---- */

static int connect_to(const struct world *w)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons(w->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Reads to the end. The server runs only when its descriptor says so, as in the turn loop. */
static const char *read_answer(struct world *w, int fd)
{
	size_t len = 0;

	for (;;) {
		struct pollfd fds[] = {
		    {.fd = http_fd(w->http), .events = POLLIN}, {.fd = fd, .events = POLLIN}};

		assert_true(poll(fds, ARRAY_LEN(fds), DEADLINE_MS) > 0);
		if (fds[0].revents)
			http_serve(w->http);
		if (!fds[1].revents)
			continue;
		ssize_t n = read(fd, w->answer + len, sizeof(w->answer) - 1 - len);

		assert_true(n >= 0);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	w->answer[len] = '\0';
	close(fd);
	return w->answer;
}

/* The whole answer, good until the next one. */
static const char *request(struct world *w, const char *method, const char *path)
{
	char text[256];
	int fd = connect_to(w);
	int n = snprintf(text, sizeof(text),
	    "%s %s HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n", method, path);

	assert_int_equal(write(fd, text, (size_t)n), n);
	return read_answer(w, fd);
}

static void assert_answer(const char *answer, const char *status, const char *body)
{
	const char *blank = strstr(answer, "\r\n\r\n");

	if (strncmp(answer, status, strlen(status)) != 0 || !blank || strcmp(blank + 4, body) != 0)
		fail_msg("not '%s' with '%s': %s", status, body, answer);
}

static void assert_header(const char *answer, const char *header)
{
	if (!strstr(answer, header))
		fail_msg("no '%s' in: %s", header, answer);
}

static void test_health(void **state)
{
	struct world *w = *state;

	w->trouble = "the disk is full"; /* who lives is healthy */
	assert_answer(request(w, "GET", "/health"), "HTTP/1.1 200 ", "ok\n");
	assert_header(w->answer, "\r\nCache-Control: no-store\r\n");
	assert_header(w->answer, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
	w->lament = "see to it\n";
	assert_answer(request(w, "GET", "/health"), "HTTP/1.1 200 ", "ok\nsee to it\n");
}

static void test_ready_or_why_not(void **state)
{
	struct world *w = *state;

	assert_answer(request(w, "GET", "/ready"), "HTTP/1.1 200 ", "ready\n");
	w->trouble = "the disk is full";
	assert_answer(
	    request(w, "GET", "/ready"), "HTTP/1.1 503 ", "not ready: the disk is full\n");
	w->trouble = NULL;
	assert_answer(request(w, "GET", "/ready"), "HTTP/1.1 200 ", "ready\n");
}

static void test_the_longest_reason(void **state)
{
	struct world *w = *state;
	char why[HTTP_WHY_SIZE];

	memset(why, 'y', sizeof(why));
	why[sizeof(why) - 1] = '\0';
	w->trouble = why;
	request(w, "GET", "/ready");
	assert_non_null(strstr(w->answer, why));
}

static void test_metrics(void **state)
{
	struct world *w = *state;

	assert_answer(request(w, "GET", "/metrics"), "HTTP/1.1 200 ", "roomcast_test 1\n");
	assert_header(w->answer, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
}

static void test_what_is_not_there(void **state)
{
	static const char *const paths[] = {"/", "/healthy", "/health/", "/HEALTH", "/metrics/x"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_answer(request(w, "GET", paths[i]), "HTTP/1.1 404 ",
		    "not found: try /health, /ready or /metrics\n");
}

static void test_a_query_does_not_matter(void **state)
{
	struct world *w = *state;

	assert_answer(request(w, "GET", "/health?from=probe"), "HTTP/1.1 200 ", "ok\n");
}

static void test_head_is_get_without_a_body(void **state)
{
	struct world *w = *state;

	assert_answer(request(w, "HEAD", "/health"), "HTTP/1.1 200 ", "");
}

static void test_nothing_can_be_done_here(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		assert_answer(request(w, methods[i], "/health"), "HTTP/1.1 405 ", "only GET\n");
		/* RFC 9110 section 15.5.6 */
		assert_header(w->answer, "\r\nAllow: GET, HEAD\r\n");
	}
}

static void test_many_probes_after_each_other(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 200; i++)
		assert_answer(request(w, "GET", "/ready"), "HTTP/1.1 200 ", "ready\n");
}

/* Who opens connections and says nothing does not keep the probes out. */
static void test_silent_connections(void **state)
{
	struct world *w = *state;
	int silent[32];

	for (size_t i = 0; i < ARRAY_LEN(silent); i++)
		silent[i] = connect_to(w);
	assert_answer(request(w, "GET", "/health"), "HTTP/1.1 200 ", "ok\n");
	for (size_t i = 0; i < ARRAY_LEN(silent); i++)
		close(silent[i]);
}

/* ---- where it listens ---- */

static void test_what_is_no_address(void **state)
{
	static const char *const bad[] = {"", ":", "9400", ":9400", "127.0.0.1",
	    "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:94 00", "127.0.0.1:-1", "127.0.0.1:65536",
	    "127.0.0.1:99999999999999999999", "localhost:9400", "300.0.0.1:9400", "[::1]",
	    "[::1:9400", "http://127.0.0.1:9400",
	    "1111111111111111111111111111111111111111111111111111111111111111:9400"};
	char why[HTTP_WHY_SIZE], expected[HTTP_WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct http *h = NULL;

		if (http_new(bad[i], &events, NULL, why, &h) != ERR_INVALID)
			fail_msg("'%s' was taken", bad[i]);
		assert_null(h);
		snprintf(expected, sizeof(expected),
		    "http-listen = %s: not an address:port such as 127.0.0.1:9400", bad[i]);
		assert_string_equal(why, expected);
	}
}

static void test_a_port_in_use(void **state)
{
	char listen[64], why[HTTP_WHY_SIZE];
	struct http *h = NULL;
	uint16_t port;
	int other = occupy(&port);

	(void)state;
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
	assert_int_equal(http_new(listen, &events, NULL, why, &h), ERR_BUSY);
	assert_null(h);
	assert_int_equal(strncmp(why, "cannot listen on 127.0.0.1:", 27), 0);
	assert_non_null(strstr(why, "Address already in use; choose another http-listen"));
	close(other);
}

static void test_six_sorts_of_brackets(void **state)
{
	struct world *w = *state;
	struct world six = {.port = w->port};
	enum err e = listen_at(&six, "[::1]", six.port);

	if (e == ERR_BUSY)
		skip(); /* no IPv6 here */
	assert_int_equal(e, ERR_OK);
	http_free(&six.http);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_health),
	    TEST(test_ready_or_why_not),
	    TEST(test_the_longest_reason),
	    TEST(test_metrics),
	    TEST(test_what_is_not_there),
	    TEST(test_a_query_does_not_matter),
	    TEST(test_head_is_get_without_a_body),
	    TEST(test_nothing_can_be_done_here),
	    TEST(test_many_probes_after_each_other),
	    TEST(test_silent_connections),
	    cmocka_unit_test(test_what_is_no_address),
	    cmocka_unit_test(test_a_port_in_use),
	    TEST(test_six_sorts_of_brackets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
