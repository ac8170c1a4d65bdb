#include "tests/check.h"

#include "broker/message.h"
#include "proto/value_map.h"
#include "proto/wire.h"
#include "tests/proto/map.h"

#include <string.h>

static const struct reader_entry entry = {
    .room = 3,
    .nsp = {"/chat", 5},
    .name = {"lobby", 5},
    .message = {.gseq = 77,
	.seq = 5,
	.user = {"u1", 2},
	.username = {"Ann", 3},
	.type = {"text", 4},
	.content = {(const uint8_t *)"\xa2hi", 3},
	.timestamp = {1700000000000}},
};

static void expect_the_message(struct bytes object)
{
	map_expect_str(object, "id", "000000000002d");
	map_expect_str(object, "roomId", "lobby");
	map_expect_u64(object, "seq", 5);
	map_expect_str(object, "userId", "u1");
	map_expect_str(object, "username", "Ann");
	map_expect_str(object, "content", "hi");
	map_expect_str(object, "type", "text");
	map_expect_u64(object, "timestamp", 1700000000000);
}

static void test_the_object_that_clients_see(void **state)
{
	struct buf out = {0};

	(void)state;
	message_put(&out, entry.name, &entry.message);
	assert_int_equal(value_check(buf_bytes(&out), 4), ERR_OK);
	expect_the_message(buf_bytes(&out));
	buf_free(&out);
}

static uint32_t count_of(const struct buf *map)
{
	struct value_reader r = value_reader(buf_bytes(map));
	struct value head;

	assert_int_equal(value_next(&r, &head), ERR_OK);
	assert_int_equal(head.type, VALUE_MAP);
	return head.as.count;
}

/* Nothing of what it said, nor who said it. */
static void test_what_stands_in_the_place_of_a_deleted_one(void **state)
{
	struct reader_message m = entry.message;
	struct buf out = {0};

	(void)state;
	assert_str_is(message_event(&m), "message");
	m.deleted = 70;
	assert_str_is(message_event(&m), "message-deleted");
	message_put(&out, entry.name, &m);
	assert_int_equal(count_of(&out), 3);
	map_expect_str(buf_bytes(&out), "id", "0000000000026");
	map_expect_str(buf_bytes(&out), "roomId", "lobby");
	map_expect_u64(buf_bytes(&out), "seq", 5);
	buf_reset(&out);
	message_put_kept(&out, entry.name, &m);
	assert_int_equal(count_of(&out), 4);
	map_expect_str(buf_bytes(&out), "id", "0000000000026");
	struct bytes deleted;
	bool is_deleted = false;

	assert_int_equal(value_map_get(buf_bytes(&out), STR("deleted"), &deleted), ERR_OK);
	assert_true(value_as_bool(deleted, &is_deleted) && is_deleted);
	buf_reset(&out);
	m.deleted = 0;
	message_put_kept(&out, entry.name, &m);
	expect_the_message(buf_bytes(&out));
	buf_free(&out);
}

static void test_the_delivery_that_brings_it(void **state)
{
	struct buf out = {0};
	struct wire_message m;
	struct value head;

	(void)state;
	message_put_deliver(&out, &entry);
	struct wire_reader r = wire_reader(buf_bytes(&out));

	assert_int_equal(wire_next(&r, &m), ERR_OK);
	assert_true(wire_at_end(&r));
	assert_int_equal(m.type, WIRE_DELIVER);
	assert_int_equal(m.as.deliver.gseq, 77);
	assert_str_is(m.as.deliver.nsp, "/chat");
	assert_str_is(m.as.deliver.room, "lobby");
	assert_str_is(m.as.deliver.event, "message");
	assert_int_equal(m.as.deliver.except.len, 0);
	assert_false(m.as.deliver.is_volatile);
	struct value_reader args = value_reader(m.as.deliver.args);

	assert_int_equal(value_next(&args, &head), ERR_OK);
	assert_int_equal(head.type, VALUE_ARRAY);
	assert_int_equal(head.as.count, 1);
	expect_the_message(bytes_of(args.p, (size_t)(args.end - args.p)));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_object_that_clients_see),
	    cmocka_unit_test(test_what_stands_in_the_place_of_a_deleted_one),
	    cmocka_unit_test(test_the_delivery_that_brings_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
