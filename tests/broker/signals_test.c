#include "tests/check.h"

#include "broker/signals.h"

#include <signal.h>
#include <unistd.h>

static void test_a_signal_is_read_once(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(signals_open(&fd), ERR_OK);
	assert_int_equal(signals_read(fd), 0);
	raise(SIGTERM);
	assert_int_equal(signals_read(fd), SIGTERM);
	raise(SIGINT);
	assert_int_equal(signals_read(fd), SIGINT);
	raise(SIGHUP);
	assert_int_equal(signals_read(fd), SIGHUP);
	assert_int_equal(signals_read(fd), 0);
	close(fd);
}

static void test_what_must_not_end_the_process_does_not(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(signals_open(&fd), ERR_OK);
	raise(SIGPIPE);
	raise(SIGXFSZ);
	assert_int_equal(signals_read(fd), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_signal_is_read_once),
	    cmocka_unit_test(test_what_must_not_end_the_process_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
