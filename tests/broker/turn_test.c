#include "tests/check.h"

#include "broker/turn.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>
#include <zmq.h>

/* A loop with a descriptor, and a diary of what was called. */
struct world {
	struct turn *turn;
	int fd;
	void *near, *far; /* a pair of sockets */
	char diary[64];
	unsigned ends, ticks, rare_ticks;
	unsigned stop_after; /* ends of turns; 0 = never */
	struct mono seen;
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->turn = turn_new();
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	*state = w;
	return w->fd < 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	if (w->near)
		zmq_close(w->near);
	if (w->far)
		zmq_close(w->far);
	close(w->fd);
	turn_free(&w->turn);
	assert_null(w->turn);
	turn_free(&w->turn);
	test_free(w);
	return 0;
}

static void connect_pair(struct world *w)
{
	w->near = zmq_socket(turn_zmq_context(w->turn), ZMQ_PAIR);
	w->far = zmq_socket(turn_zmq_context(w->turn), ZMQ_PAIR);
	assert_int_equal(zmq_bind(w->near, "inproc://pair"), 0);
	assert_int_equal(zmq_connect(w->far, "inproc://pair"), 0);
}

static void ring(struct world *w)
{
	uint64_t one = 1;

	assert_int_equal(write(w->fd, &one, sizeof(one)), sizeof(one));
}

static void note(struct world *w, const char *what)
{
	if (strlen(w->diary) + strlen(what) < sizeof(w->diary))
		strcat(w->diary, what);
}

static void on_fd(void *ctx)
{
	struct world *w = ctx;
	uint64_t count;

	assert_int_equal(read(w->fd, &count, sizeof(count)), sizeof(count));
	note(w, "fd ");
}

static void on_socket(void *ctx)
{
	struct world *w = ctx;
	char text[8] = "";

	assert_true(zmq_recv(w->near, text, sizeof(text) - 1, ZMQ_DONTWAIT) > 0);
	note(w, text);
}

static void on_end(void *ctx)
{
	struct world *w = ctx;

	note(w, "end ");
	w->ends++;
	if (w->stop_after && w->ends >= w->stop_after)
		turn_stop(w->turn);
}

static void on_last(void *ctx)
{
	note(ctx, "last ");
}

static void on_stop(void *ctx)
{
	struct world *w = ctx;
	uint64_t count;

	assert_int_equal(read(w->fd, &count, sizeof(count)), sizeof(count));
	note(w, "stop ");
	turn_stop(w->turn);
}

static void test_sources_then_hooks_in_their_order(void **state)
{
	struct world *w = *state;

	connect_pair(w);
	turn_on_socket(w->turn, w->near, on_socket, w);
	turn_on_fd(w->turn, w->fd, on_fd, w);
	turn_on_end(w->turn, on_end, w);
	turn_on_end(w->turn, on_last, w);
	w->stop_after = 1;
	ring(w);
	assert_int_equal(zmq_send(w->far, "zmq ", 4, 0), 4);
	assert_int_equal(turn_run(w->turn), ERR_OK);
	assert_string_equal(w->diary, "zmq fd end last ");
}

static void test_only_who_is_readable_is_called(void **state)
{
	struct world *w = *state;

	connect_pair(w);
	turn_on_socket(w->turn, w->near, on_socket, w);
	turn_on_fd(w->turn, w->fd, on_fd, w);
	turn_on_end(w->turn, on_end, w);
	w->stop_after = 1;
	ring(w);
	assert_int_equal(turn_run(w->turn), ERR_OK);
	assert_string_equal(w->diary, "fd end ");
}

static void test_what_is_left_wakes_the_next_turn(void **state)
{
	struct world *w = *state;

	connect_pair(w);
	turn_on_socket(w->turn, w->near, on_socket, w);
	turn_on_end(w->turn, on_end, w);
	w->stop_after = 2;
	assert_int_equal(zmq_send(w->far, "one ", 4, 0), 4);
	assert_int_equal(zmq_send(w->far, "two ", 4, 0), 4);
	assert_int_equal(turn_run(w->turn), ERR_OK);
	assert_string_equal(w->diary, "one end two end ");
}

/* What was decided in the last turn still has to leave. */
static void test_the_turn_that_stops_ends_as_every_turn(void **state)
{
	struct world *w = *state;

	turn_on_fd(w->turn, w->fd, on_stop, w);
	turn_on_end(w->turn, on_end, w);
	ring(w);
	assert_int_equal(turn_run(w->turn), ERR_OK);
	assert_string_equal(w->diary, "stop end ");
	assert_int_equal(turn_run(w->turn), ERR_OK); /* stopped is stopped */
	assert_int_equal(w->ends, 1);
}

enum { TICK_MS = 15, TICKS = 4 };

static void on_tick(void *ctx)
{
	struct world *w = ctx;
	struct mono now = turn_now(w->turn);

	assert_true(mono_ms_between(w->seen, now) >= TICK_MS);
	w->seen = now;
	if (++w->ticks == TICKS)
		turn_stop(w->turn);
}

static void on_rare_tick(void *ctx)
{
	((struct world *)ctx)->rare_ticks++;
}

static void test_intervals(void **state)
{
	struct world *w = *state;
	struct mono began = w->seen = turn_now(w->turn);

	turn_every(w->turn, 3600 * 1000, on_rare_tick, w);
	turn_every(w->turn, TICK_MS, on_tick, w);
	turn_on_end(w->turn, on_end, w);
	assert_int_equal(turn_run(w->turn), ERR_OK);
	assert_int_equal(w->ticks, TICKS);
	assert_int_equal(w->rare_ticks, 0);
	assert_true(mono_ms_between(began, clock_mono()) >= TICK_MS * TICKS);
	/* It slept in between: a few turns, not thousands. */
	assert_true(w->ends < TICKS * 4);
}

static void on_end_with_work_left(void *ctx)
{
	struct world *w = ctx;

	on_end(w);
	turn_again(w->turn);
}

/* Nothing is readable and nothing is due: every turn but for turn_again() would sleep a minute. */
static void test_work_left_over_keeps_it_awake(void **state)
{
	struct world *w = *state;

	turn_again(w->turn);
	turn_on_end(w->turn, on_end_with_work_left, w);
	w->stop_after = 1000;
	struct mono began = clock_mono();

	assert_int_equal(turn_run(w->turn), ERR_OK);
	assert_int_equal(w->ends, 1000);
	assert_true(mono_ms_between(began, clock_mono()) < 10000);
}

static void on_deadline(void *ctx)
{
	turn_stop(((struct world *)ctx)->turn);
}

static void test_again_is_good_for_one_turn(void **state)
{
	struct world *w = *state;

	turn_again(w->turn);
	turn_on_end(w->turn, on_end, w);
	turn_every(w->turn, 50, on_deadline, w);
	assert_int_equal(turn_run(w->turn), ERR_OK);
	assert_in_range(w->ends, 2, 4);
}

static void on_end_look_at_the_clock(void *ctx)
{
	struct world *w = ctx;

	w->seen = turn_now(w->turn);
	assert_true(!mono_before(clock_mono(), w->seen));
	assert_true(turn_wall(w->turn).ms > 1700000000000);
	turn_stop(w->turn);
}

static void test_a_turn_has_one_time(void **state)
{
	struct world *w = *state;
	struct mono made = turn_now(w->turn);

	turn_again(w->turn);
	turn_on_end(w->turn, on_end_look_at_the_clock, w);
	assert_int_equal(turn_run(w->turn), ERR_OK);
	assert_true(mono_us_between(made, w->seen) > 0);
	assert_int_equal(turn_now(w->turn).us, w->seen.us);
}

static volatile sig_atomic_t signals;

static void on_alarm(int number)
{
	(void)number;
	signals++;
}

static void on_end_after_signal(void *ctx)
{
	if (signals > 0)
		turn_stop(((struct world *)ctx)->turn);
}

static void test_a_signal_is_no_failure(void **state)
{
	struct world *w = *state;
	struct sigaction action = {.sa_handler = on_alarm}, before;
	/* Again and again: the first may come before the loop sleeps. */
	struct itimerval soon = {.it_value = {.tv_usec = 10000}, .it_interval = {.tv_usec = 10000}};
	struct itimerval never = {0};

	sigaction(SIGALRM, &action, &before);
	turn_on_fd(w->turn, w->fd, on_fd, w);
	turn_on_end(w->turn, on_end_after_signal, w);
	setitimer(ITIMER_REAL, &soon, NULL);
	enum err e = turn_run(w->turn);

	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(e, ERR_OK);
	assert_true(signals > 0);
	sigaction(SIGALRM, &before, NULL);
}

static void test_waiting_for_what_is_closed_fails(void **state)
{
	struct world *w = *state;

	connect_pair(w);
	turn_on_socket(w->turn, w->near, on_socket, w);
	zmq_close(w->near);
	w->near = NULL;
	assert_int_equal(turn_run(w->turn), ERR_SYSTEM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_sources_then_hooks_in_their_order),
	    TEST(test_only_who_is_readable_is_called),
	    TEST(test_what_is_left_wakes_the_next_turn),
	    TEST(test_the_turn_that_stops_ends_as_every_turn),
	    TEST(test_intervals),
	    TEST(test_work_left_over_keeps_it_awake),
	    TEST(test_again_is_good_for_one_turn),
	    TEST(test_a_turn_has_one_time),
	    TEST(test_a_signal_is_no_failure),
	    TEST(test_waiting_for_what_is_closed_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
