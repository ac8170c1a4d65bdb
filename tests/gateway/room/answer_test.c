#include "tests/check.h"

#include "gateway/room/answer.h"
#include "gateway/sio/json.h"
#include "gateway/sio/socket.h"

/* The neighbour: a socket that writes down, as JSON, what it is asked to send. */
static struct buf said;

static void write_down(struct bytes args)
{
	json_write(&said, args);
}

void sio_socket_ack(struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	(void)s;
	buf_printf(&said, "ack %u ", (unsigned)ack_id);
	write_down(args);
}

void sio_socket_emit(struct sio_socket *s, struct str event, struct bytes args)
{
	(void)s;
	buf_puts(&said, event);
	buf_putc(&said, ' ');
	write_down(args);
}

static const struct answer_to with_ack = {NULL, true, 7, {"error", 5}, {"", 0}};
static const struct answer_to without_ack = {NULL, false, 0, {"error", 5}, {"", 0}};

static int forget(void **state)
{
	(void)state;
	buf_free(&said);
	return frame_live() == 0 ? 0 : -1;
}

static void test_ok_comes_first_and_pairs_follow(void **state)
{
	(void)state;
	answer_ok(&with_ack, bytes_of("\x82\xa1" "a\x01\xa1" "b\xc3", 7));
	assert_str_is(buf_str(&said), "ack 7 [{\"ok\":true,\"a\":1,\"b\":true}]");
}

static void test_ok_without_value(void **state)
{
	(void)state;
	answer_ok(&with_ack, bytes_of("\xc0", 1));
	assert_str_is(buf_str(&said), "ack 7 [{\"ok\":true}]");
}

static void test_ok_without_ack_is_silent(void **state)
{
	(void)state;
	answer_ok(&without_ack, bytes_of("\x80", 1));
	assert_int_equal(said.len, 0);
}

static void test_error_as_ack(void **state)
{
	(void)state;
	answer_error(&with_ack, &(struct answer_fault){.error = CLIENT_ERROR_ROOM_NOT_FOUND});
	assert_str_is(buf_str(&said),
	    "ack 7 [{\"ok\":false,\"error\":{\"code\":\"room_not_found\","
	    "\"message\":\"Room not found\"}}]");
}

static void test_error_as_event_with_everything(void **state)
{
	(void)state;
	answer_error(&without_ack,
	    &(struct answer_fault){.error = CLIENT_ERROR_RATE_LIMITED,
	        .text = STR("slow down"),
	        .details = bytes_of("\x91\xa1x", 3),
	        .retry_after_ms = 1500});
	assert_str_is(buf_str(&said),
	    "error [{\"ok\":false,\"error\":{\"code\":\"rate_limited\",\"message\":\"slow down\","
	    "\"details\":[\"x\"],\"retryAfter\":1500}}]");
}

static void test_the_offset_stands_behind_events_only(void **state)
{
	struct answer_to to = without_ack;

	(void)state;
	to.offset = STR("B.C");
	answer_error(&to, &(struct answer_fault){.error = CLIENT_ERROR_ROOM_NOT_FOUND});
	assert_str_is(buf_str(&said), "error [{\"ok\":false,\"error\":{\"code\":\"room_not_found\","
				      "\"message\":\"Room not found\"}},\"B.C\"]");
	buf_reset(&said);
	to.has_ack = true;
	to.ack_id = 7;
	answer_error(&to, &(struct answer_fault){.error = CLIENT_ERROR_ROOM_NOT_FOUND});
	assert_str_is(buf_str(&said), "ack 7 [{\"ok\":false,\"error\":{\"code\":\"room_not_found\","
				      "\"message\":\"Room not found\"}}]");
}

static void test_error_of_a_newer_broker_is_internal(void **state)
{
	(void)state;
	answer_error(&with_ack, &(struct answer_fault){.error = (enum client_error)9999});
	assert_str_is(buf_str(&said),
	    "ack 7 [{\"ok\":false,\"error\":{\"code\":\"internal\","
	    "\"message\":\"Internal error\"}}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_ok_comes_first_and_pairs_follow, forget),
	    cmocka_unit_test_teardown(test_ok_without_value, forget),
	    cmocka_unit_test_teardown(test_the_offset_stands_behind_events_only, forget),
	    cmocka_unit_test_teardown(test_ok_without_ack_is_silent, forget),
	    cmocka_unit_test_teardown(test_error_as_ack, forget),
	    cmocka_unit_test_teardown(test_error_as_event_with_everything, forget),
	    cmocka_unit_test_teardown(test_error_of_a_newer_broker_is_internal, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
