#include "gateway/drain.h"

#include "tests/check.h"

#include <string.h>

/* ---- a server and a loop in the hand of the test ---- */

enum { SESSIONS = 1000 };

static struct {
	struct mono now;
	uint64_t armed_ms; /* 0 = no */
	void (*on_due)(void *ctx);
	void *ctx;
	size_t open;
	bool is_listening;
	unsigned over;
} world;

struct mono loop_now(const struct loop *l)
{
	(void)l;
	return world.now;
}

struct loop_timer *loop_timer_new(struct loop *l, void (*on_due)(void *ctx), void *ctx)
{
	(void)l;
	world.on_due = on_due;
	world.ctx = ctx;
	return (struct loop_timer *)&world;
}

void loop_timer_arm(struct loop_timer *t, uint64_t ms)
{
	(void)t;
	assert_true(ms >= 1);
	world.armed_ms = ms;
}

void loop_timer_free(struct loop_timer **t)
{
	*t = NULL;
	world.armed_ms = 0;
}

size_t eio_server_sessions(const struct eio_server *s)
{
	(void)s;
	return world.open;
}

void eio_server_each(
    struct eio_server *s, void (*fn)(void *ctx, struct eio_session *session), void *ctx)
{
	(void)s;
	for (size_t n = world.open; n > 0; n--)
		fn(ctx, NULL);
}

void eio_session_close(struct eio_session *s, enum eio_close why)
{
	(void)s;
	assert_int_equal(why, EIO_CLOSE_SHUTDOWN);
	assert_true(world.open > 0);
	world.open--;
}

void eio_server_stop_listening(struct eio_server *s)
{
	(void)s;
	world.is_listening = false;
}

static void on_over(void *ctx)
{
	assert_ptr_equal(ctx, &world);
	world.over++;
}

/* Lets the time pass until that moment, ms after the start. */
static void run_to(uint64_t ms)
{
	while (world.armed_ms && world.now.us + world.armed_ms * 1000 <= ms * 1000) {
		world.now = mono_add_ms(world.now, world.armed_ms);
		world.armed_ms = 0;
		world.on_due(world.ctx);
	}
	world.now.us = ms * 1000;
}

static struct drain *make(uint64_t per_second, uint64_t deadline_ms)
{
	memset(&world, 0, sizeof(world));
	world.open = SESSIONS;
	world.is_listening = true;
	return drain_new(NULL, NULL,
	    &(struct drain_conf){.per_second = per_second,
		.deadline_ms = deadline_ms,
		.on_over = on_over,
		.ctx = &world});
}

/* ---- tests ---- */

static void it_closes_at_its_pace(void **state)
{
	struct drain *d = make(100, 60000);

	(void)state;
	assert_false(drain_is_on(d));
	drain_begin(d, 0);
	assert_true(drain_is_on(d));
	assert_false(world.is_listening);
	assert_int_equal(world.open, SESSIONS);
	run_to(1000);
	assert_in_range(world.open, SESSIONS - 110, SESSIONS - 95);
	run_to(5000);
	assert_in_range(world.open, SESSIONS - 510, SESSIONS - 495);
	assert_int_equal(world.over, 0);
	run_to(11000);
	assert_int_equal(world.open, 0);
	assert_int_equal(world.over, 1);
	run_to(60000);
	assert_int_equal(world.over, 1);
	drain_free(&d);
	assert_null(d);
}

static void without_sessions_it_is_over_at_once_but_not_in_the_call(void **state)
{
	struct drain *d = make(100, 60000);

	(void)state;
	world.open = 0;
	drain_begin(d, 0);
	assert_int_equal(world.over, 0);
	run_to(2);
	assert_int_equal(world.over, 1);
	drain_free(&d);
}

static void the_deadline_quickens_the_pace(void **state)
{
	struct drain *d = make(1, 2000);

	(void)state;
	drain_begin(d, 0);
	run_to(1000);
	assert_in_range(world.open, SESSIONS * 4 / 10, SESSIONS * 6 / 10);
	run_to(2100);
	assert_int_equal(world.over, 1);
	assert_int_equal(world.open, 0);
	drain_free(&d);
}

/* Clients that come in through connections that were open already. */
static void the_deadline_holds_though_sessions_are_left(void **state)
{
	struct drain *d = make(1, 2000);

	(void)state;
	world.open = 1;
	drain_begin(d, 0);
	world.open = SESSIONS;
	run_to(3000);
	assert_int_equal(world.over, 1);
	assert_true(world.open > 0);
	drain_free(&d);
}

static void a_second_word_changes_the_pace_and_not_the_deadline(void **state)
{
	struct drain *d = make(10, 100000);

	(void)state;
	drain_begin(d, 0);
	run_to(1000);
	assert_in_range(world.open, SESSIONS - 20, SESSIONS - 5);
	drain_begin(d, 500);
	run_to(2000);
	assert_in_range(world.open, SESSIONS - 550, SESSIONS - 480);
	drain_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_closes_at_its_pace),
	    cmocka_unit_test(without_sessions_it_is_over_at_once_but_not_in_the_call),
	    cmocka_unit_test(the_deadline_quickens_the_pace),
	    cmocka_unit_test(the_deadline_holds_though_sessions_are_left),
	    cmocka_unit_test(a_second_word_changes_the_pace_and_not_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
