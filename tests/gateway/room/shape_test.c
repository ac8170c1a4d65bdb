/*
 * What fields events must have, and what is complained of. shape_content_test.c has what may be
 * said.
 */
#include "tests/gateway/room/shape_stage.h"

#include "proto/value.h"

#include <stdio.h>
#include <string.h>

static void a_room_is_all_that_most_events_need(void **state)
{
	static const enum event events[] = {EVENT_JOIN_ROOM, EVENT_LEAVE_ROOM, EVENT_TYPING};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		stage_good(events[i], "[{\"roomId\":\"Room_1-a:b.c\"}]");
		assert_true(stage.fields.has_room_id);
		assert_true(str_eqz(stage.fields.room_id, "Room_1-a:b.c"));
		assert_false(stage.fields.has_content || stage.fields.has_type ||
			     stage.fields.has_message_id);
		stage_bad(
		    events[i], "[{}]", "[{'path':'roomId','message':'\\'roomId\\' is required'}]");
	}
}

static void a_message_has_all_its_fields(void **state)
{
	struct str content;

	(void)state;
	stage_good(EVENT_MESSAGE, "[{\"roomId\":\"r\",\"content\":\"h\xc3\xa9\",\"type\":"
				  "\"image\",\"messageId\":\"m\"}]");
	assert_true(str_eqz(stage.fields.room_id, "r") && stage.fields.has_room_id);
	assert_true(value_as_str(stage.fields.content, &content) && stage.fields.has_content);
	assert_true(str_eqz(content, "h\xc3\xa9"));
	assert_int_equal(stage.fields.content_chars, 2);
	assert_true(str_eqz(stage.fields.type, "image") && stage.fields.has_type);
	assert_true(str_eqz(stage.fields.message_id, "m") && stage.fields.has_message_id);
}

static void a_message_is_text_by_default(void **state)
{
	(void)state;
	stage_good(EVENT_MESSAGE, "[{\"roomId\":\"r\",\"content\":\"c\"}]");
	assert_true(str_eqz(stage.fields.type, "text"));
	assert_false(stage.fields.has_type);
	assert_int_equal(stage.fields.message_id.len, 0);
	assert_false(stage.fields.has_message_id);
}

static void what_is_not_named_is_ignored(void **state)
{
	(void)state;
	stage_good(EVENT_JOIN_ROOM,
	    "[{\"x\":[{}],\"roomId\":\"r\",\"content\":5,\"type\":null,\"ROOMID\":1},\"more\",[]]");
	assert_false(stage.fields.has_type || stage.fields.has_content);
	/* Of duplicates the last counts, as in JavaScript. */
	stage_good(EVENT_JOIN_ROOM, "[{\"roomId\":5,\"roomId\":\"r\"}]");
	stage_bad(EVENT_JOIN_ROOM, "[{\"roomId\":\"r\",\"roomId\":5}]",
	    "[{'path':'roomId','message':'\\'roomId\\' must be a string'}]");
}

static void the_first_argument_is_an_object(void **state)
{
	static const char *const rows[] = {"[]", "[null]", "[\"room\"]", "[[{\"roomId\":\"r\"}]]",
	    "[5,{\"roomId\":\"r\"}]", "{\"roomId\":\"r\"}", "null"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		stage_bad(EVENT_JOIN_ROOM, rows[i],
		    "[{'path':'','message':'\\'value\\' must be of type object'}]");
	assert_int_equal(shape_check(stage.rules, EVENT_TYPING, (struct bytes){0}, &stage.fields,
			     &stage.details),
	    ERR_INVALID);
}

static void a_room_is_a_name(void **state)
{
	static const struct {
		const char *room, *complaint;
	} rows[] = {
	    {"5", "must be a string"},
	    {"null", "must be a string"},
	    {"[\"r\"]", "must be a string"},
	    {"{\"a\":1}", "must be a string"},
	    {"\"\"", "is not allowed to be empty"},
	    {"\"a b\"", "must consist of A-Z a-z 0-9 _ - : ."},
	    {"\"a/b\"", "must consist of A-Z a-z 0-9 _ - : ."},
	    {"\"\xc3\xa9\"", "must consist of A-Z a-z 0-9 _ - : ."},
	    {"\"a\\u0000\"", "must consist of A-Z a-z 0-9 _ - : ."},
	    {"\"a\\n\"", "must consist of A-Z a-z 0-9 _ - : ."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf json = {0}, expected = {0};

		buf_printf(&json, "[{\"roomId\":%s}]", rows[i].room);
		buf_printf(&expected, "[{'path':'roomId','message':'\\'roomId\\' %s'}]",
		    rows[i].complaint);
		buf_putc(&json, '\0');
		buf_putc(&expected, '\0');
		stage_bad(EVENT_TYPING, buf_str(&json).p, buf_str(&expected).p);
		buf_free(&json);
		buf_free(&expected);
	}
}

static void every_offending_field_is_named(void **state)
{
	(void)state;
	stage_bad(EVENT_MESSAGE, "[{}]",
	    "[{'path':'roomId','message':'\\'roomId\\' is required'},"
	    "{'path':'content','message':'\\'content\\' is required'}]");
	stage_bad(EVENT_MESSAGE,
	    "[{\"messageId\":7,\"type\":\"x\",\"content\":\"\",\"roomId\":\"?\"}]",
	    "[{'path':'roomId','message':'\\'roomId\\' must consist of A-Z a-z 0-9 _ - : .'},"
	    "{'path':'content','message':'\\'content\\' is not allowed to be empty'},"
	    "{'path':'type','message':'\\'type\\' must be one of [text, image, file]'},"
	    "{'path':'messageId','message':'\\'messageId\\' must be a string'}]");
}

static void details_are_appended(void **state)
{
	(void)state;
	buf_puts(&stage.details, STR("before"));
	assert_int_equal(shape_check(stage.rules, EVENT_JOIN_ROOM, bytes_of("\x90", 1),
			     &stage.fields, &stage.details),
	    ERR_INVALID);
	assert_true(str_has_prefix(buf_str(&stage.details), STR("before\x91\x82")));
}

static void a_namespace_may_have_rules_of_its_own(void **state)
{
	(void)state;
	stage_take_rules(&(struct namespace_conf){.room_id = (char *)"[a-z][0-9]+",
	    .message_types = (char *)"text poll",
	    .content_max_chars = 5,
	    .content_max_bytes = 3});
	stage_good(EVENT_MESSAGE, "[{\"roomId\":\"a1\",\"content\":\"12345\",\"type\":\"poll\"}]");
	assert_true(str_eqz(stage.fields.type, "poll"));
	stage_bad(EVENT_MESSAGE,
	    "[{\"roomId\":\"a1b\",\"content\":\"123456\",\"type\":\"image\",\"messageId\":7}]",
	    "[{'path':'roomId','message':'\\'roomId\\' does not match the required pattern'},"
	    "{'path':'content','message':'\\'content\\' length must be at most 5 characters long'},"
	    "{'path':'type','message':'\\'type\\' must be one of [text, poll]'},"
	    "{'path':'messageId','message':'\\'messageId\\' must be a string'}]");
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_begin, stage_end)

static void history_takes_one_direction_and_a_limit(void **state)
{
	(void)state;
	stage_good(EVENT_HISTORY, "[{\"roomId\":\"r\"}]");
	assert_int_equal(stage.fields.limit, 50);
	assert_int_equal(stage.fields.before, 0);
	assert_false(stage.fields.has_after);
	stage_good(EVENT_HISTORY, "[{\"roomId\":\"r\",\"after\":0,\"limit\":100}]");
	assert_true(stage.fields.has_after);
	assert_int_equal(stage.fields.limit, 100);
	assert_int_equal(
	    stage_check(EVENT_HISTORY, STR("[{\"roomId\":\"r\",\"before\":0,\"limit\":101}]")),
	    ERR_INVALID);
	stage_details_are(
	    "[{'path':'before','message':'\\'before\\' must be from 1 to 9223372036854775807'},"
	    "{'path':'limit','message':'\\'limit\\' must be from 1 to 100'}]");
	assert_int_equal(stage_check(EVENT_HISTORY,
			     STR("[{\"roomId\":\"r\",\"before\":2,\"after\":1,\"limit\":\"5\"}]")),
	    ERR_INVALID);
	stage_details_are(
	    "[{'path':'after','message':'\\'after\\' must not come together with \\'before\\''},"
	    "{'path':'limit','message':'\\'limit\\' must be a whole number'}]");
}

static void moderators_name_a_user_and_may_say_more(void **state)
{
	char json[512], text_201[202];

	(void)state;
	stage_good(
	    EVENT_BAN, "[{\"roomId\":\"r\",\"userId\":\"bob\",\"durationMs\":1,\"reason\":\"x\"}]");
	assert_true(str_eqz(stage.fields.user_id, "bob"));
	assert_true(str_eqz(stage.fields.reason, "x"));
	assert_int_equal(stage.fields.duration_ms, 1);
	stage_good(EVENT_KICK, "[{\"roomId\":\"r\",\"userId\":\"bob\",\"durationMs\":-1}]");
	assert_int_equal(stage.fields.duration_ms, 0);
	memset(text_201, 'x', 201);
	text_201[201] = '\0';
	snprintf(json, sizeof(json),
	    "[{\"roomId\":\"r\",\"userId\":\"%s\",\"durationMs\":0,\"reason\":\"%s\"}]", text_201,
	    text_201);
	assert_int_equal(stage_check(EVENT_MUTE, str_of(json)), ERR_INVALID);
	stage_details_are(
	    "[{'path':'userId','message':'\\'userId\\' length must be at most 128 "
	    "characters long'},{'path':'durationMs','message':'\\'durationMs\\' must be "
	    "from 1 to 315360000000'},{'path':'reason','message':'\\'reason\\' length "
	    "must be at most 200 characters long'}]");
	/* 65 characters, 130 bytes. */
	for (size_t i = 0; i < 130; i++)
		text_201[i] = i % 2 ? '\xa4' : '\xc3';
	snprintf(json, sizeof(json), "[{\"roomId\":\"r\",\"userId\":\"%.130s\"}]", text_201);
	assert_int_equal(stage_check(EVENT_KICK, str_of(json)), ERR_INVALID);
	stage_details_are(
	    "[{'path':'userId','message':'\\'userId\\' must be at most 128 bytes long'}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(history_takes_one_direction_and_a_limit),
	    TEST(moderators_name_a_user_and_may_say_more),
	    TEST(a_room_is_all_that_most_events_need),
	    TEST(a_message_has_all_its_fields),
	    TEST(a_message_is_text_by_default),
	    TEST(what_is_not_named_is_ignored),
	    TEST(the_first_argument_is_an_object),
	    TEST(a_room_is_a_name),
	    TEST(every_offending_field_is_named),
	    TEST(details_are_appended),
	    TEST(a_namespace_may_have_rules_of_its_own),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
