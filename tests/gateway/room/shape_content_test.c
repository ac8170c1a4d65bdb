/*
 * What a message may say: how long, of which type, in text or binary.
 */
#include "tests/gateway/room/shape_stage.h"

#include "proto/limits.h"
#include "proto/value.h"

#include <stdlib.h>

/* A message whose field is a string of n times the piece. */
static enum err check_long(const char *field, const char *piece, size_t n)
{
	struct buf json = {0};

	buf_puts(&json, STR("[{\"roomId\":\"r\",\"content\":\"c\",\""));
	buf_puts(&json, str_of(field));
	buf_puts(&json, STR("\":\""));
	while (n-- > 0)
		buf_puts(&json, str_of(piece));
	buf_puts(&json, STR("\"}]"));
	enum err e = stage_check(EVENT_MESSAGE, buf_str(&json));

	buf_free(&json);
	return e;
}

/* Lengths are code points: an emoji is four bytes, and two units of JavaScript, but one of them. */
static void lengths_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(check_long("roomId", "x", 128), ERR_OK);
	assert_int_equal(check_long("roomId", "x", 129), ERR_INVALID);
	stage_details_are("[{'path':'roomId','message':"
			  "'\\'roomId\\' length must be at most 128 characters long'}]");
	assert_int_equal(check_long("content", "x", 5000), ERR_OK);
	assert_int_equal(stage.fields.content_chars, 5000);
	assert_int_equal(check_long("content", "\xf0\x9f\x98\x80", 5000), ERR_OK);
	assert_int_equal(stage.fields.content_chars, 5000);
	assert_int_equal(check_long("content", "x", 5001), ERR_INVALID);
	stage_details_are("[{'path':'content','message':"
			  "'\\'content\\' length must be at most 5000 characters long'}]");
	assert_int_equal(check_long("content", "", 0), ERR_INVALID);
	stage_details_are(
	    "[{'path':'content','message':'\\'content\\' is not allowed to be empty'}]");
	assert_int_equal(check_long("messageId", "\xe2\x82\xac", 64), ERR_OK);
	assert_int_equal(check_long("messageId", "x", 65), ERR_INVALID);
	stage_details_are("[{'path':'messageId','message':"
			  "'\\'messageId\\' length must be at most 64 characters long'}]");
	assert_int_equal(check_long("messageId", "", 0), ERR_INVALID);
}

static void a_type_is_one_of_three(void **state)
{
	static const char *const good[] = {"text", "image", "file"};
	static const char *const bad[] = {"video", "", "Text", "texts"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(check_long("type", good[i], 1), ERR_OK);
		assert_true(str_eqz(stage.fields.type, good[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(check_long("type", bad[i], 1), ERR_INVALID);
		stage_details_are(
		    "[{'path':'type','message':'\\'type\\' must be one of [text, image, file]'}]");
	}
	stage_bad(EVENT_MESSAGE, "[{\"roomId\":\"r\",\"content\":\"c\",\"type\":null}]",
	    "[{'path':'type','message':'\\'type\\' must be one of [text, image, file]'}]");
}

/* A message with len bytes of binary content. */
static enum err check_binary(const char *type, size_t len)
{
	uint8_t *content = xcalloc(len, 1);

	buf_reset(&stage.args);
	value_put_array(&stage.args, 1);
	value_put_map(&stage.args, type ? 3 : 2);
	value_put_str_pair(&stage.args, STR("roomId"), STR("r"));
	value_put_str(&stage.args, STR("content"));
	value_put_bin(&stage.args, bytes_of(content, len));
	if (type)
		value_put_str_pair(&stage.args, STR("type"), str_of(type));
	free(content);
	return stage_check_args(EVENT_MESSAGE);
}

static void images_and_files_may_be_binary(void **state)
{
	const size_t head = 5; /* of a long bin: the encoded value has the limit */

	(void)state;
	assert_int_equal(check_binary("image", 3), ERR_OK);
	assert_true(stage.fields.has_content);
	assert_int_equal(stage.fields.content_chars, 0);
	assert_int_equal(stage.fields.content.len, 5);
	assert_int_equal(stage.fields.content.p[0], 0xc4);
	assert_int_equal(check_binary("file", LIMIT_CONTENT - head), ERR_OK);
	assert_int_equal(stage.fields.content.len, LIMIT_CONTENT);
	assert_int_equal(check_binary("file", LIMIT_CONTENT - head + 1), ERR_INVALID);
	stage_details_are("[{'path':'content','message':"
			  "'\\'content\\' length must be at most 1048571 bytes'}]");
	assert_int_equal(check_binary("file", 0), ERR_INVALID);
	stage_details_are(
	    "[{'path':'content','message':'\\'content\\' is not allowed to be empty'}]");
	stage_bad(EVENT_MESSAGE, "[{\"roomId\":\"r\",\"content\":{},\"type\":\"file\"}]",
	    "[{'path':'content','message':'\\'content\\' must be a string or binary'}]");
}

static void the_first_type_is_that_of_who_gives_none(void **state)
{
	(void)state;
	stage_take_rules(
	    &(struct namespace_conf){.message_types = (char *)"blob", .content_max_bytes = 3});
	assert_int_equal(check_binary(NULL, 3), ERR_OK);
	assert_true(str_eqz(stage.fields.type, "blob") && stage.fields.has_content);
	assert_int_equal(check_binary("blob", 4), ERR_INVALID);
	stage_details_are("[{'path':'content','message':"
			  "'\\'content\\' length must be at most 3 bytes'}]");
}

static void text_may_not_be_binary(void **state)
{
	(void)state;
	assert_int_equal(check_binary("text", 3), ERR_INVALID);
	stage_details_are("[{'path':'content','message':'\\'content\\' must be a string'}]");
	assert_int_equal(check_binary(NULL, 3), ERR_INVALID);
	stage_details_are("[{'path':'content','message':'\\'content\\' must be a string'}]");
	/* What it should be nobody knows: the complaint is about the type alone. */
	assert_int_equal(check_binary("video", 3), ERR_INVALID);
	stage_details_are(
	    "[{'path':'type','message':'\\'type\\' must be one of [text, image, file]'}]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(lengths_are_bounded),
	    TEST(a_type_is_one_of_three),
	    TEST(images_and_files_may_be_binary),
	    TEST(the_first_type_is_that_of_who_gives_none),
	    TEST(text_may_not_be_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
