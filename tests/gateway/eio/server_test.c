/*
 * How a server is made and unmade, and what it answers that needs no session.
 */
#include "tests/gateway/eio/server_stage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void test_made_and_unmade(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_start(s), ERR_OK);
	assert_true(eio_server_port(s->server) > 0);
	assert_int_equal(eio_server_sessions(s->server), 0);
}

static void test_port_in_use(void **state)
{
	struct stage *s = *state;
	struct eio_server *first;

	assert_int_equal(stage_start(s), ERR_OK);
	first = s->server;
	s->conf.port = eio_server_port(first);
	assert_int_equal(stage_start(s), ERR_SYSTEM);
	assert_non_null(strstr(s->why, "in use"));
	assert_ptr_equal(s->server, first);
}

/* Stands before the C library's: libwebsockets, too, calls it. */
static int closed_twice;

int close(int fd)
{
	int result = (int)syscall(SYS_close, fd);

	if (result && errno == EBADF)
		closed_twice++;
	return result;
}

/* The descriptor may be another thread's by then. */
static void test_port_in_use_closes_nothing_of_others(void **state)
{
	struct stage *s = *state;

	test_port_in_use(state);
	closed_twice = 0;
	assert_int_equal(stage_start(s), ERR_SYSTEM);
	assert_int_equal(closed_twice, 0);
}

static void test_bad_configuration(void **state)
{
	struct stage *s = *state;
	char path[300];

	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = 0;
	s->conf.path = path;
	assert_int_equal(stage_start(s), ERR_INVALID);
	assert_non_null(strstr(s->why, "path"));
	s->conf.path = "socket.io";
	assert_int_equal(stage_start(s), ERR_INVALID);
	s->conf.path = "/socket.io/";
	s->conf.static_dir = "/does/not/exist";
	assert_int_equal(stage_start(s), ERR_INVALID);
	assert_non_null(strstr(s->why, "/does/not/exist"));
	s->conf.static_dir = "";
	s->conf.listen_address = "nowhere";
	assert_int_equal(stage_start(s), ERR_INVALID);
	assert_null(s->server);
}

static void test_files_of_tls_that_are_not_there(void **state)
{
	struct stage *s = *state;

	s->conf.tls = (struct tls_files){"/nowhere/tls.pem", "/nowhere/tls.key"};
	assert_int_equal(stage_start(s), ERR_NOT_FOUND);
	assert_non_null(strstr(s->why, "/nowhere/tls.pem"));
	s->conf.tls = (struct tls_files){"", ""};
	assert_int_equal(stage_start(s), ERR_OK);
	assert_null(eio_server_tls(s->server));
}

static void test_stops_listening(void **state)
{
	struct stage *s = *state;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

	assert_int_equal(stage_start(s), ERR_OK);
	stage_talk(s, STAGE_OPENING, "\"maxPayload\":1000}");
	eio_server_stop_listening(s->server);
	eio_server_stop_listening(s->server);
	assert_int_equal(eio_server_sessions(s->server), 1);
	to.sin_port = htons(eio_server_port(s->server));

	int late = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(late, (struct sockaddr *)&to, sizeof(to)), -1);
	close(late);
}

static void test_page(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_start(s), ERR_OK);
	stage_talk(s, "GET /ready?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", "page /ready");
	stage_received(s, "HTTP/1.1 200 OK\r\n");
}

static void test_tunnel_is_refused(void **state)
{
	struct stage *s = *state;

	assert_int_equal(stage_start(s), ERR_OK);
	stage_talk(s, "CONNECT example.com:80 HTTP/1.1\r\nHost: x\r\n\r\n", NULL);
	assert_int_equal(s->received.len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_made_and_unmade),
	    TEST(test_port_in_use),
	    TEST(test_port_in_use_closes_nothing_of_others),
	    TEST(test_bad_configuration),
	    TEST(test_files_of_tls_that_are_not_there),
	    TEST(test_stops_listening),
	    TEST(test_page),
	    TEST(test_tunnel_is_refused),
	};

	if (!stage_begin())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || stage_has_leftovers();
}
