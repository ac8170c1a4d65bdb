#include "common/failpoint.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often a child comes past `name` before it dies there; -1 when it lives through ten times. */
static int survived(const char *armed, const char *name)
{
	int steps[2];
	char step;
	int count = 0, status;

	assert_int_equal(pipe(steps), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("ROOMCAST_FAILPOINT", armed, 1);
		for (int i = 0; i < 10; i++) {
			failpoint("elsewhere");
			failpoint(name);
			if (write(steps[1], "s", 1) != 1)
				break;
		}
		_exit(0);
	}
	close(steps[1]);
	while (read(steps[0], &step, 1) == 1)
		count++;
	close(steps[0]);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		return -1;
	assert_int_equal(WTERMSIG(status), SIGKILL);
	return count;
}

static void strikes_at_the_nth_time_it_is_passed(void **state)
{
	(void)state;
	assert_int_equal(survived("here:1", "here"), 0);
	assert_int_equal(survived("here:4", "here"), 3);
	assert_int_equal(survived("here:4:1", "here"), 3);
}

static void leaves_other_names_alone(void **state)
{
	(void)state;
	assert_int_equal(survived("there:1", "here"), -1);
	assert_int_equal(survived("here", "here"), -1);
	assert_int_equal(survived("here:", "here"), -1);
	assert_int_equal(survived("he:1", "here"), -1);
	assert_int_equal(survived("", "here"), -1);
	assert_int_equal(survived("here:11", "here"), -1);
}

static void a_file_arms_and_is_gone_afterwards(void **state)
{
	char name[] = "/tmp/failpoint_test.XXXXXX", armed[64];
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	snprintf(armed, sizeof(armed), "@%s", name);
	assert_int_equal(survived(armed, "here"), -1);
	assert_int_equal(write(fd, "there:2", 7), 7);
	assert_int_equal(survived(armed, "here"), -1);
	assert_int_equal(survived(armed, "there"), 1);
	assert_int_equal(access(name, F_OK), -1);
	assert_int_equal(survived(armed, "there"), -1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strikes_at_the_nth_time_it_is_passed),
	    cmocka_unit_test(leaves_other_names_alone),
	    cmocka_unit_test(a_file_arms_and_is_gone_afterwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
