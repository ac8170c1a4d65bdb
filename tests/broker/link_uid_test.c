#include "tests/check.h"

#include "broker/link.h"
#include "tests/broker/visitor.h"
#include "tests/common/tempdir.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

/* Who may come in by ipc. The kernel is asked, so the other side is a process of its own. */

enum { NOBODY = 65534 };

struct world {
	struct tempdir *dir;
	void *context;
	struct link *link;
	int go[2];
	char endpoint[256];
};

/* A process that waits for the go, then connects as this user and exits with its fate. */
static pid_t start_client(const struct world *w, uid_t uid)
{
	pid_t pid = fork();
	char byte;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (read(w->go[0], &byte, 1) != 1 || setuid(uid) != 0)
		_exit(-1);
	struct visitor *v = visitor_new("east", w->endpoint, NULL);
	zmq_pollitem_t item = {.socket = visitor_watch(v), .events = ZMQ_POLLIN};

	_exit(
	    zmq_poll(&item, 1, VISITOR_DEADLINE_MS) == 1 ? (int)visitor_fate(v) : VISITOR_WAITING);
}

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->dir = tempdir_new();
	snprintf(w->endpoint, sizeof(w->endpoint), "ipc://%s", tempdir_path(w->dir, "link.sock"));
	*state = w;
	return pipe(w->go);
}

static int teardown(void **state)
{
	struct world *w = *state;

	link_free(&w->link);
	if (w->context)
		zmq_ctx_term(w->context);
	close(w->go[0]);
	close(w->go[1]);
	tempdir_free(&w->dir);
	test_free(w);
	return 0;
}

/* Everybody may open the socket's file: it is the link that has to say no. */
static void open_link(struct world *w)
{
	struct link_conf conf = {.endpoints = {[LINK_IPC] = w->endpoint}, .heartbeat_ms = 1000};
	char why[LINK_WHY_SIZE];

	w->context = zmq_ctx_new();
	assert_int_equal(link_new(w->context, &conf, why, &w->link), ERR_OK);
	assert_int_equal(chmod(tempdir_path(w->dir, ""), 0755), 0);
	assert_int_equal(chmod(tempdir_path(w->dir, "link.sock"), 0777), 0);
}

/* The client is started before there is any thread here. */
static int fate_of(struct world *w, uid_t uid)
{
	pid_t pid = start_client(w, uid);
	int status;

	open_link(w);
	assert_int_equal(write(w->go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_our_own_user_comes_in(void **state)
{
	assert_int_equal(fate_of(*state, geteuid()), VISITOR_IN);
}

static void test_another_user_does_not(void **state)
{
	if (geteuid() != 0)
		skip(); /* only root can be somebody else */
	assert_int_equal(fate_of(*state, NOBODY), VISITOR_DROPPED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_our_own_user_comes_in),
	    TEST(test_another_user_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
