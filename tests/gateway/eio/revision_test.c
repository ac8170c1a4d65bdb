#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/revision.h"

/* Nothing is left out of a row, and nothing is the same by mistake. */
static void test_rows(void **state)
{
	const struct eio_revision_row *four = eio_revision_row(EIO_REVISION_4);
	const struct eio_revision_row *three = eio_revision_row(EIO_REVISION_3);

	(void)state;
	assert_true(four->parse && four->next && four->put && four->put_control);
	assert_true(three->parse && three->next && three->put && three->put_control);
	assert_ptr_not_equal(four->parse, three->parse);
	assert_ptr_not_equal(four->next, three->next);
	assert_ptr_not_equal(four->put, three->put);
	assert_ptr_not_equal(four->put_control, three->put_control);
	assert_int_equal(four->binary, EIO_FORM_BINARY);
	assert_int_equal(four->binary_as_text, EIO_FORM_BINARY);
	assert_int_equal(three->binary, EIO_FORM_TYPED);
	assert_int_equal(three->binary_as_text, EIO_FORM_BASE64);
	assert_true(three->has_binary_bodies && !four->has_binary_bodies);
	assert_true(three->client_pings && !four->client_pings);
}

/* What one side writes the other side of the same revision reads. */
static void test_bodies_go_with_packets(void **state)
{
	(void)state;
	for (enum eio_revision r = 0; r < EIO_REVISIONS; r++) {
		const struct eio_revision_row *row = eio_revision_row(r);
		struct payload_body body = {0};
		struct payload_packet packet;
		struct eio_packet p;

		row->put_control(&body, EIO_PACKET_NOOP);
		struct payload payload = {
		    .rest = buf_str(&body.bytes), .is_binary = body.is_binary};

		assert_true(row->next(&payload, &packet));
		assert_int_equal(row->parse(packet.data, packet.is_binary, &p), ERR_OK);
		assert_int_equal(p.type, EIO_PACKET_NOOP);
		assert_false(row->next(&payload, &packet));
		buf_free(&body.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_bodies_go_with_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
