#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/loop.h"

#include "common/frame.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What happened in a loop, one letter each, and after how many letters to stop it. */
struct story {
	struct loop *loop;
	char text[64];
	size_t len;
	size_t end;
	int fds[2];
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct mono due, seen;
	int count;
};

static void tell(struct story *s, char letter)
{
	if (s->len < sizeof(s->text) - 1)
		s->text[s->len++] = letter;
	if (s->len >= s->end)
		loop_stop(s->loop);
}

static int setup(void **state)
{
	struct story *s = xcalloc(1, sizeof(*s));

	s->loop = loop_new();
	s->end = 1;
	if (pipe(s->fds))
		return -1;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct story *s = *state;

	loop_watch_free(&s->watch);
	loop_timer_free(&s->timer);
	close(s->fds[0]);
	close(s->fds[1]);
	loop_free(&s->loop);
	free(s);
	return 0;
}

static void say_t(void *ctx)
{
	tell(ctx, 't');
}

static void say_h(void *ctx)
{
	tell(ctx, 'h');
}

static void say_i(void *ctx)
{
	tell(ctx, 'i');
}

static void read_one(void *ctx)
{
	struct story *s = ctx;
	char letter;

	assert_int_equal(read(s->fds[0], &letter, 1), 1);
	tell(s, letter);
}

static void write_all(struct story *s, const char *text)
{
	assert_int_equal(write(s->fds[1], text, strlen(text)), strlen(text));
}

static void test_timer_fires_once_and_not_early(void **state)
{
	struct story *s = *state;
	struct mono start = clock_mono();

	s->timer = loop_timer_new(s->loop, say_t, s);
	loop_timer_arm(s->timer, 3);
	loop_run(s->loop);
	assert_string_equal(s->text, "t");
	assert_true(mono_us_between(start, clock_mono()) >= 3000);
}

static void note_time(void *ctx)
{
	struct story *s = ctx;

	s->seen = clock_mono();
	tell(s, 't');
}

static void test_timer_at_fires_after_its_deadline(void **state)
{
	struct story *s = *state;

	s->timer = loop_timer_new(s->loop, note_time, s);
	for (uint64_t us = 100; us < 3000; us += 333) {
		s->end = s->len + 1;
		s->due = (struct mono){clock_mono().us + us};
		loop_timer_arm_at(s->timer, s->due);
		loop_run(s->loop);
		assert_false(mono_before(s->seen, s->due));
	}
}

static void rearm_in_the_past(void *ctx)
{
	struct story *s = ctx;

	loop_timer_arm_at(s->timer, (struct mono){1});
	tell(s, 't');
}

/* With a timer of 0 ms libuv 1.44 would never look at the pipe again. */
static void test_timer_in_the_past_lets_others_live(void **state)
{
	struct story *s = *state;

	s->end = 100;
	s->timer = loop_timer_new(s->loop, rearm_in_the_past, s);
	s->watch = loop_watch_new(s->loop, s->fds[0], read_one, s);
	loop_timer_arm(s->timer, 0);
	write_all(s, "abc");
	s->end = 12;
	loop_run(s->loop);
	assert_non_null(strchr(s->text, 'a'));
	assert_non_null(strchr(s->text, 'c'));
}

static void test_disarmed_timer_is_silent(void **state)
{
	struct story *s = *state;
	struct loop_timer *other = loop_timer_new(s->loop, say_h, s);

	s->timer = loop_timer_new(s->loop, say_t, s);
	loop_timer_arm(s->timer, 1);
	loop_timer_disarm(s->timer);
	loop_timer_arm(other, 3);
	loop_run(s->loop);
	assert_string_equal(s->text, "h");
	loop_timer_free(&other);
	assert_null(other);
	loop_timer_free(&other);
}

static void test_watch_reads_in_every_turn(void **state)
{
	struct story *s = *state;

	s->watch = loop_watch_new(s->loop, s->fds[0], read_one, s);
	write_all(s, "xyz");
	s->end = 3;
	loop_run(s->loop);
	assert_string_equal(s->text, "xyz");
}

static void test_paused_watch_is_silent(void **state)
{
	struct story *s = *state;

	s->watch = loop_watch_new(s->loop, s->fds[0], read_one, s);
	s->timer = loop_timer_new(s->loop, say_t, s);
	loop_watch_pause(s->watch);
	write_all(s, "x");
	loop_timer_arm(s->timer, 2);
	loop_run(s->loop);
	assert_string_equal(s->text, "t");
	loop_watch_resume(s->watch);
	s->end = 2;
	loop_run(s->loop);
	assert_string_equal(s->text, "tx");
}

static void free_myself(void *ctx)
{
	struct story *s = ctx;

	loop_watch_free(&s->watch);
	tell(s, 'f');
}

static void test_watch_freed_in_its_own_callback(void **state)
{
	struct story *s = *state;

	s->watch = loop_watch_new(s->loop, s->fds[0], free_myself, s);
	write_all(s, "x");
	loop_run(s->loop);
	assert_string_equal(s->text, "f");
	assert_null(s->watch);
}

/* Sources first, then the hooks in their order, then sleep. */
static void test_hooks_end_a_turn_in_order(void **state)
{
	struct story *s = *state;

	loop_on_turn(s->loop, say_h, s);
	loop_on_turn(s->loop, say_i, s);
	s->watch = loop_watch_new(s->loop, s->fds[0], read_one, s);
	write_all(s, "x");
	s->end = 5;
	loop_run(s->loop);
	/* The turn before the first source has hooks too. */
	assert_memory_equal(s->text, "hixhi", 5);
}

static void ask_again(void *ctx)
{
	struct story *s = ctx;

	if (++s->count < 5)
		loop_turn_again(s->loop);
	tell(s, 'h');
}

/* Nothing else is there to wake the loop: it would sleep for ever. */
static void test_turn_again_from_a_hook(void **state)
{
	struct story *s = *state;

	loop_on_turn(s->loop, ask_again, s);
	s->end = 5;
	loop_run(s->loop);
	assert_string_equal(s->text, "hhhhh");
}

static void ask_once(void *ctx)
{
	struct story *s = ctx;

	read_one(s);
	loop_turn_again(s->loop);
}

static void test_turn_again_from_a_source_is_good_for_one_turn(void **state)
{
	struct story *s = *state;

	s->watch = loop_watch_new(s->loop, s->fds[0], ask_once, s);
	s->timer = loop_timer_new(s->loop, say_t, s);
	loop_on_turn(s->loop, say_h, s);
	write_all(s, "x");
	loop_timer_arm(s->timer, 100);
	s->end = 5; /* h x h | again: h | sleep: t */
	loop_run(s->loop);
	assert_memory_equal(s->text, "hxhht", 5);
}

static void look_twice(void *ctx)
{
	struct story *s = ctx;
	struct mono first = loop_now(s->loop);

	for (struct mono t = clock_mono(); clock_mono().us < t.us + 200;)
		;
	assert_int_equal(loop_now(s->loop).us, first.us);
	assert_true(s->seen.us < first.us);
	s->seen = first;
	read_one(s);
}

static void test_now_stands_still_within_a_turn(void **state)
{
	struct story *s = *state;

	s->watch = loop_watch_new(s->loop, s->fds[0], look_twice, s);
	write_all(s, "xy");
	s->end = 2;
	loop_run(s->loop);
	assert_string_equal(s->text, "xy");
}

static void on_signal(void *ctx, int signo)
{
	assert_int_equal(signo, SIGUSR1);
	tell(ctx, 's');
}

static void test_signal_arrives_in_the_loop(void **state)
{
	struct story *s = *state;

	assert_int_equal(loop_on_signal(s->loop, SIGUSR1, on_signal, s), ERR_OK);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(s->len, 0);
	loop_run(s->loop);
	assert_string_equal(s->text, "s");
}

static void test_signal_that_cannot_be_caught(void **state)
{
	struct story *s = *state;

	assert_int_equal(loop_on_signal(s->loop, SIGKILL, on_signal, s), ERR_SYSTEM);
}

static void test_settle_runs_no_hooks_and_does_not_sleep(void **state)
{
	struct story *s = *state;

	loop_on_turn(s->loop, say_h, s);
	s->timer = loop_timer_new(s->loop, say_t, s);
	loop_timer_arm(s->timer, 60000);
	s->watch = loop_watch_new(s->loop, s->fds[0], read_one, s);
	loop_watch_free(&s->watch);
	loop_settle(s->loop);
	assert_string_equal(s->text, "");
}

static void test_free_accepts_null(void **state)
{
	struct loop *l = NULL;
	struct loop_watch *w = NULL;
	struct loop_timer *t = NULL;

	(void)state;
	loop_free(&l);
	loop_watch_free(&w);
	loop_timer_free(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_timer_fires_once_and_not_early),
	    TEST(test_timer_at_fires_after_its_deadline),
	    TEST(test_timer_in_the_past_lets_others_live),
	    TEST(test_disarmed_timer_is_silent),
	    TEST(test_watch_reads_in_every_turn),
	    TEST(test_paused_watch_is_silent),
	    TEST(test_watch_freed_in_its_own_callback),
	    TEST(test_hooks_end_a_turn_in_order),
	    TEST(test_turn_again_from_a_hook),
	    TEST(test_turn_again_from_a_source_is_good_for_one_turn),
	    TEST(test_now_stands_still_within_a_turn),
	    TEST(test_signal_arrives_in_the_loop),
	    TEST(test_signal_that_cannot_be_caught),
	    TEST(test_settle_runs_no_hooks_and_does_not_sleep),
	    cmocka_unit_test(test_free_accepts_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
