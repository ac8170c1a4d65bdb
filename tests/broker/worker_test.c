#include "broker/worker.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <zmq.h>

enum { DEADLINE_MS = 10000 };

struct job {
	int input, output;
	pthread_t thread;
};

static void square(void *ctx, void *arg)
{
	struct job *job = arg;

	(*(int *)ctx)++;
	job->output = job->input * job->input;
	job->thread = pthread_self();
}

static void *poll_and_take(struct worker *w)
{
	zmq_pollitem_t item = {.socket = worker_socket(w), .events = ZMQ_POLLIN};

	assert_int_equal(zmq_poll(&item, 1, DEADLINE_MS), 1);
	return worker_take(w);
}

static void gives_jobs_back_done_in_order(void **state)
{
	int done = 0;
	struct job jobs[20];
	struct worker *w = worker_new(square, &done);

	(void)state;
	for (int i = 0; i < 20; i++) {
		jobs[i] = (struct job){.input = i};
		worker_give(w, &jobs[i]);
	}
	assert_int_equal(worker_jobs(w), 20);
	for (int i = 0; i < 20; i++) {
		struct job *job = poll_and_take(w);

		assert_ptr_equal(job, &jobs[i]);
		assert_int_equal(job->output, i * i);
		assert_false(pthread_equal(job->thread, pthread_self()));
	}
	assert_int_equal(worker_jobs(w), 0);
	assert_null(worker_take(w));
	worker_free(&w);
	assert_null(w);
	assert_int_equal(done, 20);
}

static void waits_when_asked_to(void **state)
{
	int done = 0;
	struct job job = {.input = 3};
	struct worker *w = worker_new(square, &done);

	(void)state;
	assert_null(worker_wait(w));
	worker_give(w, &job);
	assert_ptr_equal(worker_wait(w), &job);
	assert_int_equal(job.output, 9);
	assert_null(worker_wait(w));
	worker_free(&w);
	worker_free(&w);
}

static void hold(void *ctx, void *job)
{
	(void)job;
	pthread_mutex_lock(ctx);
	pthread_mutex_unlock(ctx);
}

static void takes_all_it_may_have_without_blocking(void **state)
{
	static int jobs[WORKER_JOBS_MAX];
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct worker *w = worker_new(hold, &gate);

	(void)state;
	pthread_mutex_lock(&gate);
	for (int i = 0; i < WORKER_JOBS_MAX; i++)
		worker_give(w, &jobs[i]);
	assert_null(worker_take(w));
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < WORKER_JOBS_MAX; i++)
		assert_ptr_equal(worker_wait(w), &jobs[i]);
	worker_free(&w);
}

static void interrupt(int signal_number)
{
	(void)signal_number;
}

static void signal_owner(void *ctx, void *job)
{
	(void)job;
	for (int i = 0; i < 100; i++)
		pthread_kill(*(pthread_t *)ctx, SIGUSR1);
}

static void signals_do_not_disturb_it(void **state)
{
	pthread_t owner = pthread_self();
	struct sigaction action = {.sa_handler = interrupt};
	struct worker *w = worker_new(signal_owner, &owner);
	int job;

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 50; i++) {
		worker_give(w, &job);
		assert_ptr_equal(worker_wait(w), &job);
	}
	worker_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_jobs_back_done_in_order),
	    cmocka_unit_test(waits_when_asked_to),
	    cmocka_unit_test(takes_all_it_may_have_without_blocking),
	    cmocka_unit_test(signals_do_not_disturb_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
