#include "tests/gateway/eio/websocket_stage.h"

#include "common/crypto.h"

#include <stdlib.h>
#include <string.h>

static void assert_refused(struct stage *s, enum eio_close why, const char *frame)
{
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, why);
	buf_reset(&s->heard);
	stage_end_turn(s);
	assert_true(s->lws.written.len >= 4);
	assert_memory_equal(buf_bytes(&s->lws.written).p + 2, frame, 2);
	stage_receive(s, "4deaf", true, 0);
	stage_heard(s, "");
}

static void test_message_in_one_chunk(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4hello", true, 0);
	s->lws.is_binary = true;
	stage_receive(s, "4hello", true, 0);
	stage_receive(s, "", true, 0);
	stage_heard(s, "t:hello;b:4hello;b:;");
}

static void test_message_in_fragments_and_chunks(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4h", false, 3);
	stage_receive(s, "el", false, 1);
	stage_receive(s, "l", false, 0);
	stage_receive(s, "", false, 0);
	stage_heard(s, "");
	stage_receive(s, "o", true, 0);
	stage_receive(s, "4next", true, 0);
	stage_receive(s, "", false, 0);
	stage_receive(s, "4empty first", true, 0);
	stage_receive(s, "4empty last", false, 0);
	stage_receive(s, "", true, 0);
	stage_heard(s, "t:hello;t:next;t:empty first;t:empty last;");
}

static void test_size_limit(void **state)
{
	struct stage *s = *state;
	char text[STAGE_MAX_MESSAGE + 2] = "4";

	memset(text + 1, 'x', STAGE_MAX_MESSAGE);
	text[STAGE_MAX_MESSAGE] = 0;
	stage_receive(s, text, true, 0);
	assert_int_equal(s->heard.len, 2 + STAGE_MAX_MESSAGE - 1 + 1);
	buf_reset(&s->heard);
	text[STAGE_MAX_MESSAGE] = 'x';
	stage_receive(s, text, true, 0);
	assert_refused(s, EIO_CLOSE_TOO_BIG, TOO_BIG);
}

static void test_announced_size(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4", true, STAGE_MAX_MESSAGE);
	assert_refused(s, EIO_CLOSE_TOO_BIG, TOO_BIG);
}

static void test_announced_size_that_overflows(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4abc", true, SIZE_MAX);
	assert_refused(s, EIO_CLOSE_TOO_BIG, TOO_BIG);
}

static void test_what_is_too_big_is_shown_and_may_be_answered(void **state)
{
	struct stage *s = *state;

	s->answers_big = true;
	stage_receive(s, "42/chat,17[\"", true, STAGE_MAX_MESSAGE);
	stage_heard(s, "big t:2/chat,17[\";");
	assert_int_equal(s->why, EIO_CLOSE_TOO_BIG);
	stage_end_turn(s);
	WRITTEN(s, "\x81\x07\x34"
		   "answer\x88\x13\x03\xf1payload too large");
}

static void test_the_head_of_fragments_is_their_first(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "42[", false, 0);
	stage_receive(s, "\"a\"", false, 0);
	stage_receive(s, "x", false, STAGE_MAX_MESSAGE);
	stage_heard(s, "big t:2[\"a\";");
}

static void test_binary_that_is_too_big(void **state)
{
	struct stage *s = *state;

	s->lws.is_binary = true;
	stage_receive(s, "\x04xyz", true, STAGE_MAX_MESSAGE);
	stage_heard(s, "big b:\x04xyz;");
}

static void test_only_messages_are_shown(void **state)
{
	stage_receive(*state, "2probe", true, STAGE_MAX_MESSAGE);
	stage_heard(*state, "");
}

static void test_fragments_add_up(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4", false, 0);
	for (int i = 0; i < STAGE_MAX_MESSAGE - 1; i++)
		stage_receive(s, "x", false, 0);
	assert_int_equal(s->closed, 0);
	stage_receive(s, "x", false, 0);
	assert_refused(s, EIO_CLOSE_TOO_BIG, TOO_BIG);
}

static void test_bad_text(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4\xff", true, 0);
	assert_refused(s, EIO_CLOSE_TRANSPORT_ERROR, BAD_TEXT);
}

/* What the check of libwebsockets 4.1 misses. */
static void test_character_cut_off_before_an_empty_fragment(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4\xe2\x82", false, 0);
	assert_int_equal(s->closed, 0);
	stage_receive(s, "", true, 0);
	assert_refused(s, EIO_CLOSE_TRANSPORT_ERROR, BAD_TEXT);
}

static void test_character_across_fragments(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4\xe2\x82", false, 0);
	stage_receive(s, "\xac", true, 0);
	stage_heard(s, "t:\xe2\x82\xac;");
}

static void test_binary_need_not_be_text(void **state)
{
	struct stage *s = *state;

	s->lws.is_binary = true;
	stage_receive(s, "\xff\xfe", true, 0);
	stage_heard(s, "b:\xff\xfe;");
}

static void test_closed_by_the_layer_above_between_messages(void **state)
{
	struct stage *s = *state;

	s->closes_on_message = true;
	stage_receive(s, "4one", false, 1);
	stage_receive(s, "!", true, 0);
	stage_receive(s, "4two", true, 0);
	stage_heard(s, "t:one!;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_message_in_one_chunk),
	    TEST(test_message_in_fragments_and_chunks),
	    TEST(test_size_limit),
	    TEST(test_announced_size),
	    TEST(test_announced_size_that_overflows),
	    TEST(test_what_is_too_big_is_shown_and_may_be_answered),
	    TEST(test_the_head_of_fragments_is_their_first),
	    TEST(test_binary_that_is_too_big),
	    TEST(test_only_messages_are_shown),
	    TEST(test_fragments_add_up),
	    TEST(test_bad_text),
	    TEST(test_character_cut_off_before_an_empty_fragment),
	    TEST(test_character_across_fragments),
	    TEST(test_binary_need_not_be_text),
	    TEST(test_closed_by_the_layer_above_between_messages),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
