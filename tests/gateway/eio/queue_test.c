#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/queue.h"

#include <string.h>

enum { COST = EIO_QUEUE_ENTRY_BYTES + 1 }; /* of a message of one letter */

/* Pushes a message of one letter: capital ones last, small ones are volatile. */
static enum err push(struct eio_queue *q, char letter, uint64_t max)
{
	struct frame *f = frame_new(bytes_of(&letter, 1));
	struct eio_entry e = {.frame = f, .type = EIO_PACKET_MESSAGE, .is_volatile = letter >= 'a'};
	enum err result = eio_queue_push(q, e, max);

	frame_unref(&f);
	return result;
}

static void assert_holds(const struct eio_queue *q, const char *letters)
{
	assert_int_equal(q->count, strlen(letters));
	for (size_t i = 0; i < q->count; i++)
		assert_int_equal(frame_data(eio_queue_at(q, i)->frame)[0], letters[i]);
	assert_int_equal(q->bytes, q->count * COST);
}

static void test_keeps_order_however_it_grows(void **state)
{
	struct eio_queue q = {0};
	char next_in = 'A', next_out = 'A';

	(void)state;
	/* The ring wraps at every size it passes through. */
	for (size_t level = 1; level < 26; level++) {
		for (size_t i = 0; i < level && next_in <= 'Z'; i++)
			assert_int_equal(push(&q, next_in++, UINT64_MAX), ERR_OK);
		if (next_in > 'Z')
			next_in = 'A';
		for (size_t i = 0; i < level - 1 && q.count; i++) {
			assert_int_equal(frame_data(eio_queue_at(&q, 0)->frame)[0], next_out);
			eio_queue_pop(&q);
			next_out = next_out == 'Z' ? 'A' : (char)(next_out + 1);
		}
	}
	eio_queue_free(&q);
	assert_int_equal(frame_live(), 0);
}

static void test_warm_queue_does_not_allocate(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	for (int i = 0; i < EIO_QUEUE_FIRST; i++)
		assert_int_equal(push(&q, 'A', UINT64_MAX), ERR_OK);
	assert_null(q.ring); /* the first few live in the struct */
	assert_int_equal(push(&q, 'A', UINT64_MAX), ERR_OK);

	struct eio_entry *ring = q.ring;

	assert_non_null(ring);
	for (int round = 0; round < 100; round++) {
		eio_queue_clear(&q);
		for (int i = 0; i < 2 * EIO_QUEUE_FIRST; i++)
			assert_int_equal(push(&q, 'A', UINT64_MAX), ERR_OK);
		assert_ptr_equal(q.ring, ring);
	}
	eio_queue_free(&q);
	assert_null(q.ring);
}

static void test_holds_its_own_references(void **state)
{
	struct eio_queue q = {0};
	struct frame *f = frame_new(bytes_of("x", 1));

	(void)state;
	assert_int_equal(eio_queue_push(&q, (struct eio_entry){.frame = f}, 1000), ERR_OK);
	frame_unref(&f);
	assert_int_equal(frame_live(), 1);
	eio_queue_pop(&q);
	assert_int_equal(frame_live(), 0);
	assert_int_equal(q.bytes, 0);
	eio_queue_free(&q);
}

static void test_full_of_what_must_not_be_lost(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	assert_int_equal(push(&q, 'A', 2 * COST), ERR_OK);
	assert_int_equal(push(&q, 'B', 2 * COST), ERR_OK);
	assert_int_equal(push(&q, 'C', 2 * COST), ERR_FULL);
	assert_holds(&q, "AB");
	eio_queue_free(&q);
}

static void test_new_volatile_is_dropped_first(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	assert_int_equal(push(&q, 'A', 2 * COST), ERR_OK);
	assert_int_equal(push(&q, 'b', 2 * COST), ERR_OK);
	assert_int_equal(push(&q, 'c', 2 * COST), ERR_OK);
	assert_holds(&q, "Ab");
	eio_queue_free(&q);
}

static void test_queued_volatile_makes_room(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	for (const char *c = "aBcD"; *c; c++)
		assert_int_equal(push(&q, *c, 4 * COST), ERR_OK);
	assert_int_equal(push(&q, 'E', 4 * COST), ERR_OK);
	assert_holds(&q, "BDE");
	assert_int_equal(q.volatile_bytes, 0);
	assert_int_equal(push(&q, 'F', 4 * COST), ERR_OK);
	assert_int_equal(push(&q, 'G', 4 * COST), ERR_FULL);
	assert_holds(&q, "BDEF");
	eio_queue_free(&q);
}

static void test_volatile_stays_when_it_would_not_help(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	assert_int_equal(push(&q, 'A', 2 * COST), ERR_OK);
	assert_int_equal(push(&q, 'B', 2 * COST), ERR_OK);
	assert_int_equal(push(&q, 'c', 3 * COST), ERR_OK);
	assert_int_equal(push(&q, 'D', 2 * COST), ERR_FULL);
	assert_holds(&q, "ABc");
	eio_queue_free(&q);
}

static void test_empty_queue_takes_any_one_message(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	assert_int_equal(push(&q, 'A', 1), ERR_OK);
	assert_int_equal(push(&q, 'B', 1), ERR_FULL);
	eio_queue_clear(&q);
	assert_int_equal(push(&q, 'a', 1), ERR_OK);
	assert_int_equal(push(&q, 'B', 1), ERR_OK); /* only volatile ones were there */
	assert_holds(&q, "B");
	eio_queue_free(&q);
}

static void test_control_is_exempt(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	assert_int_equal(push(&q, 'A', COST), ERR_OK);
	eio_queue_push_control(&q, EIO_PACKET_PING, NULL);
	assert_int_equal(q.count, 2);
	assert_int_equal(eio_queue_at(&q, 1)->type, EIO_PACKET_PING);
	assert_null(eio_queue_at(&q, 1)->frame);
	assert_int_equal(push(&q, 'B', 2 * COST), ERR_FULL); /* it counts, though */
	eio_queue_free(&q);
}

static void test_empty_messages_are_bounded(void **state)
{
	struct frame *f = frame_new(bytes_of("", 0));
	struct eio_entry e = {.frame = f, .type = EIO_PACKET_MESSAGE};
	struct eio_queue q = {0};
	size_t n = 0;

	(void)state;
	while (eio_queue_push(&q, e, 1600) == ERR_OK)
		n++;
	assert_int_equal(n, 100);
	frame_unref(&f);
	eio_queue_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keeps_order_however_it_grows),
	    cmocka_unit_test(test_warm_queue_does_not_allocate),
	    cmocka_unit_test(test_holds_its_own_references),
	    cmocka_unit_test(test_full_of_what_must_not_be_lost),
	    cmocka_unit_test(test_new_volatile_is_dropped_first),
	    cmocka_unit_test(test_queued_volatile_makes_room),
	    cmocka_unit_test(test_volatile_stays_when_it_would_not_help),
	    cmocka_unit_test(test_empty_queue_takes_any_one_message),
	    cmocka_unit_test(test_control_is_exempt),
	    cmocka_unit_test(test_empty_messages_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
