#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/server.h"

#include "common/crypto.h"
#include "common/log.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What needs a peer that speaks WebSocket well or badly is in tests/e2e/engine.test.js; here is
 * the life of a server, with one client of the most modest kind. */

enum { WHY_SIZE = 200 };

#define OPENING                                                                                \
	"GET /socket.io/?EIO=4&transport=websocket&name=a%26b HTTP/1.1\r\nHost: localhost\r\n" \
	"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"           \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer x\r\n\r\n"

struct scene {
	struct loop *loop;
	struct eio_server *server;
	struct eio_server_conf conf;
	char why[WHY_SIZE];
	int client;
	struct loop_watch *watch; /* of the client */
	struct buf received;
	const char *awaited; /* text at which to stop the loop */
	struct eio_session *session;
	int opened, closed;
	enum eio_close close_why;
	bool closes_on_open;
};

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct scene *s = up;

	s->opened++;
	s->session = session;
	assert_true(str_eqz(h->ip, "127.0.0.1"));
	assert_true(str_eqz(h->authorization, "Bearer x"));
	assert_true(str_eqz(h->url, "/socket.io/?EIO=4&transport=websocket&name=a%26b"));
	if (s->closes_on_open)
		eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	(void)up;
	(void)session;
	(void)message;
	(void)is_binary;
}

static void on_close(void *up, struct eio_session *session, enum eio_close why)
{
	struct scene *s = up;

	(void)session;
	s->closed++;
	s->close_why = why;
	loop_stop(s->loop);
}

static bool may_open(void *up)
{
	(void)up;
	return true;
}

static bool on_page(void *up, struct str path, struct eio_page *page)
{
	(void)up;
	buf_puts(page->body, STR("page "));
	buf_puts(page->body, path);
	return true;
}

static const struct eio_server_events events = {
    .session = {.on_open = on_open, .on_message = on_message, .on_close = on_close},
    .may_open = may_open,
    .on_page = on_page};

static enum err start(struct scene *s)
{
	return eio_server_new(s->loop, &s->conf, &events, s, s->why, sizeof(s->why), &s->server);
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	s->loop = loop_new();
	s->client = -1;
	s->conf = (struct eio_server_conf){
	    .listen_address = "127.0.0.1",
	    .path = "/socket.io/",
	    .static_dir = "",
	    .client_dir = "",
	    .cors_origins = "",
	    .cookie = "",
	    .trusted_proxies = "",
	    .ping_interval_ms = 20,
	    .ping_timeout_ms = 20,
	    .upgrade_timeout_ms = 1000,
	    .sessions_max = 10,
	    .max_payload_bytes = 1000,
	    .queue_max_bytes = 100000,
	};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	loop_watch_free(&s->watch);
	if (s->client >= 0)
		close(s->client);
	eio_server_free(&s->server);
	assert_null(s->server);
	assert_int_equal(s->opened, s->closed);
	loop_free(&s->loop);
	buf_free(&s->received);
	free(s);
	return 0;
}

static void on_readable(void *ctx)
{
	struct scene *s = ctx;
	ssize_t n = recv(s->client, buf_extend(&s->received, 4096), 4096, MSG_DONTWAIT);

	buf_truncate(&s->received, s->received.len - 4096 + (n > 0 ? (size_t)n : 0));
	if (n <= 0 || (s->awaited && memmem(buf_bytes(&s->received).p, s->received.len, s->awaited,
					 strlen(s->awaited))))
		loop_stop(s->loop);
}

/* Connects, says this, and turns until that has come back, or the end, or a session closed. */
static void talk(struct scene *s, const char *request, const char *awaited)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(eio_server_port(s->server)),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};

	s->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(s->client, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(s->client, request, strlen(request)), strlen(request));
	s->awaited = awaited;
	s->watch = loop_watch_new(s->loop, s->client, on_readable, s);
	loop_run(s->loop);
}

static void assert_received(struct scene *s, const char *text)
{
	assert_non_null(memmem(buf_bytes(&s->received).p, s->received.len, text, strlen(text)));
}

static void test_made_and_unmade(void **state)
{
	struct scene *s = *state;

	assert_int_equal(start(s), ERR_OK);
	assert_true(eio_server_port(s->server) > 0);
	assert_int_equal(eio_server_sessions(s->server), 0);
}

static void test_port_in_use(void **state)
{
	struct scene *s = *state;
	struct eio_server *first;

	assert_int_equal(start(s), ERR_OK);
	first = s->server;
	s->conf.port = eio_server_port(first);
	assert_int_equal(start(s), ERR_SYSTEM);
	assert_non_null(strstr(s->why, "in use"));
	assert_ptr_equal(s->server, first);
}

static void test_bad_configuration(void **state)
{
	struct scene *s = *state;
	char path[300];

	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = 0;
	s->conf.path = path;
	assert_int_equal(start(s), ERR_INVALID);
	assert_non_null(strstr(s->why, "path"));
	s->conf.path = "socket.io";
	assert_int_equal(start(s), ERR_INVALID);
	s->conf.path = "/socket.io/";
	s->conf.static_dir = "/does/not/exist";
	assert_int_equal(start(s), ERR_INVALID);
	assert_non_null(strstr(s->why, "/does/not/exist"));
	s->conf.static_dir = "";
	s->conf.listen_address = "nowhere";
	assert_int_equal(start(s), ERR_INVALID);
	assert_null(s->server);
}

static void test_files_of_tls_that_are_not_there(void **state)
{
	struct scene *s = *state;

	s->conf.tls = (struct tls_files){"/nowhere/tls.pem", "/nowhere/tls.key"};
	assert_int_equal(start(s), ERR_NOT_FOUND);
	assert_non_null(strstr(s->why, "/nowhere/tls.pem"));
	s->conf.tls = (struct tls_files){"", ""};
	assert_int_equal(start(s), ERR_OK);
	assert_null(eio_server_tls(s->server));
}

static void test_session_opens_and_times_out(void **state)
{
	struct scene *s = *state;

	assert_int_equal(start(s), ERR_OK);
	talk(s, OPENING, "\"maxPayload\":1000}");
	assert_received(s, "HTTP/1.1 101 ");
	assert_received(s, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455 section 1.3 */
	assert_int_equal(s->opened, 1);
	assert_int_equal(eio_server_sessions(s->server), 1);
	s->awaited = "\x88\x0e\x03\xe9ping timeout";
	while (!memmem(buf_bytes(&s->received).p, s->received.len, s->awaited, 16))
		loop_run(s->loop);
	assert_int_equal(s->close_why, EIO_CLOSE_PING_TIMEOUT);
	assert_received(s, "\x81\x01"
			   "2");
	assert_int_equal(eio_server_sessions(s->server), 0);
}

static void test_client_goes_away(void **state)
{
	struct scene *s = *state;

	assert_int_equal(start(s), ERR_OK);
	talk(s, OPENING, "\"maxPayload\":1000}");
	loop_watch_free(&s->watch);
	close(s->client);
	s->client = -1;
	loop_run(s->loop);
	assert_int_equal(s->close_why, EIO_CLOSE_TRANSPORT_CLOSE);
}

static void test_closed_while_it_opens(void **state)
{
	struct scene *s = *state;

	s->closes_on_open = true;
	assert_int_equal(start(s), ERR_OK);
	talk(s, OPENING, NULL);
	assert_int_equal(s->closed, 1);
	s->awaited = "forced close";
	loop_run(s->loop);
	assert_received(s, "\"sid\""); /* what was queued goes out first */
	assert_received(s, "\x88\x0e\x03\xe8"
			   "forced close");
}

static void test_freed_with_open_sessions(void **state)
{
	struct scene *s = *state;
	char more;

	assert_int_equal(start(s), ERR_OK);
	talk(s, OPENING, "\"maxPayload\":1000}");
	eio_server_free(&s->server);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->close_why, EIO_CLOSE_SHUTDOWN);
	assert_received(s, "\x88\x16\x03\xe9server shutting down");
	assert_int_equal(read(s->client, &more, 1), 0);
}

static void stop(void *ctx)
{
	struct scene *s = ctx;

	loop_stop(s->loop);
}

static void test_freed_in_the_middle_of_a_handshake(void **state)
{
	struct scene *s = *state;
	struct loop_timer *timer;

	assert_int_equal(start(s), ERR_OK);
	timer = loop_timer_new(s->loop, stop, s);
	loop_timer_arm(timer, 20);
	talk(s, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost:", NULL);
	loop_timer_free(&timer);
}

static void test_stops_listening(void **state)
{
	struct scene *s = *state;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

	assert_int_equal(start(s), ERR_OK);
	talk(s, OPENING, "\"maxPayload\":1000}");
	eio_server_stop_listening(s->server);
	eio_server_stop_listening(s->server);
	assert_int_equal(eio_server_sessions(s->server), 1);
	to.sin_port = htons(eio_server_port(s->server));

	int late = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(late, (struct sockaddr *)&to, sizeof(to)), -1);
	close(late);
}

static void count_session(void *ctx, struct eio_session *session)
{
	struct scene *s = ctx;

	assert_ptr_equal(session, s->session);
	eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void test_each(void **state)
{
	struct scene *s = *state;

	assert_int_equal(start(s), ERR_OK);
	talk(s, OPENING, "\"maxPayload\":1000}");
	eio_server_each(s->server, count_session, s);
	assert_int_equal(s->closed, 1);
	eio_server_each(s->server, count_session, s);
	assert_int_equal(s->closed, 1);
}

static void test_page(void **state)
{
	struct scene *s = *state;

	assert_int_equal(start(s), ERR_OK);
	talk(s, "GET /ready?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", "page /ready");
	assert_received(s, "HTTP/1.1 200 OK\r\n");
}

static void test_tunnel_is_refused(void **state)
{
	struct scene *s = *state;

	assert_int_equal(start(s), ERR_OK);
	talk(s, "CONNECT example.com:80 HTTP/1.1\r\nHost: x\r\n\r\n", NULL);
	assert_int_equal(s->received.len, 0);
}

static size_t open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_made_and_unmade),
	    TEST(test_port_in_use),
	    TEST(test_bad_configuration),
	    TEST(test_files_of_tls_that_are_not_there),
	    TEST(test_session_opens_and_times_out),
	    TEST(test_client_goes_away),
	    TEST(test_closed_while_it_opens),
	    TEST(test_freed_with_open_sessions),
	    TEST(test_freed_in_the_middle_of_a_handshake),
	    TEST(test_stops_listening),
	    TEST(test_each),
	    TEST(test_page),
	    TEST(test_tunnel_is_refused),
	};

	/* libuv keeps a pipe for signals from the first loop on. */
	struct loop *warm = loop_new();
	size_t files_before;

	loop_free(&warm);
	files_before = open_files();
	if (crypto_init())
		return 1;
	log_setup("server_test", LOG_FORMAT_TEXT, LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0 ||
	       open_files() != files_before;
}
