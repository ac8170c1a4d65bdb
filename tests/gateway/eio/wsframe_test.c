#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/wsframe.h"

#include <stdlib.h>
#include <string.h>

static struct frame *letters(size_t len)
{
	uint8_t *text = xcalloc(len + 1, 1);
	struct frame *f;

	memset(text, 'x', len);
	f = frame_new(bytes_of(text, len));
	free(text);
	return f;
}

/* The header of a message of data_len bytes, which must be these bytes. */
static void assert_header(size_t data_len, bool is_binary, const char *expected, size_t len)
{
	struct frame *f = letters(data_len);
	struct eio_entry e = {.frame = f,
	    .type = EIO_PACKET_MESSAGE,
	    .form = is_binary ? EIO_FORM_BINARY : EIO_FORM_TEXT};
	uint8_t bytes[WSFRAME_HEADER_MAX];

	assert_int_equal(wsframe_header_len(&e), len);
	assert_ptr_equal(wsframe_put_header(bytes, &e), bytes + len);
	assert_memory_equal(bytes, expected, len);

	struct bytes whole = wsframe_in_place(&e);

	assert_int_equal(whole.len, len + data_len);
	assert_memory_equal(whole.p, expected, len);
	assert_ptr_equal(whole.p + len, frame_data(f)); /* nothing was copied */
	frame_unref(&f);
}

#define HEADER(bytes) bytes, sizeof(bytes) - 1

/* The digit of the type counts as payload: 124 bytes of text still fit into the short form. */
static void test_text_headers(void **state)
{
	(void)state;
	assert_header(0, false, HEADER("\x81\x01\x34"));
	assert_header(5, false, HEADER("\x81\x06\x34"));
	assert_header(124, false, HEADER("\x81\x7d\x34"));
	assert_header(125, false, HEADER("\x81\x7e\x00\x7e\x34"));
	assert_header(65534, false, HEADER("\x81\x7e\xff\xff\x34"));
	assert_header(65535, false, HEADER("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00\x34"));
	assert_header(70000, false, HEADER("\x81\x7f\x00\x00\x00\x00\x00\x01\x11\x71\x34"));
}

static void test_binary_headers(void **state)
{
	(void)state;
	assert_header(0, true, HEADER("\x82\x00"));
	assert_header(125, true, HEADER("\x82\x7d"));
	assert_header(126, true, HEADER("\x82\x7e\x00\x7e"));
	assert_header(65535, true, HEADER("\x82\x7e\xff\xff"));
	assert_header(65536, true, HEADER("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"));
}

static void test_packet_without_data(void **state)
{
	struct eio_entry e = {.type = EIO_PACKET_PING};
	uint8_t bytes[WSFRAME_HEADER_MAX];

	(void)state;
	assert_int_equal(wsframe_put_header(bytes, &e) - bytes, 3);
	assert_memory_equal(bytes, "\x81\x01\x32", 3);
}

static void push(struct eio_queue *q, const char *text, bool is_binary)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));
	struct eio_entry e = {.frame = f,
	    .type = EIO_PACKET_MESSAGE,
	    .form = is_binary ? EIO_FORM_BINARY : EIO_FORM_TEXT};

	assert_int_equal(eio_queue_push(q, e, UINT64_MAX), ERR_OK);
	frame_unref(&f);
}

/* All receivers share one frame, whatever revision they speak. */
static void test_forms_of_one_frame(void **state)
{
	static const struct {
		enum eio_form form;
		const char *bytes;
		size_t len;
	} forms[] = {
	    {EIO_FORM_TEXT, "\x81\x04\x34xxx", 6},
	    {EIO_FORM_BINARY, "\x82\x03xxx", 5},
	    {EIO_FORM_TYPED, "\x82\x04\4xxx", 6},
	    {EIO_FORM_BASE64,
		"\x81\x05"
		"b4xxx",
		7},
	};
	struct frame *f = letters(3);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct eio_entry e = {
		    .frame = f, .type = EIO_PACKET_MESSAGE, .form = forms[i].form};
		struct bytes whole = wsframe_in_place(&e);

		assert_int_equal(whole.len, forms[i].len);
		assert_memory_equal(whole.p, forms[i].bytes, forms[i].len);
		assert_ptr_equal(whole.p + whole.len - 3, frame_data(f));
	}
	frame_unref(&f);
}

static void test_gather(void **state)
{
	static const char expected[] = "\x81\x03\x34"
				       "ab"
				       "\x82\x01"
				       "c"
				       "\x81\x01\x32"
				       "\x81\x02\x34"
				       "d";
	uint8_t bytes[64];
	struct eio_queue q = {0};
	size_t len = 77;

	(void)state;
	assert_int_equal(wsframe_gather(&q, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(len, 0);
	push(&q, "ab", false);
	push(&q, "c", true);
	eio_queue_push_control(&q, EIO_PACKET_PING, NULL);
	push(&q, "d", false);
	assert_int_equal(wsframe_gather(&q, bytes, sizeof(bytes), &len), 4);
	assert_int_equal(len, sizeof(expected) - 1);
	assert_memory_equal(bytes, expected, len);
	eio_queue_free(&q);
}

static void test_gather_stops_at_the_size(void **state)
{
	uint8_t bytes[9] = {[8] = 0xee};
	struct eio_queue q = {0};
	size_t len;

	(void)state;
	for (int i = 0; i < 3; i++)
		push(&q, "x", false); /* 4 bytes each */
	assert_int_equal(wsframe_gather(&q, bytes, 8, &len), 2);
	assert_int_equal(len, 8);
	assert_int_equal(bytes[8], 0xee);
	assert_int_equal(wsframe_gather(&q, bytes, 7, &len), 1);
	assert_int_equal(wsframe_gather(&q, bytes, 0, &len), 0);
	assert_int_equal(len, 0);
	eio_queue_free(&q);
}

static void test_close(void **state)
{
	uint8_t bytes[WSFRAME_CLOSE_MAX];
	char text[300];

	(void)state;
	assert_int_equal(wsframe_close(bytes, 1001, STR("bye")), 7);
	assert_memory_equal(bytes,
	    "\x88\x05\x03\xe9"
	    "bye",
	    7);
	assert_int_equal(wsframe_close(bytes, 1000, STR("")), 4);
	memset(text, 'x', sizeof(text));
	assert_int_equal(
	    wsframe_close(bytes, 1000, (struct str){text, sizeof(text)}), WSFRAME_CLOSE_MAX);
	assert_int_equal(bytes[1], 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_headers),
	    cmocka_unit_test(test_binary_headers),
	    cmocka_unit_test(test_packet_without_data),
	    cmocka_unit_test(test_forms_of_one_frame),
	    cmocka_unit_test(test_gather),
	    cmocka_unit_test(test_gather_stops_at_the_size),
	    cmocka_unit_test(test_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
