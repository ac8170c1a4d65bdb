#include "broker/worker.h"

#include <assert.h>
#include <czmq.h>

struct worker {
	zactor_t *actor;
	worker_fn *fn;
	void *ctx;
	size_t jobs;
};

/* A pointer is all that ever goes through the pipe. Signals interrupt, the owner's end decides. */
static bool pass(void *socket, const void *pointer)
{
	int n;

	do
		n = zmq_send(socket, &pointer, sizeof(pointer), 0);
	while (n < 0 && errno == EINTR);
	return n == (int)sizeof(pointer);
}

static bool receive(void *socket, int flags, void **ret)
{
	void *pointer = NULL;
	int n;

	do
		n = zmq_recv(socket, &pointer, sizeof(pointer), flags);
	while (n < 0 && errno == EINTR);
	/* Anything of another size is czmq's own order to end. */
	if (n != (int)sizeof(pointer))
		return false;
	*ret = pointer;
	return true;
}

static void run(zsock_t *pipe, void *arg)
{
	struct worker *w = arg;
	void *socket = zsock_resolve(pipe);
	void *job;

	zsock_signal(pipe, 0);
	while (receive(socket, 0, &job) && job) {
		w->fn(w->ctx, job);
		if (!pass(socket, job))
			return;
	}
	/* The last word: from here on the thread touches nothing of the worker. */
	pass(socket, NULL);
}

struct worker *worker_new(worker_fn *fn, void *ctx)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	w->fn = fn;
	w->ctx = ctx;
	w->actor = zactor_new(run, w);
	assert(w->actor);
	return w;
}

void worker_free(struct worker **w)
{
	struct worker *dead = *w;
	void *last;

	*w = NULL;
	if (!dead)
		return;
	assert(dead->jobs == 0);
	/* zactor_destroy() alone does not wait when a signal comes in between. */
	if (pass(worker_socket(dead), NULL))
		(void)receive(worker_socket(dead), 0, &last);
	zactor_destroy(&dead->actor);
	free(dead);
}

void worker_give(struct worker *w, void *job)
{
	assert(job && w->jobs < WORKER_JOBS_MAX);
	bool is_given = pass(worker_socket(w), job);

	assert(is_given);
	(void)is_given;
	w->jobs++;
}

static void *take(struct worker *w, int flags)
{
	void *job;

	if (w->jobs == 0 || !receive(worker_socket(w), flags, &job))
		return NULL;
	w->jobs--;
	return job;
}

void *worker_take(struct worker *w)
{
	return take(w, ZMQ_DONTWAIT);
}

void *worker_wait(struct worker *w)
{
	return take(w, 0);
}

size_t worker_jobs(const struct worker *w)
{
	return w->jobs;
}

void *worker_socket(const struct worker *w)
{
	return zsock_resolve(w->actor);
}
