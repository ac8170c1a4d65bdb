/* Polling in protocol revision 3: bodies, their types, and whose session it is. */
#include "tests/gateway/eio/polling_stage.h"

#include "common/crypto.h"

static void polled(struct stage *s, struct bytes body, const char *type)
{
	if (!s->get.exchange)
		stage_poll(s);
	stage_end_turn(s);
	assert_int_equal(s->get.status, 200);
	assert_int_equal(s->get.body_len, body.len);
	assert_memory_equal(s->get.body, body.p, body.len);
	assert_string_equal(s->get.type, type);
}

#define POLLED(s, literal, type) polled(s, bytes_of(literal, sizeof(literal) - 1), type)
#define TEXT "text/plain; charset=UTF-8"
#define BINARY "application/octet-stream"

static unsigned post(struct stage *s, struct bytes body, const char *type)
{
	s->content_type = type;
	return stage_post_bytes(s, body);
}

#define POST(s, literal, type) post(s, bytes_of(literal, sizeof(literal) - 1), type)

static void assert_heard(struct stage *s, const char *expected)
{
	assert_true(str_eqz(buf_str(&s->heard), expected));
	buf_reset(&s->heard);
}

static void send_binary(struct stage *s, struct bytes data)
{
	struct frame *f = frame_new(data);

	eio_session_send_binary(s->session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
}

/* And what the layer above said at once comes with the next poll. */
static void test_the_open_packet_comes_alone(void **state)
{
	struct stage *s = *state;

	assert_int_equal(s->get.status, 200);
	assert_memory_equal(s->get.body, "111:0{\"sid\":\"", 13);
	assert_int_equal(s->get.body_len, 4 + 111);
	POLLED(s, "2:40", TEXT);
}

static void test_text_bodies(void **state)
{
	struct stage *s = *state;

	POLLED(s, "2:40", TEXT);
	assert_int_equal(POST(s, "6:4hello6:2probe6:b4AQI=", "text/plain;charset=UTF-8"), 200);
	assert_string_equal(s->post.body, "ok");
	assert_heard(s, "hello;\1\2!");
	POLLED(s, "6:3probe", TEXT);
}

static void test_binary_bodies(void **state)
{
	struct stage *s = *state;

	POLLED(s, "2:40", TEXT);
	assert_int_equal(
	    POST(s, "\0\6\xff\x34\x68\x65\x6c\x6c\x6f\1\5\xff\4\1\2\3\4", BINARY), 200);
	assert_heard(s, "hello;\1\2\3\4!");
	assert_int_equal(POST(s, "1:2", "text/plain"), 200);
	send_binary(s, bytes_of("\1\2\3\4", 4));
	POLLED(s, "\0\1\xff\x33\1\5\xff\4\1\2\3\4", BINARY);
	assert_int_equal(s->closed, 0);
}

static void test_last_words_in_a_binary_body(void **state)
{
	struct stage *s = *state;

	POLLED(s, "2:40", TEXT);
	send_binary(s, bytes_of("\1", 1));
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	POLLED(s, "\1\2\xff\4\1", BINARY);
	POLLED(s, "1:1", TEXT);
}

static void test_a_body_that_cannot_be_read(void **state)
{
	struct stage *s = *state;

	assert_int_equal(POST(s, "2:4a3:4b", "text/plain"), 200);
	assert_heard(s, "a;");
	stage_closed(s, EIO_CLOSE_PARSE_ERROR);
}

static void test_a_binary_body_that_cannot_be_read(void **state)
{
	struct stage *s = *state;

	assert_int_equal(POST(s, "\0\2\xff\x34\xff", BINARY), 200);
	assert_heard(s, "");
	stage_closed(s, EIO_CLOSE_PARSE_ERROR);
}

static void test_whose_session_it_is(void **state)
{
	struct stage *s = *state;

	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_3), EIO_SID_POLLING);
	assert_int_equal(polls_sid(s->set, s->sid, EIO_REVISION_4), EIO_SID_OTHER_REVISION);
	assert_int_equal(polls_sid(s->set, STR("x"), EIO_REVISION_4), EIO_SID_UNKNOWN);
	assert_int_equal(polls_sid(s->set, STR(""), EIO_REVISION_4), EIO_SID_NONE);
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, stage_setup3, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPEN(test_the_open_packet_comes_alone),
	    OPEN(test_text_bodies),
	    OPEN(test_binary_bodies),
	    OPEN(test_last_words_in_a_binary_body),
	    OPEN(test_a_body_that_cannot_be_read),
	    OPEN(test_a_binary_body_that_cannot_be_read),
	    OPEN(test_whose_session_it_is),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
