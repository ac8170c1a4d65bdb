#include "common/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Second half of log.c's tests: how lines get out, whatever standard error is. */

static bool is_reluctant;

/* Stands in for libc's; the linker prefers it. */
ssize_t write(int fd, const void *bytes, size_t n)
{
	static unsigned turn;

	if (is_reluctant && turn++ % 3 > 0) {
		errno = turn % 3 == 0 ? EINTR : EAGAIN;
		return -1;
	}
	return syscall(SYS_write, fd, bytes, is_reluctant && n > 7 ? 7 : n);
}

static int saved_stderr;

/* Standard error leads into this descriptor, which is taken, until give_back(). */
static void catch_into(int writing)
{
	saved_stderr = dup(STDERR_FILENO);
	dup2(writing, STDERR_FILENO);
	close(writing);
}

static void give_back(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
}

static void auto_is_text_on_a_terminal(void **state)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	char line[256] = "";

	(void)state;
	if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0)
		skip();
	catch_into(open(ptsname(terminal), O_RDWR | O_NOCTTY));
	log_setup("p", LOG_FORMAT_AUTO, LOG_INFO);
	log_info("a.b", LOG_U(BYTES, 1));
	assert_true(read(terminal, line, sizeof(line) - 1) > 0);
	give_back();
	close(terminal);
	assert_non_null(strstr(line, " info a.b bytes=1"));
}

static void errno_survives(void **state)
{
	int ends[2];

	(void)state;
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	catch_into(ends[1]);
	errno = ENOENT;
	log_info("a.b"); /* fails: nobody reads, and the signal is ignored */
	int after = errno;

	give_back();
	assert_int_equal(after, ENOENT);
}

struct drain {
	int fd;
	size_t lines, bad;
};

/* Reads slowly, in small pieces, until the end; checks every line. */
static void *drain_lines(void *arg)
{
	struct drain *d = arg;
	FILE *in = fdopen(d->fd, "r");
	char *line = NULL;
	size_t size = 0;

	setvbuf(in, NULL, _IOFBF, 100);
	while (getline(&line, &size, in) > 0) {
		json_t *root = json_loads(line, 0, NULL);

		d->lines++;
		d->bad += !root;
		json_decref(root);
	}
	free(line);
	fclose(in);
	return NULL;
}

/* Like a terminal or a network socket: a write takes a little, is interrupted, or has no room. */
static void lines_are_written_to_the_end(void **state)
{
	char line[4096] = "";
	int ends[2];

	(void)state;
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
	assert_int_equal(pipe(ends), 0);
	catch_into(ends[1]);
	is_reluctant = true;
	log_info("a.b", LOG_Z(MESSAGE, "said in many pieces"), LOG_U(COUNT, 1));
	is_reluctant = false;
	give_back();
	assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
	close(ends[0]);
	json_t *root = json_loads(line, 0, NULL);

	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "count")), 1);
	json_decref(root);
}

/* A socket with little room refuses whole lines until its reader has made some. */
static void full_sockets_are_waited_for(void **state)
{
	char text[500];
	int ends[2], room = 2048;
	struct drain d = {0};
	pthread_t thread;

	(void)state;
	memset(text, 'x', sizeof(text));
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	d.fd = ends[0];
	catch_into(ends[1]);
	assert_int_equal(pthread_create(&thread, NULL, drain_lines, &d), 0);
	for (size_t i = 0; i < 500; i++)
		log_info(
		    "a.b", LOG_U(COUNT, i), LOG_S(MESSAGE, ((struct str){text, sizeof(text)})));
	give_back();
	pthread_join(thread, NULL);
	assert_int_equal(d.lines, 500);
	assert_int_equal(d.bad, 0);
}

static void *log_many(void *arg)
{
	for (size_t i = 0; i < 200; i++)
		log_info("a.b", LOG_S(PEER, ((struct str){arg, 1})), LOG_U(COUNT, i));
	return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
	int ends[2];
	struct drain d = {0};
	pthread_t reader, writers[3];
	char names[] = "abc";

	(void)state;
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
	assert_int_equal(pipe(ends), 0);
	d.fd = ends[0];
	catch_into(ends[1]);
	assert_int_equal(pthread_create(&reader, NULL, drain_lines, &d), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, log_many, &names[i]), 0);
	for (size_t i = 0; i < 3; i++)
		pthread_join(writers[i], NULL);
	give_back();
	pthread_join(reader, NULL);
	assert_int_equal(d.lines, 600);
	assert_int_equal(d.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(auto_is_text_on_a_terminal),
	    cmocka_unit_test(errno_survives),
	    cmocka_unit_test(lines_are_written_to_the_end),
	    cmocka_unit_test(full_sockets_are_waited_for),
	    cmocka_unit_test(threads_do_not_mix_their_lines),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
