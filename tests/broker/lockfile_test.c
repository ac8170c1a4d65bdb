#include "broker/lockfile.h"

#include "tests/common/tempdir.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char why[400];

static void can_be_taken_released_and_taken_again(void **state)
{
	struct tempdir *t = tempdir_new();
	const char *path = tempdir_path(t, "db.lock");
	struct lockfile *l = NULL;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(lockfile_take(path, why, sizeof(why), &l), ERR_OK);
		lockfile_release(&l);
		assert_null(l);
	}
	lockfile_release(&l);
	tempdir_free(&t);
}

static void holds_the_pid(void **state)
{
	struct tempdir *t = tempdir_new();
	/* What a dead process with a longer pid left is not mixed into ours. */
	const char *path = tempdir_write(t, "db.lock", "99999999999\n", 12, 0644);
	struct lockfile *l = NULL;
	char text[64] = "", expected[64];

	(void)state;
	assert_int_equal(lockfile_take(path, why, sizeof(why), &l), ERR_OK);
	FILE *f = fopen(path, "re");

	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
	assert_string_equal(text, expected);
	lockfile_release(&l);
	tempdir_free(&t);
}

/* A process that holds the lock until it is killed. */
static pid_t start_holder(const char *path)
{
	int ready[2];

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct lockfile *l;
		bool is_taken = lockfile_take(path, why, sizeof(why), &l) == ERR_OK;

		if (write(ready[1], is_taken ? "y" : "n", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	char answer;

	assert_int_equal(read(ready[0], &answer, 1), 1);
	assert_int_equal(answer, 'y');
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void names_the_process_that_holds_it_and_outlives_none(void **state)
{
	struct tempdir *t = tempdir_new();
	const char *path = tempdir_path(t, "db.lock");
	struct lockfile *l = NULL;
	char pid_text[32];

	(void)state;
	pid_t holder = start_holder(path);

	snprintf(pid_text, sizeof(pid_text), "process %ld,", (long)holder);
	assert_int_equal(lockfile_take(path, why, sizeof(why), &l), ERR_BUSY);
	assert_null(l);
	assert_non_null(strstr(why, pid_text));
	assert_non_null(strstr(why, path));
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	assert_int_equal(lockfile_take(path, why, sizeof(why), &l), ERR_OK);
	lockfile_release(&l);
	tempdir_free(&t);
}

static void says_why_a_directory_does_not_serve(void **state)
{
	struct tempdir *t = tempdir_new();
	struct lockfile *l = NULL;

	(void)state;
	tempdir_write(t, "file", "", 0, 0644);
	const char *const paths[] = {tempdir_path(t, "missing/db.lock"),
	    tempdir_path(t, "file/db.lock"), tempdir_path(t, ""), "/proc/db.lock"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		assert_int_equal(lockfile_take(paths[i], why, sizeof(why), &l), ERR_DENIED);
		assert_null(l);
		assert_non_null(strstr(why, paths[i]));
	}
	tempdir_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(can_be_taken_released_and_taken_again),
	    cmocka_unit_test(holds_the_pid),
	    cmocka_unit_test(names_the_process_that_holds_it_and_outlives_none),
	    cmocka_unit_test(says_why_a_directory_does_not_serve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
