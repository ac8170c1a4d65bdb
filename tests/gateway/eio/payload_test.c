#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/payload.h"

#include "common/crypto.h"

#include <stdlib.h>
#include <string.h>

/* The packets of a body, each in brackets. */
static void assert_read(struct str body, const char *expected)
{
	struct payload payload = {.rest = body};
	struct buf out = {0};
	struct payload_packet packet;

	while (payload_next(&payload, &packet)) {
		assert_false(packet.is_binary);
		buf_putc(&out, '[');
		buf_put(&out, packet.data);
		buf_putc(&out, ']');
	}
	assert_false(payload_next(&payload, &packet));
	assert_true(str_eqz(buf_str(&out), expected));
	buf_free(&out);
}

static void test_reading(void **state)
{
	(void)state;
	assert_read(STR("4hello"), "[4hello]");
	assert_read(STR("4a\x1e"
			"b\x1e"
			"2"),
	    "[4a][b][2]");
	assert_read(STR(""), "[]");
	assert_read((struct str){0}, "[]");
	assert_read(STR("\x1e"), "[][]");
	assert_read(STR("4\x1e"), "[4][]");
	assert_read(STR("\x1e\x1e"
			"4"),
	    "[][][4]");
}

static void push(struct eio_queue *q, const char *text, bool is_binary)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));
	struct eio_entry e = {.frame = f,
	    .type = EIO_PACKET_MESSAGE,
	    .form = is_binary ? EIO_FORM_BINARY : EIO_FORM_TEXT};

	assert_int_equal(eio_queue_push(q, e, SIZE_MAX), ERR_OK);
	frame_unref(&f);
}

static void assert_put(const struct eio_queue *q, size_t max, size_t n, const char *expected)
{
	struct payload_body out = {0};

	assert_int_equal(payload_put(&out, q, max), n);
	assert_false(out.is_binary);
	assert_true(str_eqz(buf_str(&out.bytes), expected));
	buf_free(&out.bytes);
}

static void test_writing(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	assert_put(&q, 100, 0, "");
	push(&q, "hello", false);
	assert_put(&q, 100, 1, "4hello");
	push(&q, "\x01\x02\x03\x04", true);
	push(&q, "", true);
	push(&q, "", false);
	eio_queue_push_control(&q, EIO_PACKET_PING, NULL);
	assert_put(&q, 100, 5,
	    "4hello\x1e"
	    "bAQIDBA==\x1e"
	    "b\x1e"
	    "4\x1e"
	    "2");
	eio_queue_free(&q);
}

/* The first one always, so that it goes on; then what fits. */
static void test_bound(void **state)
{
	struct eio_queue q = {0};

	(void)state;
	push(&q, "hello", false);
	push(&q, "abc", true);
	push(&q, "x", false);
	assert_put(&q, 0, 1, "4hello");
	assert_put(&q, 11, 1, "4hello");
	assert_put(&q, 12, 2,
	    "4hello\x1e"
	    "bYWJj");
	assert_put(&q, 14, 2,
	    "4hello\x1e"
	    "bYWJj");
	assert_put(&q, 15, 3,
	    "4hello\x1e"
	    "bYWJj\x1e"
	    "4x");
	eio_queue_free(&q);
}

static void test_control(void **state)
{
	struct payload_body out = {0};

	(void)state;
	payload_put_control(&out, EIO_PACKET_NOOP);
	assert_true(str_eqz(buf_str(&out.bytes), "6"));
	payload_put_control(&out, EIO_PACKET_CLOSE);
	assert_true(str_eqz(buf_str(&out.bytes), "6\x1e"
						 "1"));
	buf_free(&out.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reading),
	    cmocka_unit_test(test_writing),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_control),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
