#include "broker/message.h"

#include "gateway/sio/json.h"
#include "tests/check.h"

static void has_the_fields_that_clients_know(void **state)
{
	struct reader_message message = {.gseq = 33,
	    .seq = 7,
	    .user = STR("ann"),
	    .username = STR("Ann"),
	    .type = STR("text"),
	    .content = bytes_of("\xa2hi", 3),
	    .timestamp = {1700000000000}};
	struct buf args = {0}, json = {0};

	(void)state;
	message_put(&args, STR("lobby"), &message);
	json_write(&json, buf_bytes(&args));
	assert_true(str_eqz(buf_str(&json),
	    "{\"id\":\"0000000000011\",\"roomId\":\"lobby\",\"seq\":7,\"userId\":\"ann\","
	    "\"username\":\"Ann\",\"content\":\"hi\",\"type\":\"text\","
	    "\"timestamp\":1700000000000}"));
	buf_free(&args);
	buf_free(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(has_the_fields_that_clients_know)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
