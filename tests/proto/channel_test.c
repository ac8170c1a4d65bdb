#include "tests/check.h"

#include "proto/channel.h"

#include <string.h>

struct pair {
	struct channel *a, *b;
};

static const struct channel_window wide = {1000, 1 << 20};

static int setup(void **state)
{
	struct pair *p = test_calloc(1, sizeof(*p));

	p->a = channel_new();
	p->b = channel_new();
	channel_set_own_window(p->a, wide);
	channel_set_own_window(p->b, wide);
	channel_set_window(p->a, wide);
	channel_set_window(p->b, wide);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	channel_free(&p->a);
	channel_free(&p->b);
	test_free(p);
	return frame_live() == 0 ? 0 : -1;
}

static void put_leave(struct channel *c, uint64_t request)
{
	struct wire_message m = {.type = WIRE_LEAVE};

	m.as.leave.request = request;
	m.as.leave.socket = STR("s");
	m.as.leave.room = STR("r");
	channel_put(c, &m);
}

/* Moves every batch that may leave; returns how many messages but CREDIT arrived. */
static unsigned move(struct channel *from, struct channel *to)
{
	struct bytes batch;
	unsigned messages = 0;

	while (channel_next(from, &batch)) {
		struct wire_reader r;
		struct wire_message m;

		assert_int_equal(channel_receive(to, batch, &r), ERR_OK);
		while (!wire_at_end(&r)) {
			assert_int_equal(wire_next(&r, &m), ERR_OK);
			if (m.type == WIRE_CREDIT)
				channel_on_credit(to, &m.as.credit);
			else
				messages++;
		}
		channel_sent(from);
	}
	return messages;
}

static void test_gathers_into_one_batch(void **state)
{
	struct pair *p = *state;
	struct bytes batch, again;

	for (uint64_t i = 1; i <= 100; i++)
		put_leave(p->a, i);
	assert_true(channel_queued_bytes(p->a) > 0);
	assert_true(channel_next(p->a, &batch));
	assert_true(channel_next(p->a, &again)); /* not sent yet: the same one */
	assert_ptr_equal(batch.p, again.p);
	assert_int_equal(move(p->a, p->b), 100);
	assert_int_equal(channel_queued_bytes(p->a), 0);
	assert_false(channel_next(p->a, &batch));
}

static void test_notices_a_lost_batch(void **state)
{
	struct pair *p = *state;
	struct bytes batch;
	struct wire_reader r;

	put_leave(p->a, 1);
	assert_int_equal(move(p->a, p->b), 1);
	put_leave(p->a, 2);
	assert_true(channel_next(p->a, &batch));
	channel_sent(p->a); /* and nobody received it */
	put_leave(p->a, 3);
	assert_true(channel_next(p->a, &batch));
	assert_int_equal(channel_receive(p->b, batch, &r), ERR_CLOSED);
	/* Twice the same number is a loss as well. */
	channel_reset(p->a);
	channel_set_window(p->a, wide);
	put_leave(p->a, 4);
	assert_true(channel_next(p->a, &batch));
	assert_int_equal(channel_receive(p->b, batch, &r), ERR_CLOSED);
	channel_restart_receiving(p->b);
	assert_int_equal(channel_receive(p->b, batch, &r), ERR_OK);
	put_leave(p->a, 5);
	channel_sent(p->a);
	put_leave(p->a, 6);
	assert_true(channel_next(p->a, &batch));
	assert_int_equal(channel_receive(p->b, batch, &r), ERR_OK);
	assert_int_equal(channel_receive(p->b, batch, &r), ERR_CLOSED);
}

static void test_stops_at_the_window_and_goes_on_with_credit(void **state)
{
	struct pair *p = *state;
	const struct channel_window narrow = {4, 1 << 20};
	unsigned arrived = 0;

	channel_set_window(p->a, narrow);
	channel_set_own_window(p->b, narrow);
	for (uint64_t i = 1; i <= 20; i++) {
		struct bytes batch;
		struct wire_reader r;

		put_leave(p->a, i);
		if (!channel_next(p->a, &batch))
			continue;
		assert_int_equal(channel_receive(p->b, batch, &r), ERR_OK);
		channel_sent(p->a);
		arrived++;
	}
	assert_int_equal(arrived, 4);
	/* b's CREDIT needs no credit of its own. */
	channel_set_window(p->b, (struct channel_window){0, 0});
	move(p->b, p->a);
	assert_int_equal(move(p->a, p->b), 16);
}

static void test_control_overtakes_and_needs_no_credit(void **state)
{
	struct pair *p = *state;
	struct wire_message beat = {.type = WIRE_HEARTBEAT}, m;
	struct bytes batch;
	struct wire_reader r;

	channel_set_window(p->a, (struct channel_window){0, 0});
	put_leave(p->a, 1);
	assert_false(channel_next(p->a, &batch));
	channel_put_control(p->a, &beat);
	assert_true(channel_next(p->a, &batch));
	assert_int_equal(channel_receive(p->b, batch, &r), ERR_OK);
	assert_int_equal(wire_next(&r, &m), ERR_OK);
	assert_int_equal(m.type, WIRE_HEARTBEAT);
	channel_sent(p->a);
	assert_false(channel_next(p->a, &batch));
}

static void test_refuses_what_is_no_batch(void **state)
{
	struct pair *p = *state;
	struct wire_reader r;
	struct buf b = {0};
	struct wire_message beat = {.type = WIRE_HEARTBEAT};

	assert_int_equal(channel_receive(p->b, bytes_of("", 0), &r), ERR_MALFORMED);
	assert_int_equal(channel_receive(p->b, bytes_of("garbage", 7), &r), ERR_MALFORMED);
	wire_put(&b, &beat);
	assert_int_equal(channel_receive(p->b, buf_bytes(&b), &r), ERR_MALFORMED);
	buf_free(&b);
}

static void test_a_conversation_opens_with_what_is_first_in_batch_1(void **state)
{
	struct pair *p = *state;
	struct wire_message m = {.type = WIRE_TYPES};
	struct bytes batch;

	put_leave(p->a, 7);
	put_leave(p->a, 8);
	assert_true(channel_next(p->a, &batch));
	assert_int_equal(channel_opening(batch, &m), WIRE_LEAVE);
	assert_int_equal(m.as.leave.request, 7);
	/* Looking is not receiving. */
	assert_int_equal(move(p->a, p->b), 2);
	put_leave(p->a, 9);
	assert_true(channel_next(p->a, &batch));
	assert_int_equal(channel_opening(batch, &m), WIRE_TYPES);
	assert_int_equal(m.as.leave.request, 7);
}

static void test_nothing_opens_with_what_is_no_batch(void **state)
{
	struct wire_message m = {.type = WIRE_HEARTBEAT}, first = {.type = WIRE_BATCH};
	struct buf b = {0};

	(void)state;
	assert_int_equal(channel_opening(bytes_of("", 0), &m), WIRE_TYPES);
	assert_int_equal(channel_opening(bytes_of("garbage", 7), &m), WIRE_TYPES);
	wire_put(&b, &m);
	assert_int_equal(channel_opening(buf_bytes(&b), &m), WIRE_TYPES);
	buf_reset(&b);
	first.as.batch.number = 1;
	wire_put(&b, &first); /* and nothing in it */
	assert_int_equal(channel_opening(buf_bytes(&b), &m), WIRE_TYPES);
	buf_free(&b);
}

static void test_ignores_credit_for_what_was_never_sent(void **state)
{
	struct pair *p = *state;
	struct bytes batch;
	struct wire_credit boast = {.messages = 1000, .bytes = 1 << 30};

	channel_set_window(p->a, (struct channel_window){1, 1 << 20});
	put_leave(p->a, 1);
	assert_true(channel_next(p->a, &batch));
	channel_sent(p->a);
	channel_on_credit(p->a, &boast);
	put_leave(p->a, 2);
	assert_false(channel_next(p->a, &batch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_gathers_into_one_batch, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_notices_a_lost_batch, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_stops_at_the_window_and_goes_on_with_credit, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_control_overtakes_and_needs_no_credit, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refuses_what_is_no_batch, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_conversation_opens_with_what_is_first_in_batch_1, setup, teardown),
	    cmocka_unit_test(test_nothing_opens_with_what_is_no_batch),
	    cmocka_unit_test_setup_teardown(
		test_ignores_credit_for_what_was_never_sent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
