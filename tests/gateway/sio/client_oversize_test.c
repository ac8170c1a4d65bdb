/*
 * A client whose message is too big for its connection: of the event only the head is there.
 */
#include "tests/check.h"

#include "gateway/sio/client.h"
#include "tests/gateway/sio/stage.h"

#include <string.h>

static void oversize(const char *head, bool is_binary)
{
	sio_client_oversize(stage.client, str_bytes(str_of(head)), is_binary);
}

static void the_layer_above_is_told_whom_to_answer(void **state)
{
	(void)state;
	stage_connect_two();
	oversize("2/chat,17[\"message\",{\"content\":\"aaaa", false);
	stage_said("oversize /chat 17\n");
	oversize("2[\"message\"", false);
	stage_said("oversize / \n");
	oversize("51-/chat,3[\"message\"", false);
	stage_said("oversize /chat 3\n");
}

static void a_head_that_tells_nothing_is_nobodys(void **state)
{
	static const char *const heads[] = {"", "2", "2/chat,17", "2/nowhere,17[", "2/admin,17[",
	    "3/chat,17[", "0/chat,{", "nonsense", "2/chat,99999999999999999999[", "\xff\xff"};

	(void)state;
	stage_connect_two();
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		oversize(heads[i], false);
	stage_said("");
	/* Nor does it change what the client may say. */
	stage_receive("2[\"next\"]");
	stage_said("event /  next []\n");
}

static void a_socket_that_waits_is_not_answered(void **state)
{
	(void)state;
	stage_receive("0/chat,");
	stage_said("connect /chat -\n");
	oversize("2/chat,17[", false);
	stage_said("");
}

static void an_attachment_belongs_to_its_event(void **state)
{
	(void)state;
	stage_connect_two();
	oversize("\x01\x02", true);
	stage_said("");
	stage_receive("51-/chat,17[\"message\",{\"_placeholder\":true,\"num\":0}]");
	oversize("2/chat,18[", false); /* not its turn */
	stage_said("");
	oversize("\x01\x02", true);
	stage_said("oversize /chat 17\n");
}

static void an_attachment_of_an_ack_asks_for_nothing(void **state)
{
	(void)state;
	stage_connect_two();
	stage_receive("61-/chat,17[{\"_placeholder\":true,\"num\":0}]");
	oversize("\x01\x02", true);
	stage_said("");
}

static void a_client_that_is_closed_or_speaks_msgpack_is_left_alone(void **state)
{
	static const char connect[] = "\x82\xa4type\x00\xa3nsp\xa1/";

	(void)state;
	stage.in_connect = stage_accept;
	stage_receive_binary(bytes_of(connect, sizeof(connect) - 1));
	buf_reset(&stage.said);
	oversize("2[", false);
	oversize("2[", true);
	stage_said("");
	sio_client_free(&stage.client);
	stage_new_client();
	buf_reset(&stage.said);
	stage_connect_two();
	stage_receive("nonsense");
	buf_reset(&stage.said);
	oversize("2[", false);
	stage_said("");
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_layer_above_is_told_whom_to_answer),
	    TEST(a_head_that_tells_nothing_is_nobodys),
	    TEST(a_socket_that_waits_is_not_answered),
	    TEST(an_attachment_belongs_to_its_event),
	    TEST(an_attachment_of_an_ack_asks_for_nothing),
	    TEST(a_client_that_is_closed_or_speaks_msgpack_is_left_alone),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
