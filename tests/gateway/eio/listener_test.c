#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/listener.h"

#include "common/frame.h"
#include "common/log.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CLIENTS_MAX = 200,
	WHY_SIZE = 200,
	FILL_BYTES = 16384,
	FILL_MAX_BYTES = 64 * 1024 * 1024,
	WAIT_MS = 200,
};

struct scene {
	struct loop *loop;
	struct listener *listener;
	struct loop_timer *timer;
	char why[WHY_SIZE];
	int clients[CLIENTS_MAX], client_count;
	int accepted, expected, last_fd, turns;
	struct rlimit files;
};

static void on_accept(void *ctx, int fd)
{
	struct scene *s = ctx;

	if (s->last_fd >= 0)
		close(s->last_fd);
	s->last_fd = fd;
	if (++s->accepted == s->expected)
		loop_stop(s->loop);
}

static enum err listen_on(struct scene *s, const char *address, uint16_t port, bool reuse_port)
{
	struct listener_conf conf = {address, port, reuse_port, on_accept, s};

	return listener_new(s->loop, &conf, s->why, sizeof(s->why), &s->listener);
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	s->loop = loop_new();
	s->last_fd = -1;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	while (s->client_count)
		close(s->clients[--s->client_count]);
	if (s->last_fd >= 0)
		close(s->last_fd);
	loop_timer_free(&s->timer);
	listener_free(&s->listener);
	assert_null(s->listener);
	loop_free(&s->loop);
	free(s);
	return 0;
}

/* Connects to IPv4 address:port; false = refused. */
static bool connect_to(struct scene *s, const char *address, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
	s->clients[s->client_count++] = fd;
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static void test_accepts(void **state)
{
	struct scene *s = *state;
	int no_delay = 0;
	socklen_t len = sizeof(no_delay);

	assert_int_equal(listen_on(s, "127.0.0.1", 0, false), ERR_OK);
	assert_true(listener_port(s->listener) > 0);
	assert_true(connect_to(s, "127.0.0.1", listener_port(s->listener)));
	s->expected = 1;
	loop_run(s->loop);
	assert_true(fcntl(s->last_fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(s->last_fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(getsockopt(s->last_fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &len), 0);
	assert_true(no_delay);
}

/* Offers the last connection more and more, until it has taken none for WAIT_MS. How much it took.
 */
static size_t fill(struct scene *s)
{
	static const char zeroes[FILL_BYTES];
	struct pollfd room = {.fd = s->last_fd, .events = POLLOUT};
	size_t taken = 0;

	while (taken < FILL_MAX_BYTES && poll(&room, 1, WAIT_MS) == 1) {
		ssize_t n = send(s->last_fd, zeroes, sizeof(zeroes), MSG_NOSIGNAL);

		taken += n > 0 ? (size_t)n : 0;
	}
	return taken;
}

/* What lies in the kernel is a copy for each client, and nobody's bound counts it. */
static void test_little_piles_up_for_who_does_not_read(void **state)
{
	struct scene *s = *state;
	int size = 65536;

	assert_int_equal(listen_on(s, "127.0.0.1", 0, false), ERR_OK);
	assert_true(connect_to(s, "127.0.0.1", listener_port(s->listener)));
	setsockopt(s->clients[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	s->expected = 1;
	loop_run(s->loop);

	size_t taken = fill(s);

	assert_in_range(taken, 1, 512 * 1024);
}

static void test_more_than_one_batch(void **state)
{
	struct scene *s = *state;

	assert_int_equal(listen_on(s, "127.0.0.1", 0, false), ERR_OK);
	for (int i = 0; i < CLIENTS_MAX; i++)
		assert_true(connect_to(s, "127.0.0.1", listener_port(s->listener)));
	s->expected = CLIENTS_MAX;
	loop_run(s->loop);
	assert_int_equal(s->accepted, CLIENTS_MAX);
}

static void test_only_the_address_it_was_given(void **state)
{
	struct scene *s = *state;

	assert_int_equal(listen_on(s, "127.0.0.1", 0, false), ERR_OK);
	assert_false(connect_to(s, "127.0.0.2", listener_port(s->listener)));
}

static void test_any_address_of_both_kinds(void **state)
{
	struct scene *s = *state;

	if (listen_on(s, "::", 0, false)) {
		skip(); /* no IPv6 here */
		return;
	}
	assert_true(connect_to(s, "127.0.0.2", listener_port(s->listener)));
	s->expected = 1;
	loop_run(s->loop);
}

static void test_not_an_address(void **state)
{
	struct scene *s = *state;

	assert_int_equal(listen_on(s, "localhost", 0, false), ERR_INVALID);
	assert_non_null(strstr(s->why, "localhost"));
	assert_null(s->listener);
	assert_int_equal(listen_on(s, "", 0, false), ERR_INVALID);
}

static void test_port_in_use(void **state)
{
	struct scene *s = *state;
	struct listener *first;

	assert_int_equal(listen_on(s, "127.0.0.1", 0, false), ERR_OK);
	first = s->listener;
	assert_int_equal(listen_on(s, "127.0.0.1", listener_port(first), false), ERR_SYSTEM);
	assert_non_null(strstr(s->why, "in use"));
	assert_ptr_equal(s->listener, first);
}

static void test_port_that_is_shared(void **state)
{
	struct scene *s = *state;
	struct listener *first;

	assert_int_equal(listen_on(s, "127.0.0.1", 0, true), ERR_OK);
	first = s->listener;
	assert_int_equal(listen_on(s, "127.0.0.1", listener_port(first), true), ERR_OK);
	assert_int_equal(listener_port(first), listener_port(s->listener));
	listener_free(&first);
}

static void test_no_more_connections_when_it_is_gone(void **state)
{
	struct scene *s = *state;
	uint16_t port;

	assert_int_equal(listen_on(s, "127.0.0.1", 0, false), ERR_OK);
	port = listener_port(s->listener);
	listener_free(&s->listener);
	assert_false(connect_to(s, "127.0.0.1", port));
}

static void count_turn(void *ctx)
{
	struct scene *s = ctx;

	s->turns++;
}

static void give_files_back(void *ctx)
{
	struct scene *s = ctx;

	assert_int_equal(s->accepted, 0);
	assert_true(s->turns < 10); /* it rested */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &s->files), 0);
}

static void test_rests_without_descriptors_and_recovers(void **state)
{
	struct scene *s = *state;
	struct rlimit few;
	int next;

	assert_int_equal(listen_on(s, "127.0.0.1", 0, false), ERR_OK);
	assert_true(connect_to(s, "127.0.0.1", listener_port(s->listener)));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &s->files), 0);
	next = dup(0);
	close(next);
	few = (struct rlimit){(rlim_t)next, s->files.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	loop_on_turn(s->loop, count_turn, s);
	s->timer = loop_timer_new(s->loop, give_files_back, s);
	loop_timer_arm(s->timer, 100);
	s->expected = 1;
	loop_run(s->loop);
	assert_int_equal(s->accepted, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_accepts),
	    TEST(test_little_piles_up_for_who_does_not_read),
	    TEST(test_more_than_one_batch),
	    TEST(test_only_the_address_it_was_given),
	    TEST(test_any_address_of_both_kinds),
	    TEST(test_not_an_address),
	    TEST(test_port_in_use),
	    TEST(test_port_that_is_shared),
	    TEST(test_no_more_connections_when_it_is_gone),
	    TEST(test_rests_without_descriptors_and_recovers),
	};

	log_setup("listener_test", LOG_FORMAT_TEXT, LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
