#include "gateway/room/shape.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct buf args, details, text;
static struct shape_fields fields;
static struct rulebook *rules;

/* A rule book of a namespace, that of an empty configuration at first. */
static void take_rules(const struct namespace_conf *n)
{
	char why[200];

	rulebook_free(&rules);
	assert_int_equal(rulebook_new(n, why, sizeof(why), &rules), ERR_OK);
}

static int begin(void **state)
{
	(void)state;
	fields = (struct shape_fields){0};
	take_rules(&(struct namespace_conf){0});
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_free(&args);
	buf_free(&details);
	buf_free(&text);
	rulebook_free(&rules);
	return 0;
}

static enum err check(enum event e, struct str json)
{
	buf_reset(&args);
	buf_reset(&details);
	assert_int_equal(json_read(json, SIZE_MAX, &args), ERR_OK);
	return shape_check(rules, e, buf_bytes(&args), &fields, &details);
}

static void assert_good(enum event e, const char *json)
{
	if (check(e, str_of(json)))
		fail_msg("%s is refused", json);
	assert_int_equal(details.len, 0);
}

/* details: what is complained of, as JSON with the quotes ' for easy reading. */
static void assert_details(const char *expected)
{
	char *p;

	assert_int_equal(value_check(buf_bytes(&details), LIMIT_VALUE_DEPTH), ERR_OK);
	buf_reset(&text);
	json_write(&text, buf_bytes(&details));
	buf_putc(&text, '\0');
	for (p = (char *)frame_data(text.store); *p; p++) {
		if (*p == '"')
			*p = '\'';
	}
	assert_string_equal((char *)frame_data(text.store), expected);
}

static void assert_bad(enum event e, const char *json, const char *expected)
{
	static const struct shape_fields none;

	fields = none;
	if (check(e, str_of(json)) != ERR_INVALID)
		fail_msg("%s is accepted", json);
	assert_details(expected);
	assert_memory_equal(&fields, &none, sizeof(none));
}

static void a_room_is_all_that_most_events_need(void **state)
{
	static const enum event events[] = {EVENT_JOIN_ROOM, EVENT_LEAVE_ROOM, EVENT_TYPING};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		assert_good(events[i], "[{\"roomId\":\"Room_1-a:b.c\"}]");
		assert_true(fields.has_room_id);
		assert_true(str_eqz(fields.room_id, "Room_1-a:b.c"));
		assert_false(fields.has_content || fields.has_type || fields.has_message_id);
		assert_bad(
		    events[i], "[{}]", "[{'path':'roomId','message':'\\'roomId\\' is required'}]");
	}
}

static void a_message_has_all_its_fields(void **state)
{
	struct str content;

	(void)state;
	assert_good(EVENT_MESSAGE, "[{\"roomId\":\"r\",\"content\":\"h\xc3\xa9\",\"type\":"
				   "\"image\",\"messageId\":\"m\"}]");
	assert_true(str_eqz(fields.room_id, "r") && fields.has_room_id);
	assert_true(value_as_str(fields.content, &content) && fields.has_content);
	assert_true(str_eqz(content, "h\xc3\xa9"));
	assert_int_equal(fields.content_chars, 2);
	assert_true(str_eqz(fields.type, "image") && fields.has_type);
	assert_true(str_eqz(fields.message_id, "m") && fields.has_message_id);
}

static void a_message_is_text_by_default(void **state)
{
	(void)state;
	assert_good(EVENT_MESSAGE, "[{\"roomId\":\"r\",\"content\":\"c\"}]");
	assert_true(str_eqz(fields.type, "text"));
	assert_false(fields.has_type);
	assert_int_equal(fields.message_id.len, 0);
	assert_false(fields.has_message_id);
}

static void what_is_not_named_is_ignored(void **state)
{
	(void)state;
	assert_good(EVENT_JOIN_ROOM,
	    "[{\"x\":[{}],\"roomId\":\"r\",\"content\":5,\"type\":null,\"ROOMID\":1},\"more\",[]]");
	assert_false(fields.has_type || fields.has_content);
	/* Of duplicates the last counts, as in JavaScript. */
	assert_good(EVENT_JOIN_ROOM, "[{\"roomId\":5,\"roomId\":\"r\"}]");
	assert_bad(EVENT_JOIN_ROOM, "[{\"roomId\":\"r\",\"roomId\":5}]",
	    "[{'path':'roomId','message':'\\'roomId\\' must be a string'}]");
}

static void the_first_argument_is_an_object(void **state)
{
	static const char *const rows[] = {"[]", "[null]", "[\"room\"]", "[[{\"roomId\":\"r\"}]]",
	    "[5,{\"roomId\":\"r\"}]", "{\"roomId\":\"r\"}", "null"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_bad(EVENT_JOIN_ROOM, rows[i],
		    "[{'path':'','message':'\\'value\\' must be of type object'}]");
	assert_int_equal(
	    shape_check(rules, EVENT_TYPING, (struct bytes){0}, &fields, &details), ERR_INVALID);
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
		assert_bad(EVENT_TYPING, buf_str(&json).p, buf_str(&expected).p);
		buf_free(&json);
		buf_free(&expected);
	}
}

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
	enum err e = check(EVENT_MESSAGE, buf_str(&json));

	buf_free(&json);
	return e;
}

/* Lengths are code points: an emoji is four bytes, and two units of JavaScript, but one of them. */
static void lengths_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(check_long("roomId", "x", 128), ERR_OK);
	assert_int_equal(check_long("roomId", "x", 129), ERR_INVALID);
	assert_details("[{'path':'roomId','message':"
		       "'\\'roomId\\' length must be at most 128 characters long'}]");
	assert_int_equal(check_long("content", "x", 5000), ERR_OK);
	assert_int_equal(fields.content_chars, 5000);
	assert_int_equal(check_long("content", "\xf0\x9f\x98\x80", 5000), ERR_OK);
	assert_int_equal(fields.content_chars, 5000);
	assert_int_equal(check_long("content", "x", 5001), ERR_INVALID);
	assert_details("[{'path':'content','message':"
		       "'\\'content\\' length must be at most 5000 characters long'}]");
	assert_int_equal(check_long("content", "", 0), ERR_INVALID);
	assert_details("[{'path':'content','message':'\\'content\\' is not allowed to be empty'}]");
	assert_int_equal(check_long("messageId", "\xe2\x82\xac", 64), ERR_OK);
	assert_int_equal(check_long("messageId", "x", 65), ERR_INVALID);
	assert_details("[{'path':'messageId','message':"
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
		assert_true(str_eqz(fields.type, good[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(check_long("type", bad[i], 1), ERR_INVALID);
		assert_details(
		    "[{'path':'type','message':'\\'type\\' must be one of [text, image, file]'}]");
	}
	assert_bad(EVENT_MESSAGE, "[{\"roomId\":\"r\",\"content\":\"c\",\"type\":null}]",
	    "[{'path':'type','message':'\\'type\\' must be one of [text, image, file]'}]");
}

static void every_offending_field_is_named(void **state)
{
	(void)state;
	assert_bad(EVENT_MESSAGE, "[{}]",
	    "[{'path':'roomId','message':'\\'roomId\\' is required'},"
	    "{'path':'content','message':'\\'content\\' is required'}]");
	assert_bad(EVENT_MESSAGE,
	    "[{\"messageId\":7,\"type\":\"x\",\"content\":\"\",\"roomId\":\"?\"}]",
	    "[{'path':'roomId','message':'\\'roomId\\' must consist of A-Z a-z 0-9 _ - : .'},"
	    "{'path':'content','message':'\\'content\\' is not allowed to be empty'},"
	    "{'path':'type','message':'\\'type\\' must be one of [text, image, file]'},"
	    "{'path':'messageId','message':'\\'messageId\\' must be a string'}]");
}

static void details_are_appended(void **state)
{
	(void)state;
	buf_puts(&details, STR("before"));
	assert_int_equal(
	    shape_check(rules, EVENT_JOIN_ROOM, bytes_of("\x90", 1), &fields, &details),
	    ERR_INVALID);
	assert_true(str_has_prefix(buf_str(&details), STR("before\x91\x82")));
}

/* A message with len bytes of binary content. */
static enum err check_binary(const char *type, size_t len)
{
	uint8_t *content = xcalloc(len, 1);

	buf_reset(&args);
	buf_reset(&details);
	value_put_array(&args, 1);
	value_put_map(&args, type ? 3 : 2);
	value_put_str_pair(&args, STR("roomId"), STR("r"));
	value_put_str(&args, STR("content"));
	value_put_bin(&args, bytes_of(content, len));
	if (type)
		value_put_str_pair(&args, STR("type"), str_of(type));
	free(content);
	return shape_check(rules, EVENT_MESSAGE, buf_bytes(&args), &fields, &details);
}

static void images_and_files_may_be_binary(void **state)
{
	const size_t head = 5; /* of a long bin: the encoded value has the limit */

	(void)state;
	assert_int_equal(check_binary("image", 3), ERR_OK);
	assert_true(fields.has_content);
	assert_int_equal(fields.content_chars, 0);
	assert_int_equal(fields.content.len, 5);
	assert_int_equal(fields.content.p[0], 0xc4);
	assert_int_equal(check_binary("file", LIMIT_CONTENT - head), ERR_OK);
	assert_int_equal(fields.content.len, LIMIT_CONTENT);
	assert_int_equal(check_binary("file", LIMIT_CONTENT - head + 1), ERR_INVALID);
	assert_details("[{'path':'content','message':"
		       "'\\'content\\' length must be at most 1048571 bytes'}]");
	assert_int_equal(check_binary("file", 0), ERR_INVALID);
	assert_details("[{'path':'content','message':'\\'content\\' is not allowed to be empty'}]");
	assert_bad(EVENT_MESSAGE, "[{\"roomId\":\"r\",\"content\":{},\"type\":\"file\"}]",
	    "[{'path':'content','message':'\\'content\\' must be a string or binary'}]");
}

static void a_namespace_may_have_rules_of_its_own(void **state)
{
	(void)state;
	take_rules(&(struct namespace_conf){.room_id = (char *)"[a-z][0-9]+",
	    .message_types = (char *)"text poll",
	    .content_max_chars = 5,
	    .content_max_bytes = 3});
	assert_good(EVENT_MESSAGE, "[{\"roomId\":\"a1\",\"content\":\"12345\",\"type\":\"poll\"}]");
	assert_true(str_eqz(fields.type, "poll"));
	assert_bad(EVENT_MESSAGE,
	    "[{\"roomId\":\"a1b\",\"content\":\"123456\",\"type\":\"image\",\"messageId\":7}]",
	    "[{'path':'roomId','message':'\\'roomId\\' does not match the required pattern'},"
	    "{'path':'content','message':'\\'content\\' length must be at most 5 characters long'},"
	    "{'path':'type','message':'\\'type\\' must be one of [text, poll]'},"
	    "{'path':'messageId','message':'\\'messageId\\' must be a string'}]");
}

static void the_first_type_is_that_of_who_gives_none(void **state)
{
	(void)state;
	take_rules(
	    &(struct namespace_conf){.message_types = (char *)"blob", .content_max_bytes = 3});
	assert_int_equal(check_binary(NULL, 3), ERR_OK);
	assert_true(str_eqz(fields.type, "blob") && fields.has_content);
	assert_int_equal(check_binary("blob", 4), ERR_INVALID);
	assert_details("[{'path':'content','message':"
		       "'\\'content\\' length must be at most 3 bytes'}]");
}

static void text_may_not_be_binary(void **state)
{
	(void)state;
	assert_int_equal(check_binary("text", 3), ERR_INVALID);
	assert_details("[{'path':'content','message':'\\'content\\' must be a string'}]");
	assert_int_equal(check_binary(NULL, 3), ERR_INVALID);
	assert_details("[{'path':'content','message':'\\'content\\' must be a string'}]");
	/* What it should be nobody knows: the complaint is about the type alone. */
	assert_int_equal(check_binary("video", 3), ERR_INVALID);
	assert_details(
	    "[{'path':'type','message':'\\'type\\' must be one of [text, image, file]'}]");
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static void history_takes_one_direction_and_a_limit(void **state)
{
	(void)state;
	assert_good(EVENT_HISTORY, "[{\"roomId\":\"r\"}]");
	assert_int_equal(fields.limit, 50);
	assert_int_equal(fields.before, 0);
	assert_false(fields.has_after);
	assert_good(EVENT_HISTORY, "[{\"roomId\":\"r\",\"after\":0,\"limit\":100}]");
	assert_true(fields.has_after);
	assert_int_equal(fields.limit, 100);
	assert_int_equal(
	    check(EVENT_HISTORY, STR("[{\"roomId\":\"r\",\"before\":0,\"limit\":101}]")),
	    ERR_INVALID);
	assert_details(
	    "[{'path':'before','message':'\\'before\\' must be from 1 to 9223372036854775807'},"
	    "{'path':'limit','message':'\\'limit\\' must be from 1 to 100'}]");
	assert_int_equal(check(EVENT_HISTORY,
			     STR("[{\"roomId\":\"r\",\"before\":2,\"after\":1,\"limit\":\"5\"}]")),
	    ERR_INVALID);
	assert_details(
	    "[{'path':'after','message':'\\'after\\' must not come together with \\'before\\''},"
	    "{'path':'limit','message':'\\'limit\\' must be a whole number'}]");
}

static void moderators_name_a_user_and_may_say_more(void **state)
{
	char json[512], text_201[202];

	(void)state;
	assert_good(EVENT_BAN,
	    "[{\"roomId\":\"r\",\"userId\":\"bob\",\"durationMs\":1,\"reason\":\"x\"}]");
	assert_true(str_eqz(fields.user_id, "bob"));
	assert_true(str_eqz(fields.reason, "x"));
	assert_int_equal(fields.duration_ms, 1);
	assert_good(EVENT_KICK, "[{\"roomId\":\"r\",\"userId\":\"bob\",\"durationMs\":-1}]");
	assert_int_equal(fields.duration_ms, 0);
	memset(text_201, 'x', 201);
	text_201[201] = '\0';
	snprintf(json, sizeof(json),
	    "[{\"roomId\":\"r\",\"userId\":\"%s\",\"durationMs\":0,\"reason\":\"%s\"}]",
	    text_201, text_201);
	assert_int_equal(check(EVENT_MUTE, str_of(json)), ERR_INVALID);
	assert_details("[{'path':'userId','message':'\\'userId\\' length must be at most 128 "
	               "characters long'},{'path':'durationMs','message':'\\'durationMs\\' must be "
	               "from 1 to 315360000000'},{'path':'reason','message':'\\'reason\\' length "
	               "must be at most 200 characters long'}]");
	/* 65 characters, 130 bytes. */
	for (size_t i = 0; i < 130; i++)
		text_201[i] = i % 2 ? '\xa4' : '\xc3';
	snprintf(
	    json, sizeof(json), "[{\"roomId\":\"r\",\"userId\":\"%.130s\"}]", text_201);
	assert_int_equal(check(EVENT_KICK, str_of(json)), ERR_INVALID);
	assert_details(
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
	    TEST(lengths_are_bounded),
	    TEST(a_type_is_one_of_three),
	    TEST(every_offending_field_is_named),
	    TEST(details_are_appended),
	    TEST(images_and_files_may_be_binary),
	    TEST(a_namespace_may_have_rules_of_its_own),
	    TEST(the_first_type_is_that_of_who_gives_none),
	    TEST(text_may_not_be_binary),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
