#include "common/frame.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void a_frame_copies_its_bytes(void **state)
{
	char bytes[] = "hello";
	struct frame *f = frame_new(bytes_of(bytes, 5));

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(frame_len(f), 5);
	assert_true(str_eqz(bytes_str(frame_bytes(f)), "hello"));
	assert_ptr_equal(frame_data(f), frame_bytes(f).p);
	frame_unref(&f);
	assert_null(f);
}

static void an_empty_frame_is_a_frame(void **state)
{
	struct frame *f = frame_new(bytes_of(NULL, 0));

	(void)state;
	assert_int_equal(frame_len(f), 0);
	assert_int_equal(frame_live(), 1);
	frame_unref(&f);
	assert_int_equal(frame_live(), 0);
}

static void the_last_reference_frees(void **state)
{
	struct frame *f = frame_new(bytes_of("x", 1));
	struct frame *g = frame_ref(f);

	(void)state;
	assert_ptr_equal(f, g);
	assert_int_equal(frame_live(), 1);
	frame_unref(&f);
	assert_null(f);
	assert_int_equal(frame_live(), 1);
	assert_int_equal(frame_bytes(g).p[0], 'x');
	frame_unref(&g);
	assert_int_equal(frame_live(), 0);
	frame_unref(&g); /* NULL is accepted */
}

static void the_headroom_is_writable_and_not_data(void **state)
{
	struct frame *f = frame_new(bytes_of("data", 4));

	(void)state;
	memset(frame_data(f) - FRAME_HEADROOM, 0xaa, FRAME_HEADROOM);
	assert_int_equal(frame_len(f), 4);
	assert_true(str_eqz(bytes_str(frame_bytes(f)), "data"));
	struct frame *g = frame_ref(f);

	/* Neither the length nor the count stood there. */
	frame_unref(&g);
	assert_int_equal(frame_live(), 1);
	frame_unref(&f);
}

static void a_builders_frame_counts_once_it_is_sealed(void **state)
{
	struct frame *f = frame_alloc(4);

	(void)state;
	memcpy(frame_data(f), "abcd", 4);
	f = frame_resize(f, 4096);
	assert_memory_equal(frame_data(f), "abcd", 4);
	assert_int_equal(frame_live(), 0);
	frame_seal(f, 3);
	assert_int_equal(frame_live(), 1);
	assert_int_equal(frame_len(f), 3);
	frame_unref(&f);
	frame_discard(frame_alloc(10));
	frame_discard(NULL);
}

static void a_twin_goes_with_its_frame(void **state)
{
	struct frame *f = frame_new(bytes_of("data", 4));
	struct frame *twin = frame_new(bytes_of("ZGF0YQ==", 8));
	struct frame *kept;

	(void)state;
	assert_null(frame_twin(f));
	frame_set_twin_take(f, &twin);
	assert_null(twin);
	kept = frame_ref(frame_twin(f));
	assert_int_equal(frame_live(), 2);
	frame_unref(&f);
	assert_int_equal(frame_live(), 1); /* somebody writes it yet */
	assert_true(str_eqz(bytes_str(frame_bytes(kept)), "ZGF0YQ=="));
	frame_unref(&kept);
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_frame_copies_its_bytes),
	    cmocka_unit_test(an_empty_frame_is_a_frame),
	    cmocka_unit_test(the_last_reference_frees),
	    cmocka_unit_test(the_headroom_is_writable_and_not_data),
	    cmocka_unit_test(a_builders_frame_counts_once_it_is_sealed),
	    cmocka_unit_test(a_twin_goes_with_its_frame),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (frame_live() != 0);
}
