#include "common/service.h"

#include "tests/common/tempdir.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A service manager: the socket it listens on. */
struct manager {
	struct tempdir *dir;
	int fd;
};

static int set_up(void **state)
{
	static struct manager m;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	m.dir = tempdir_new();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", tempdir_path(m.dir, "notify"));
	m.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(m.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	*state = &m;
	return 0;
}

static int tear_down(void **state)
{
	struct manager *m = *state;

	close(m->fd);
	tempdir_free(&m->dir);
	unsetenv("NOTIFY_SOCKET");
	return 0;
}

static void assert_told(const struct manager *m, const char *expected)
{
	char message[256];
	ssize_t n = recv(m->fd, message, sizeof(message) - 1, 0);

	assert_true(n > 0);
	message[n] = '\0';
	assert_string_equal(message, expected);
	assert_int_equal(recv(m->fd, message, sizeof(message), 0), -1);
}

static void ready_with_a_status(void **state)
{
	service_ready("serving on port 3000");
	assert_told(*state, "READY=1\nSTATUS=serving on port 3000");
}

static void a_status_is_one_line(void **state)
{
	service_status("draining: 12 left");
	assert_told(*state, "STATUS=draining: 12 left");
	service_status("one\nMAINPID=1");
	assert_told(*state, "STATUS=one");
	service_ready("100%s\nSTOPPING=1");
	assert_told(*state, "READY=1\nSTATUS=100%s");
}

static void stopping(void **state)
{
	service_stopping();
	assert_told(*state, "STOPPING=1");
}

static void the_watchdog_is_fed(void **state)
{
	service_watchdog();
	assert_told(*state, "WATCHDOG=1");
}

static void without_a_manager_nothing_happens(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	service_ready("x");
	service_status("x");
	service_stopping();
	service_watchdog();
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	service_ready("x");
	unsetenv("NOTIFY_SOCKET");
}

static void the_watchdog_is_due_twice_in_its_time(void **state)
{
	char pid[32];

	(void)state;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	assert_int_equal(service_watchdog_interval_ms(), 0);
	setenv("WATCHDOG_USEC", "10000000", 1);
	assert_int_equal(service_watchdog_interval_ms(), 5000);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(service_watchdog_interval_ms(), 5000);
	setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
	assert_int_equal(service_watchdog_interval_ms(), 0);
	setenv("WATCHDOG_USEC", "nonsense", 1);
	unsetenv("WATCHDOG_PID");
	assert_int_equal(service_watchdog_interval_ms(), 0);
	unsetenv("WATCHDOG_USEC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(ready_with_a_status, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_status_is_one_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(stopping, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_watchdog_is_fed, set_up, tear_down),
	    cmocka_unit_test(without_a_manager_nothing_happens),
	    cmocka_unit_test(the_watchdog_is_due_twice_in_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
