#include "common/timer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const struct mono start = {1000000};

static struct mono at_ms(uint64_t ms)
{
	return mono_add_ms(start, ms);
}

static void an_empty_queue_has_nothing_due(void **state)
{
	struct timer_queue q;
	struct mono due = {7};

	(void)state;
	timer_queue_init(&q, 10);
	assert_false(timer_queue_next(&q, &due));
	assert_int_equal(due.us, 7);
	assert_null(timer_queue_expire(&q, at_ms(1000)));
}

static void a_timer_is_due_after_the_length(void **state)
{
	struct timer_queue q;
	struct timer t = {0};
	struct mono due;

	(void)state;
	timer_queue_init(&q, 10);
	assert_false(timer_is_running(&t));
	timer_start(&t, &q, start);
	assert_true(timer_is_running(&t));
	assert_true(timer_queue_next(&q, &due));
	assert_int_equal(due.us, at_ms(10).us);
	assert_null(timer_queue_expire(&q, (struct mono){due.us - 1}));
	assert_ptr_equal(timer_queue_expire(&q, due), &t);
	assert_false(timer_is_running(&t));
	assert_null(timer_queue_expire(&q, at_ms(1000)));
}

static void timers_expire_in_the_order_of_their_start(void **state)
{
	struct timer_queue q;
	struct timer t[3] = {{0}};

	(void)state;
	timer_queue_init(&q, 10);
	for (size_t i = 0; i < 3; i++)
		timer_start(&t[i], &q, at_ms(i));
	assert_ptr_equal(timer_queue_expire(&q, at_ms(11)), &t[0]);
	assert_ptr_equal(timer_queue_expire(&q, at_ms(11)), &t[1]);
	assert_null(timer_queue_expire(&q, at_ms(11)));
	assert_ptr_equal(timer_queue_expire(&q, at_ms(12)), &t[2]);
}

static void restarting_moves_to_the_end(void **state)
{
	struct timer_queue q;
	struct timer a = {0}, b = {0};

	(void)state;
	timer_queue_init(&q, 10);
	timer_start(&a, &q, at_ms(0));
	timer_start(&b, &q, at_ms(1));
	timer_start(&a, &q, at_ms(5));
	assert_ptr_equal(timer_queue_expire(&q, at_ms(100)), &b);
	assert_ptr_equal(timer_queue_expire(&q, at_ms(100)), &a);
	assert_null(timer_queue_expire(&q, at_ms(100)));
}

/* first, middle, last and only one */
static void any_of_them_can_be_stopped(void **state)
{
	(void)state;
	for (size_t stopped = 0; stopped < 3; stopped++) {
		struct timer_queue q;
		struct timer t[3] = {{0}};

		timer_queue_init(&q, 10);
		for (size_t i = 0; i < 3; i++)
			timer_start(&t[i], &q, start);
		timer_stop(&t[stopped]);
		timer_stop(&t[stopped]);
		assert_false(timer_is_running(&t[stopped]));
		for (size_t i = 0; i < 3; i++) {
			if (i != stopped)
				assert_ptr_equal(timer_queue_expire(&q, at_ms(10)), &t[i]);
		}
		assert_null(timer_queue_expire(&q, at_ms(10)));
		timer_start(&t[0], &q, start);
		timer_stop(&t[0]);
		assert_null(q.head);
		assert_null(q.tail);
	}
}

static void a_timer_changes_queues(void **state)
{
	struct timer_queue soon, late;
	struct timer t = {0};

	(void)state;
	timer_queue_init(&soon, 1);
	timer_queue_init(&late, 100);
	timer_start(&t, &soon, start);
	timer_start(&t, &late, start);
	assert_null(timer_queue_expire(&soon, at_ms(1000)));
	assert_null(timer_queue_expire(&late, at_ms(99)));
	assert_ptr_equal(timer_queue_expire(&late, at_ms(100)), &t);
}

static void a_length_of_zero_is_due_at_once(void **state)
{
	struct timer_queue q;
	struct timer t = {0};

	(void)state;
	timer_queue_init(&q, 0);
	timer_start(&t, &q, start);
	assert_ptr_equal(timer_queue_expire(&q, start), &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_queue_has_nothing_due),
	    cmocka_unit_test(a_timer_is_due_after_the_length),
	    cmocka_unit_test(timers_expire_in_the_order_of_their_start),
	    cmocka_unit_test(restarting_moves_to_the_end),
	    cmocka_unit_test(any_of_them_can_be_stopped),
	    cmocka_unit_test(a_timer_changes_queues),
	    cmocka_unit_test(a_length_of_zero_is_due_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
