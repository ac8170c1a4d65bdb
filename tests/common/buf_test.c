#include "common/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void an_empty_builder_reads_as_nothing(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_int_equal(buf_bytes(&b).len, 0);
	assert_non_null(buf_bytes(&b).p);
	buf_put(&b, bytes_of(NULL, 0));
	buf_puts(&b, str_of(NULL));
	buf_truncate(&b, 0);
	assert_null(b.store);
	buf_free(&b);
}

static void pieces_stand_one_after_the_other(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_puts(&b, STR("one "));
	buf_putc(&b, '2');
	buf_put(&b, bytes_of(" \0 ", 3));
	buf_put_u64(&b, 0);
	buf_putc(&b, ' ');
	buf_put_u64(&b, UINT64_MAX);
	memcpy(buf_extend(&b, 3), "end", 3);
	assert_true(str_eq(buf_str(&b), STR("one 2 \0 0 18446744073709551615end")));
	buf_free(&b);
	assert_int_equal(buf_bytes(&b).len, 0);
}

static void it_grows_over_its_sizes(void **state)
{
	struct buf b = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buf_putc(&b, (char)(i % 251));
	assert_int_equal(buf_bytes(&b).len, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(buf_bytes(&b).p[i], i % 251);
	/* One piece larger than double the size. */
	memset(buf_extend(&b, 1000000), 'x', 1000000);
	assert_int_equal(buf_bytes(&b).len, 1100000);
	assert_int_equal(buf_bytes(&b).p[99999], 99999 % 251);
	buf_free(&b);
}

static void printf_of_any_length(void **state)
{
	static char text[3000];
	struct buf b = {0};

	(void)state;
	memset(text, 't', sizeof(text) - 1);
	buf_printf(&b, "%s", "");
	/* Around the size up to which it is formatted on the stack. */
	for (int len = 505; len < 520; len++) {
		buf_reset(&b);
		buf_printf(&b, "<%.*s>", len, text);
		assert_int_equal(buf_bytes(&b).len, len + 2);
		assert_int_equal(buf_bytes(&b).p[len + 1], '>');
	}
	buf_reset(&b);
	buf_printf(&b, "%s %d", text, 42);
	buf_puts(&b, STR("!"));
	assert_int_equal(buf_bytes(&b).len, 2999 + 4);
	assert_memory_equal(buf_bytes(&b).p + 2999, " 42!", 4);
	buf_free(&b);
}

static void truncating_keeps_the_beginning(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_puts(&b, STR("keep this"));
	buf_truncate(&b, 4);
	buf_puts(&b, STR("!"));
	assert_true(str_eqz(buf_str(&b), "keep!"));
	buf_reset(&b);
	assert_int_equal(buf_bytes(&b).len, 0);
	buf_puts(&b, STR("again"));
	assert_true(str_eqz(buf_str(&b), "again"));
	buf_free(&b);
}

static void sealing_hands_the_bytes_over(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_puts(&b, STR("sealed"));
	struct frame *f = buf_seal(&b);

	assert_null(b.store);
	assert_int_equal(b.len, 0);
	assert_true(str_eqz(bytes_str(frame_bytes(f)), "sealed"));
	/* The builder starts anew and does not touch the frame. */
	buf_puts(&b, STR("other"));
	assert_true(str_eqz(bytes_str(frame_bytes(f)), "sealed"));
	buf_free(&b);
	frame_unref(&f);
}

static void an_empty_builder_seals_into_an_empty_frame(void **state)
{
	struct buf b = {0};
	struct frame *f = buf_seal(&b);

	(void)state;
	assert_int_equal(frame_len(f), 0);
	frame_unref(&f);
	buf_puts(&b, STR("something"));
	buf_reset(&b);
	f = buf_seal(&b);
	assert_int_equal(frame_len(f), 0);
	frame_unref(&f);
}

static void sealing_gives_the_slack_back(void **state)
{
	struct buf b = {0};

	(void)state;
	memset(buf_extend(&b, 100000), 'x', 100000);
	buf_truncate(&b, 10);
	struct frame *f = buf_seal(&b);

	assert_int_equal(frame_len(f), 10);
	assert_memory_equal(frame_data(f), "xxxxxxxxxx", 10);
	memset(frame_data(f) - FRAME_HEADROOM, 1, FRAME_HEADROOM);
	frame_unref(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_builder_reads_as_nothing),
	    cmocka_unit_test(pieces_stand_one_after_the_other),
	    cmocka_unit_test(it_grows_over_its_sizes),
	    cmocka_unit_test(printf_of_any_length),
	    cmocka_unit_test(truncating_keeps_the_beginning),
	    cmocka_unit_test(sealing_hands_the_bytes_over),
	    cmocka_unit_test(an_empty_builder_seals_into_an_empty_frame),
	    cmocka_unit_test(sealing_gives_the_slack_back),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (frame_live() != 0);
}
