#include "tests/check.h"

#include "broker/doorman.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LIMIT = 256, DEADLINE_MS = 5000 };

static struct rlimit before;
static int listener, caller;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	return setrlimit(RLIMIT_NOFILE, &(struct rlimit){LIMIT, before.rlim_max});
}

static int teardown(void **state)
{
	(void)state;
	for (int fd = 3; fd < LIMIT; fd++)
		close(fd);
	doorman_favour(-1);
	return setrlimit(RLIMIT_NOFILE, &before);
}

/* Somebody waits at a door of that kind. */
static void call_at(int domain)
{
	struct sockaddr_storage at = {.ss_family = (sa_family_t)domain};
	/* Bound to nothing it is given a name, or a port, by the system. */
	socklen_t len = domain == AF_UNIX ? sizeof(sa_family_t) : sizeof(struct sockaddr_in);

	if (domain == AF_INET)
		((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(domain, SOCK_STREAM | SOCK_NONBLOCK, 0);
	caller = socket(domain, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 8), 0);
	len = sizeof(at);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(connect(caller, (struct sockaddr *)&at, len), 0);
	struct pollfd p = {.fd = listener, .events = POLLIN};

	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
}

/* Opens files until so many are left. */
static void leave(int count)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		assert_true(fd >= 0);
	} while (fd < LIMIT - count - 1);
}

static bool is_let_in(void)
{
	uint64_t turned_away = doorman_turned_away();
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0) {
		assert_int_equal(doorman_turned_away(), turned_away);
		return true;
	}
	assert_int_equal(errno, ECONNABORTED);
	assert_int_equal(doorman_turned_away(), turned_away + 1);
	return false;
}

static void test_with_enough_everybody_is_let_in(void **state)
{
	(void)state;
	call_at(AF_INET);
	assert_true(is_let_in());
	errno = 0;
	assert_int_equal(accept4(listener, NULL, NULL, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_who_comes_over_tcp_is_turned_away_first(void **state)
{
	char byte;

	(void)state;
	call_at(AF_INET);
	leave(DOORMAN_RESERVE);
	assert_false(is_let_in());
	/* He is told, and the queue is empty. */
	assert_int_equal(recv(caller, &byte, 1, 0), 0);
	assert_int_equal(accept4(listener, NULL, NULL, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_who_comes_from_here_is_let_in_longer(void **state)
{
	(void)state;
	call_at(AF_UNIX);
	leave(DOORMAN_RESERVE);
	assert_true(is_let_in());
}

static void test_and_turned_away_before_none_is_left(void **state)
{
	(void)state;
	call_at(AF_UNIX);
	leave(DOORMAN_RESERVE_IPC);
	assert_false(is_let_in());
}

static void test_a_favoured_door(void **state)
{
	(void)state;
	call_at(AF_INET);
	doorman_favour(listener);
	leave(1);
	assert_true(is_let_in());
}

static void test_nobody_hears_that_none_is_left(void **state)
{
	(void)state;
	call_at(AF_UNIX);
	leave(0);
	assert_false(is_let_in());
	close(LIMIT - 1);
	doorman_favour(listener);
	assert_true(is_let_in());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_with_enough_everybody_is_let_in),
	    TEST(test_who_comes_over_tcp_is_turned_away_first),
	    TEST(test_who_comes_from_here_is_let_in_longer),
	    TEST(test_and_turned_away_before_none_is_left),
	    TEST(test_a_favoured_door),
	    TEST(test_nobody_hears_that_none_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
