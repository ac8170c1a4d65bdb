/*
 * What is queued for the client of a session, and its bound.
 */
#include "tests/gateway/eio/session_stage.h"

#include "common/crypto.h"

#include <string.h>

static void test_sending(void **state)
{
	struct stage *s = *state;
	struct frame *f = frame_new(bytes_of("\x01", 1));

	stage_send_text(s, "one", EIO_SEND_NORMAL);
	eio_session_send_binary(s->session, f, EIO_SEND_VOLATILE);
	assert_int_equal(s->woken, 2);
	assert_int_equal(eio_session_queued_bytes(s->session), 2 * EIO_QUEUE_ENTRY_BYTES + 3 + 1);
	frame_unref(&f);
	stage_sent(s, EIO_PACKET_MESSAGE, "one");
	assert_int_equal(eio_queue_at(eio_session_queue(s->session), 0)->form, EIO_FORM_BINARY);
	assert_true(eio_queue_at(eio_session_queue(s->session), 0)->is_volatile);
	stage_sent(s, EIO_PACKET_MESSAGE, "\x01");
	stage_nothing_sent(s);
	assert_int_equal(eio_session_queued_bytes(s->session), 0);
}

static void fill(struct stage *s, size_t bytes)
{
	char text[STAGE_QUEUE_MAX];

	memset(text, 'x', sizeof(text));
	text[bytes - EIO_QUEUE_ENTRY_BYTES] = 0;
	stage_send_text(s, text, EIO_SEND_NORMAL);
}

static void test_overflow_closes_at_the_end_of_the_turn(void **state)
{
	struct stage *s = *state;

	fill(s, STAGE_QUEUE_MAX - 10);
	eio_session_end_turn(s->session);
	stage_is_open(s);
	stage_send_text(s, "too much", EIO_SEND_NORMAL);
	stage_is_open(s); /* never inside the call */
	assert_int_equal(s->woken, 2);
	stage_send_text(s, "", EIO_SEND_NORMAL);
	assert_int_equal(eio_session_queue(s->session)->count, 1);
	eio_session_end_turn(s->session);
	stage_closed(s, EIO_CLOSE_SLOW_CONSUMER);
	stage_nothing_sent(s);
	assert_int_equal(frame_live(), 0);
}

/* More than its bound at once, and announced; when that is gone the bound is what it was. */
static void test_what_is_expected_has_room(void **state)
{
	struct stage *s = *state;

	eio_session_expect(s->session, 2 * STAGE_QUEUE_MAX);
	for (int i = 0; i < 3; i++)
		fill(s, STAGE_QUEUE_MAX - 10);
	eio_session_end_turn(s->session);
	stage_is_open(s);
	assert_int_equal(eio_session_queue(s->session)->count, 3);
	while (eio_session_queue(s->session)->count)
		eio_queue_pop(eio_session_queue(s->session));
	eio_session_end_turn(s->session);
	fill(s, STAGE_QUEUE_MAX - 10);
	fill(s, STAGE_QUEUE_MAX - 10);
	eio_session_end_turn(s->session);
	stage_closed(s, EIO_CLOSE_SLOW_CONSUMER);
	assert_int_equal(frame_live(), 0);
}

static void test_overflow_of_volatile_is_forgotten(void **state)
{
	struct stage *s = *state;

	fill(s, STAGE_QUEUE_MAX - 10);
	stage_send_text(s, "too much", EIO_SEND_VOLATILE);
	eio_session_end_turn(s->session);
	stage_is_open(s);
	assert_int_equal(eio_session_queue(s->session)->count, 1);
}

static void test_volatile_makes_room(void **state)
{
	struct stage *s = *state;

	fill(s, STAGE_QUEUE_MAX - 100);
	stage_send_text(s, "typing", EIO_SEND_VOLATILE);
	fill(s, 100);
	eio_session_end_turn(s->session);
	stage_is_open(s);
	assert_int_equal(eio_session_queue(s->session)->count, 2);
	assert_int_equal(eio_session_queued_bytes(s->session), STAGE_QUEUE_MAX);
}

static void test_ping_fits_into_a_full_queue(void **state)
{
	struct stage *s = *state;

	fill(s, STAGE_QUEUE_MAX);
	stage_at(s, 1300);
	eio_session_end_turn(s->session);
	stage_is_open(s);
	assert_int_equal(eio_session_queue(s->session)->count, 2);
}

static void test_what_was_queued_before_a_close_stays(void **state)
{
	struct stage *s = *state;

	stage_send_text(s, "44{}", EIO_SEND_NORMAL);
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	stage_closed(s, EIO_CLOSE_FORCED_CLOSE);
	stage_send_text(s, "late", EIO_SEND_NORMAL);
	stage_sent(s, EIO_PACKET_MESSAGE, "44{}");
	stage_nothing_sent(s);
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, stage_setup_open, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPEN(test_sending),
	    OPEN(test_overflow_closes_at_the_end_of_the_turn),
	    OPEN(test_what_is_expected_has_room),
	    OPEN(test_overflow_of_volatile_is_forgotten),
	    OPEN(test_volatile_makes_room),
	    OPEN(test_ping_fits_into_a_full_queue),
	    OPEN(test_what_was_queued_before_a_close_stays),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
