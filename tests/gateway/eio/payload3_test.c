#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/payload3.h"

#include "common/crypto.h"

#include <string.h>

/* ---- reading ---- */

/* The packets of a body, text in brackets and binary in braces. A copy of its own, so that nothing
 * beyond its end is read unnoticed. */
static void assert_read(struct bytes body, bool is_binary, const char *expected)
{
	struct frame *copy = frame_new(body);
	struct payload payload = {.rest = bytes_str(frame_bytes(copy)), .is_binary = is_binary};
	struct payload_packet packet;
	struct buf out = {0};

	while (payload3_next(&payload, &packet)) {
		buf_putc(&out, packet.is_binary ? '{' : '[');
		buf_put(&out, packet.data);
		buf_putc(&out, packet.is_binary ? '}' : ']');
	}
	assert_false(payload3_next(&payload, &packet));
	if (!str_eqz(buf_str(&out), expected))
		fail_msg("read %.*s instead of %s", STR_ARG(buf_str(&out)), expected);
	buf_free(&out);
	frame_unref(&copy);
}

static void assert_text(const char *body, const char *expected)
{
	assert_read(str_bytes(str_of(body)), false, expected);
}

#define BINARY(literal, expected) \
	assert_read(bytes_of(literal, sizeof(literal) - 1), true, expected)

static void test_reading_text(void **state)
{
	(void)state;
	assert_text("6:4hello", "[4hello]");
	assert_text("2:4a1:22:4b", "[4a][2][4b]");
	assert_text("10:b4AQIDBA==6:2probe", "[b4AQIDBA==][2probe]");
	assert_text("5:4a:1:", "[4a:1:]");
	assert_text("0:2:4a0:0:", "[4a]"); /* packets of no length are none */
	assert_text("0:", "");
	assert_text("002:4a", "[4a]");
}

/* Lengths are those of JavaScript. */
static void test_reading_units_of_utf16(void **state)
{
	(void)state;
	assert_text("2:4\xe2\x82\xac", "[4\xe2\x82\xac]");
	assert_text("3:4\xf0\x9f\x98\x80", "[4\xf0\x9f\x98\x80]");
	assert_text("5:4\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
		    "1:2",
	    "[4\xf0\x9f\x98\x80\xf0\x9f\x98\x80][2]");
	assert_text("2:4\xf0\x9f\x98\x80", "[]"); /* in the middle of a pair */
}

/* What was read before it is not lost. */
static void test_text_that_cannot_be_read(void **state)
{
	(void)state;
	assert_text("", "[]");
	assert_text("4hello", "[]");
	assert_text("6:4hell", "[]");
	assert_text("2:4a6:4hell", "[4a][]");
	assert_text("2:4a7", "[4a][]");
	assert_text("2:4a:", "[4a][]");
	assert_text(":4a", "[]");
	assert_text("-1:4", "[]");
	assert_text("+1:4", "[]");
	assert_text(" 1:4", "[]");
	assert_text("1e1:4", "[]");
	assert_text("99999999999999999999999:4", "[]");
	assert_text("0:x", "[]");
}

static void test_reading_binary(void **state)
{
	(void)state;
	BINARY("\0\6\xff"
	       "4hello",
	    "[4hello]");
	BINARY("\0\6\xff\x34\x68\x65\x6c\x6c\x6f\1\5\xff\4\1\2\3\4", "[4hello]{\4\1\2\3\4}");
	BINARY("\1\1\0\xff"
	       "0123456789"
	       "\0\1\xff"
	       "2",
	    "{0123456789}[2]");
	BINARY("\0\4\xff"
	       "4\xe2\x82\xac",
	    "[4\xe2\x82\xac]"); /* bytes here */
	BINARY("\1\1\xff\xff", "{\xff}");
	BINARY("\1\0\xff", "{}");
	BINARY("\0\0\xff", "[]");
	BINARY("", "");
}

static void test_binary_that_cannot_be_read(void **state)
{
	(void)state;
	BINARY("\0", "[]");
	BINARY("\0\6", "[]");
	BINARY("\0\xff"
	       "4",
	    "[]");
	BINARY("\0\6\xff"
	       "4hell",
	    "[]");
	BINARY("\1\1\xff\4\0\6\xff"
	       "4hell",
	    "{\4}[]");
	BINARY("\2\1\xff"
	       "4",
	    "[]");
	BINARY("\0\x0a\xff"
	       "4",
	    "[]");
	BINARY("\0\2\xff"
	       "4\xff",
	    "[]"); /* no UTF-8 */
	BINARY("\0\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\xff", "[]");
	BINARY("6:4hello", "[]");
}

/* ---- writing ---- */

static void push(struct eio_queue *q, const char *text, enum eio_form form)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));
	struct eio_entry e = {.frame = f, .type = EIO_PACKET_MESSAGE, .form = form};

	assert_int_equal(eio_queue_push(q, e, SIZE_MAX), ERR_OK);
	frame_unref(&f);
}

static void assert_body(struct payload_body *out, const char *expected, size_t len, bool is_binary)
{
	assert_int_equal(out->is_binary, is_binary);
	assert_int_equal(out->bytes.len, len);
	assert_memory_equal(buf_bytes(&out->bytes).p, expected, len);
	buf_free(&out->bytes);
}

#define BODY(out, literal, is_binary) assert_body(out, literal, sizeof(literal) - 1, is_binary)

static void test_writing_text(void **state)
{
	struct eio_queue q = {0};
	struct payload_body out = {0};

	(void)state;
	push(&q, "hello", EIO_FORM_TEXT);
	push(&q, "AQIDBA==", EIO_FORM_BASE64);
	push(&q, "\xe2\x82\xac\xf0\x9f\x98\x80", EIO_FORM_TEXT);
	push(&q, "", EIO_FORM_TEXT);
	eio_queue_push_control(&q, EIO_PACKET_PONG, NULL);
	assert_int_equal(payload3_put(&out, &q, 1000), 5);
	payload3_put_control(&out, EIO_PACKET_CLOSE);
	BODY(&out,
	    "6:4hello"
	    "10:b4AQIDBA=="
	    "4:4\xe2\x82\xac\xf0\x9f\x98\x80"
	    "1:4"
	    "1:3"
	    "1:1",
	    false);
	eio_queue_free(&q);
}

static void test_writing_binary(void **state)
{
	struct eio_queue q = {0};
	struct payload_body out = {0};

	(void)state;
	push(&q, "hello", EIO_FORM_TEXT);
	push(&q, "\1\2\3\4", EIO_FORM_TYPED);
	assert_int_equal(payload3_put(&out, &q, 1000), 2);
	BODY(&out, "\0\6\xff\x34\x68\x65\x6c\x6c\x6f\1\5\xff\4\1\2\3\4", true);
	out = (struct payload_body){0};
	push(&q, "AQ==", EIO_FORM_BASE64);
	push(&q, "\xe2\x82\xac 345678", EIO_FORM_TEXT);
	assert_int_equal(payload3_put(&out, &q, 1000), 4);
	payload3_put_control(&out, EIO_PACKET_CLOSE);
	BODY(&out,
	    "\0\6\xff"
	    "4hello"
	    "\1\5\xff\4\1\2\3\4"
	    "\0\6\xff"
	    "b4AQ=="
	    "\0\1\1\xff"
	    "4\xe2\x82\xac 345678"
	    "\0\1\xff"
	    "1",
	    true);
	eio_queue_free(&q);
}

static void test_a_control_packet_alone(void **state)
{
	struct payload_body out = {0};

	(void)state;
	payload3_put_control(&out, EIO_PACKET_NOOP);
	BODY(&out, "1:6", false);
}

/* The first one always, so that it goes on; then what surely fits. */
static void test_bound(void **state)
{
	struct eio_queue q = {0};
	struct payload_body out = {0};

	(void)state;
	push(&q, "hello", EIO_FORM_TEXT);
	push(&q, "x", EIO_FORM_TYPED);
	assert_int_equal(payload3_put(&out, &q, 0), 1);
	BODY(&out, "6:4hello", false); /* what stays behind does not make it binary */
	assert_int_equal(payload3_put(&out, &q, 100), 2);
	assert_true(out.is_binary);
	buf_free(&out.bytes);
	eio_queue_free(&q);
}

static void test_an_open_packet_leaves_alone(void **state)
{
	struct eio_queue q = {0};
	struct payload_body out = {0};

	(void)state;
	eio_queue_push_control(&q, EIO_PACKET_OPEN, NULL);
	push(&q, "0", EIO_FORM_TEXT);
	push(&q, "x", EIO_FORM_TYPED);
	assert_int_equal(payload3_put(&out, &q, 1000), 1);
	BODY(&out, "1:0", false);
	eio_queue_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reading_text),
	    cmocka_unit_test(test_reading_units_of_utf16),
	    cmocka_unit_test(test_text_that_cannot_be_read),
	    cmocka_unit_test(test_reading_binary),
	    cmocka_unit_test(test_binary_that_cannot_be_read),
	    cmocka_unit_test(test_writing_text),
	    cmocka_unit_test(test_writing_binary),
	    cmocka_unit_test(test_a_control_packet_alone),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_an_open_packet_leaves_alone),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
