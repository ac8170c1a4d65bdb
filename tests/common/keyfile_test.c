#include "common/keyfile.h"

#include "tests/common/tempdir.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int set_up(void **state)
{
	unsetenv("CREDENTIALS_DIRECTORY");
	*state = tempdir_new();
	return 0;
}

static int tear_down(void **state)
{
	struct tempdir *t = *state;

	unsetenv("CREDENTIALS_DIRECTORY");
	tempdir_free(&t);
	return 0;
}

static const char *write_text(struct tempdir *t, const char *text, mode_t mode)
{
	return tempdir_write(t, "key", text, strlen(text), mode);
}

static void assert_reads(const char *path, enum keyfile_kind kind, const char *expected)
{
	struct buf b = {0};
	char why[KEYFILE_WHY_SIZE] = "";

	buf_puts(&b, STR("<"));
	enum err e = keyfile_read(path, kind, &b, why);

	if (e)
		fail_msg("%s: %s", err_name(e), why);
	assert_int_equal(buf_bytes(&b).len, 1 + strlen(expected));
	assert_memory_equal(buf_bytes(&b).p + 1, expected, strlen(expected));
	buf_free(&b);
}

/* The error, with path and hint in its sentence. */
static void assert_refused(const char *path, enum keyfile_kind kind, enum err e, const char *hint)
{
	struct buf b = {0};
	char why[KEYFILE_WHY_SIZE] = "";

	buf_puts(&b, STR("kept"));
	assert_int_equal(keyfile_read(path, kind, &b, why), e);
	if (!strstr(why, path) || !strstr(why, hint))
		fail_msg("'%s' says nothing of '%s'", why, hint);
	assert_true(str_eqz(buf_str(&b), "kept"));
	buf_free(&b);
}

static void white_space_at_the_end_is_cut(void **state)
{
	assert_reads(write_text(*state, "secret", 0600), KEYFILE_SECRET, "secret");
	assert_reads(write_text(*state, "secret\n", 0600), KEYFILE_SECRET, "secret");
	assert_reads(write_text(*state, " se cret \t\r\n\n", 0600), KEYFILE_SECRET, " se cret");
}

static void any_other_bytes_are_kept(void **state)
{
	const char *path = tempdir_write(*state, "key", "a\0b\n\xff\0", 6, 0600);
	struct buf b = {0};
	char why[KEYFILE_WHY_SIZE];

	assert_int_equal(keyfile_read(path, KEYFILE_SECRET, &b, why), ERR_OK);
	assert_true(str_eq(buf_str(&b), STR("a\0b\n\xff\0")));
	buf_free(&b);
}

static void a_secret_is_the_owners_alone(void **state)
{
	static const mode_t good[] = {0600, 0400, 0700},
			    bad[] = {0640, 0604, 0644, 0620, 0610, 0666};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_reads(write_text(*state, "s", good[i]), KEYFILE_SECRET, "s");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *path = write_text(*state, "s", bad[i]);

		assert_refused(path, KEYFILE_SECRET, ERR_DENIED, "run: chmod 600 '");
		assert_reads(path, KEYFILE_PUBLIC, "s");
		chmod(path, 0600);
	}
}

static void a_link_is_followed_to_the_file_and_its_mode(void **state)
{
	const char *file = write_text(*state, "s", 0600), *link = tempdir_path(*state, "link");

	assert_int_equal(symlink(file, link), 0);
	assert_reads(link, KEYFILE_SECRET, "s");
	chmod(file, 0644);
	assert_refused(link, KEYFILE_SECRET, ERR_DENIED, "chmod");
}

/* What LoadCredential= gives a service that does not run as root looks like this. */
static void a_credential_may_be_roots_and_readable_by_group(void **state)
{
	const char *path = write_text(*state, "s", 0440);

	if (geteuid() != 0)
		skip();
	assert_refused(path, KEYFILE_SECRET, ERR_DENIED, "chmod");
	setenv("CREDENTIALS_DIRECTORY", tempdir_path(*state, ""), 1);
	assert_reads(path, KEYFILE_SECRET, "s");
	chmod(path, 0444);
	assert_refused(path, KEYFILE_SECRET, ERR_DENIED, "0444");
	chmod(path, 0460);
	assert_refused(path, KEYFILE_SECRET, ERR_DENIED, "0460");
	chmod(path, 0440);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_refused(path, KEYFILE_SECRET, ERR_DENIED, "chmod");
	assert_int_equal(chown(path, 0, 0), 0);
	setenv("CREDENTIALS_DIRECTORY", "/nowhere", 1);
	assert_refused(path, KEYFILE_SECRET, ERR_DENIED, "chmod");
}

/* A directory whose name only begins like the credentials' is another; so is one behind "..". */
static void a_credential_lies_in_its_directory(void **state)
{
	const char *given = tempdir_path(*state, "");
	char other[512], key[1024], around[1024];

	snprintf(other, sizeof(other), "%s-other", given);
	snprintf(key, sizeof(key), "%s/key", other);
	snprintf(around, sizeof(around), "%s/..%s/key", given, other + strlen("/tmp"));
	setenv("CREDENTIALS_DIRECTORY", given, 1);
	assert_int_equal(mkdir(other, 0700), 0);
	int fd = open(key, O_CREAT | O_WRONLY, 0440);

	assert_int_equal(write(fd, "s", 1), 1);
	close(fd);
	assert_refused(key, KEYFILE_SECRET, ERR_DENIED, "chmod");
	assert_refused(around, KEYFILE_SECRET, ERR_DENIED, "chmod");
	unlink(key);
	rmdir(other);
}

static void what_is_not_there(void **state)
{
	const char *file = write_text(*state, "s", 0600);
	char below[512];

	assert_refused(tempdir_path(*state, "none"), KEYFILE_PUBLIC, ERR_NOT_FOUND, "not exist");
	snprintf(below, sizeof(below), "%s/below", file);
	assert_refused(below, KEYFILE_PUBLIC, ERR_NOT_FOUND, "not exist");
}

static void an_empty_file_is_no_key(void **state)
{
	assert_refused(write_text(*state, "", 0600), KEYFILE_SECRET, ERR_INVALID, "empty");
	assert_refused(write_text(*state, " \n\n", 0600), KEYFILE_SECRET, ERR_INVALID, "empty");
}

static void what_is_no_file_is_refused_and_not_waited_for(void **state)
{
	const char *fifo = tempdir_path(*state, "fifo");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_refused(fifo, KEYFILE_SECRET, ERR_INVALID, "regular file");
	assert_refused(tempdir_path(*state, ""), KEYFILE_SECRET, ERR_INVALID, "regular file");
}

static void size_is_bounded(void **state)
{
	static char text[KEYFILE_MAX_BYTES + 2];
	struct tempdir *t = *state;

	memset(text, 'k', sizeof(text) - 1);
	assert_refused(tempdir_write(t, "big", text, KEYFILE_MAX_BYTES + 1, 0600), KEYFILE_SECRET,
	    ERR_TOO_BIG, "65536");
	text[KEYFILE_MAX_BYTES] = '\0';
	assert_reads(tempdir_write(t, "fits", text, KEYFILE_MAX_BYTES, 0600), KEYFILE_SECRET, text);
}

/* Files of /proc say that they have no byte and then give many, like a file that grows. */
static void size_is_bounded_while_reading(void **state)
{
	(void)state;
	assert_refused("/proc/self/smaps", KEYFILE_PUBLIC, ERR_TOO_BIG, "65536");
}

static void a_file_of_another_user(void **state)
{
	const char *path = write_text(*state, "s", 0600);
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct buf b = {0};
		char why[KEYFILE_WHY_SIZE] = "";

		/* To root nothing is denied; to anybody else this mode does it. */
		if (geteuid() == 0 ? setuid(65534) != 0 : chmod(path, 0) != 0)
			_exit(2);
		enum err e = keyfile_read(path, KEYFILE_SECRET, &b, why);

		_exit(
		    e == ERR_DENIED && strstr(why, path) && strstr(why, "may not be read") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void written_files_have_their_mode(void **state)
{
	const char *secret = tempdir_path(*state, "a.key"), *public = tempdir_path(*state, "a.pub");
	char why[KEYFILE_WHY_SIZE];
	mode_t before = umask(0177);

	assert_int_equal(keyfile_write(secret, KEYFILE_SECRET, STR("s3cret"), why), ERR_OK);
	assert_int_equal(keyfile_write(public, KEYFILE_PUBLIC, STR("public"), why), ERR_OK);
	umask(before);
	assert_int_equal(mode_of(secret), 0600);
	assert_int_equal(mode_of(public), 0644);
	assert_reads(secret, KEYFILE_SECRET, "s3cret");
	assert_reads(public, KEYFILE_PUBLIC, "public");
	struct stat st;

	assert_int_equal(stat(secret, &st), 0);
	assert_int_equal(st.st_size, strlen("s3cret\n"));
}

static void nothing_is_overwritten(void **state)
{
	const char *path = write_text(*state, "old", 0600);
	char why[KEYFILE_WHY_SIZE];

	assert_int_equal(keyfile_write(path, KEYFILE_SECRET, STR("new"), why), ERR_EXISTS);
	assert_non_null(strstr(why, path));
	assert_reads(path, KEYFILE_SECRET, "old");
	/* A link that leads nowhere stands in the way too: what it names is not created. */
	const char *target = tempdir_path(*state, "target"), *link = tempdir_path(*state, "link");

	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(keyfile_write(link, KEYFILE_SECRET, STR("new"), why), ERR_EXISTS);
	assert_int_equal(access(target, F_OK), -1);
}

static void where_nothing_can_be_created(void **state)
{
	const char *path = tempdir_path(*state, "none/key");
	char why[KEYFILE_WHY_SIZE];

	assert_int_equal(keyfile_write(path, KEYFILE_SECRET, STR("new"), why), ERR_IO);
	assert_non_null(strstr(why, path));
	assert_non_null(strstr(why, "No such file"));
}

static int lowest_free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(white_space_at_the_end_is_cut, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(any_other_bytes_are_kept, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_secret_is_the_owners_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_link_is_followed_to_the_file_and_its_mode, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_credential_may_be_roots_and_readable_by_group, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_credential_lies_in_its_directory, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_not_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_empty_file_is_no_key, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		what_is_no_file_is_refused_and_not_waited_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(size_is_bounded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(size_is_bounded_while_reading, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_file_of_another_user, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(written_files_have_their_mode, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_is_overwritten, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(where_nothing_can_be_created, set_up, tear_down),
	};
	int fd = lowest_free_fd();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (frame_live() != 0) + (lowest_free_fd() != fd);
}
