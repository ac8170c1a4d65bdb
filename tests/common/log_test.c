#include "common/log.h"

#include "tests/common/capture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAUGHT_BYTES = 65536 };

static struct capture *capture;

static void catch_stderr(void)
{
	capture = capture_new(STDERR_FILENO);
}

/* All that was written since; good until the next call. */
static const char *caught(void)
{
	static char text[CAUGHT_BYTES];
	char *all = capture_end(&capture);

	assert_true(strlen(all) < sizeof(text));
	strcpy(text, all);
	free(all);
	return text;
}

/* The one line caught, as an object; the caller ends it with json_decref. */
static json_t *caught_json(void)
{
	const char *line = caught();
	json_error_t error;
	json_t *root = json_loads(line, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);

	assert_non_null(root);
	assert_true(strlen(line) > 0 && strchr(line, '\n') == line + strlen(line) - 1);
	return root;
}

static const char *text_of(const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	assert_non_null(text);
	return text;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0)
		fail_msg("'%s' does not match '%s'", text, pattern);
	regfree(&regex);
}

/* Must run first: nothing was set up yet. */
static void before_setup_it_is_json_from_notice_on(void **state)
{
	(void)state;
	assert_true(log_is_on(LOG_NOTICE));
	assert_false(log_is_on(LOG_INFO));
	catch_stderr();
	log_notice("program.start");
	json_t *root = caught_json();

	assert_string_equal(text_of(root, "process"), "roomcast");
	json_decref(root);
}

static void a_record_is_one_json_object(void **state)
{
	(void)state;
	log_setup("roomcast-broker", LOG_FORMAT_JSON, LOG_INFO);
	catch_stderr();
	log_info("peer.slow", LOG_Z(PEER, "gw-1"), LOG_U(BYTES, 9007199254740993), LOG_I(COUNT, -5),
	    LOG_B(VERSION, true), LOG_B(PATH, false), LOG_S(REASON, STR("")));
	json_t *root = caught_json();

	assert_matches(text_of(root, "time"),
	    "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z$");
	assert_string_equal(text_of(root, "level"), "info");
	assert_string_equal(text_of(root, "process"), "roomcast-broker");
	assert_string_equal(text_of(root, "event"), "peer.slow");
	assert_string_equal(text_of(root, "peer"), "gw-1");
	assert_int_equal(json_integer_value(json_object_get(root, "bytes")), 9007199254740993);
	assert_int_equal(json_integer_value(json_object_get(root, "count")), -5);
	assert_true(json_is_true(json_object_get(root, "version")));
	assert_true(json_is_false(json_object_get(root, "path")));
	assert_string_equal(text_of(root, "reason"), "");
	assert_int_equal(json_object_size(root), 10);
	json_decref(root);
}

static void fields_come_in_the_order_given(void **state)
{
	(void)state;
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
	catch_stderr();
	log_error("a.b", LOG_Z(REASON, "r"), LOG_U(BYTES, 0));
	const char *line = caught();

	assert_non_null(strstr(line, "\"level\":\"error\",\"process\":\"p\",\"event\":\"a.b\","
				     "\"reason\":\"r\",\"bytes\":0}\n"));
}

static void levels_decide(void **state)
{
	(void)state;
	for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
		size_t lines = 0;

		log_setup("p", LOG_FORMAT_JSON, (enum log_level)level);
		catch_stderr();
		log_error("a.b");
		log_warn("a.b");
		log_notice("a.b");
		log_info("a.b");
		log_debug("a.b");
		for (const char *p = caught(); *p; p++)
			lines += *p == '\n';
		assert_int_equal(lines, level + 1);
	}
}

static bool was_rendered;

static struct str expensive(void)
{
	was_rendered = true;
	return STR("x");
}

static void fields_of_a_silent_level_are_not_evaluated(void **state)
{
	(void)state;
	log_setup("p", LOG_FORMAT_JSON, LOG_WARN);
	log_debug("a.b", LOG_S(REASON, expensive()));
	assert_false(was_rendered);
}

/* Renders one value as JSON and reads it back. */
static void assert_reads(struct str value, struct str expected)
{
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
	catch_stderr();
	log_info("a.b", LOG_S(MESSAGE, value));
	json_t *root = caught_json();
	json_t *message = json_object_get(root, "message");

	assert_int_equal(json_string_length(message), expected.len);
	assert_memory_equal(json_string_value(message), expected.p, expected.len);
	json_decref(root);
}

static void any_bytes_are_valid_json(void **state)
{
	char all[256], controls[33];

	(void)state;
	for (size_t i = 0; i < sizeof(controls); i++)
		controls[i] = (char)i;
	assert_reads(
	    (struct str){controls, sizeof(controls)}, (struct str){controls, sizeof(controls)});
	assert_reads(
	    STR("\"quoted\" back\\slash \x7f del"), STR("\"quoted\" back\\slash \x7f del"));
	assert_reads(STR("zażółć \xf0\x9f\x98\x80"), STR("zażółć \xf0\x9f\x98\x80"));
	assert_reads(STR("a\xff"
			 "b"),
	    STR("a\xef\xbf\xbd"
		"b"));
	assert_reads(STR("\xed\xa0\x80"), STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
	assert_reads(STR("cut\xe2\x82"), STR("cut\xef\xbf\xbd\xef\xbf\xbd"));
	assert_reads(str_of(NULL), STR(""));
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	catch_stderr();
	log_info("a.b", LOG_S(MESSAGE, ((struct str){all, sizeof(all)})));
	json_decref(caught_json());
}

static void controls_are_escaped_in_both_formats(void **state)
{
	/* ESC and the C1 control U+009B both start a terminal's control sequence. */
	const char *forged = "x\n{\"event\":\"forged\"}\r\x1b[2J\xc2\x9b"
			     "1m";

	(void)state;
	for (int format = LOG_FORMAT_JSON; format <= LOG_FORMAT_TEXT; format++) {
		log_setup("p", (enum log_format)format, LOG_INFO);
		catch_stderr();
		log_info("a.b", LOG_Z(MESSAGE, forged));
		const char *line = caught();

		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
		assert_null(strpbrk(line, "\r\x1b\x9b"));
		assert_non_null(strstr(line, "\\n{\\\"event"));
		assert_non_null(strstr(line, "\\r\\u001b[2J\\u009b1m\""));
	}
}

static void a_long_value_is_cut(void **state)
{
	static char text[5000];

	(void)state;
	memset(text, 'a', sizeof(text));
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
	assert_reads((struct str){text, 512}, (struct str){text, 512});
	catch_stderr();
	log_info("a.b", LOG_S(MESSAGE, ((struct str){text, sizeof(text)})), LOG_U(BYTES, 1));
	json_t *root = caught_json();

	assert_int_equal(json_string_length(json_object_get(root, "message")), 512 + 3);
	assert_string_equal(text_of(root, "message") + 512, "\xe2\x80\xa6");
	assert_true(json_is_integer(json_object_get(root, "bytes")));
	assert_null(json_object_get(root, "truncated"));
	json_decref(root);
}

static void a_code_point_is_never_cut_in_two(void **state)
{
	char text[1024];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'a', shift);
		for (size_t i = shift; i + 4 <= sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 4);
		catch_stderr();
		log_info("a.b", LOG_S(MESSAGE, ((struct str){text, 1000})));
		json_decref(caught_json());
	}
}

/* One field of each key, each with a value that needs all the room a value gets. */
static void fill(struct log_field fields[LOG_KEYS + 1])
{
	static char controls[600];

	memset(controls, 1, sizeof(controls));
	for (int key = 0; key < LOG_KEYS; key++)
		fields[key] = (struct log_field){.kind = LOG_KIND_STR,
		    .key = (enum log_key)key,
		    .value.s = {controls, sizeof(controls)}};
	fields[LOG_KEYS] = (struct log_field){.kind = LOG_KIND_END};
}

static void a_long_line_drops_whole_fields_and_says_so(void **state)
{
	struct log_field fields[LOG_KEYS + 1];
	char event[32] = "";

	(void)state;
	fill(fields);
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
	/* Wherever the end of the room falls. */
	for (size_t shift = 0; shift < 20; shift++) {
		event[shift] = 'e';
		catch_stderr();
		log_write(LOG_INFO, event, fields);
		json_t *root = caught_json();

		assert_true(json_is_true(json_object_get(root, "truncated")));
		assert_string_equal(text_of(root, "userId") + 85, "\xe2\x80\xa6");
		assert_null(json_object_get(root, "message"));
		assert_int_equal(json_object_size(root), 4 + 7 + 1);
		json_decref(root);
	}
}

static void a_long_line_of_text_says_so_too(void **state)
{
	struct log_field fields[LOG_KEYS + 1];

	(void)state;
	fill(fields);
	log_setup("p", LOG_FORMAT_TEXT, LOG_INFO);
	catch_stderr();
	log_write(LOG_INFO, "a.b", fields);
	const char *line = caught();

	assert_true(strlen(line) <= 4096);
	assert_non_null(strstr(line, "\xe2\x80\xa6\" truncated=true\n"));
}

static void process_and_event_are_bounded_too(void **state)
{
	static char text[5000];

	(void)state;
	memset(text, '"', sizeof(text) - 1);
	log_setup(text, LOG_FORMAT_JSON, LOG_INFO);
	catch_stderr();
	log_info(text, LOG_U(BYTES, 1));
	json_t *root = caught_json();

	assert_true(json_is_integer(json_object_get(root, "bytes")));
	json_decref(root);
	log_setup("p", LOG_FORMAT_JSON, LOG_INFO);
}

static void text_is_for_people(void **state)
{
	(void)state;
	log_setup("p", LOG_FORMAT_TEXT, LOG_INFO);
	catch_stderr();
	log_warn("room.full", LOG_Z(ROOM_ID, "lobby"), LOG_Z(REASON, "two words"), LOG_U(BYTES, 7),
	    LOG_I(COUNT, -1), LOG_B(PID, true), LOG_Z(HINT, ""), LOG_Z(PATH, "a=b"),
	    LOG_Z(ERR, "say \"hi\" \\"), LOG_Z(USERNAME, "Zoë"));
	assert_matches(caught(),
	    "^[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3} warn room\\.full roomId=lobby "
	    "reason=\"two words\" bytes=7 count=-1 pid=true hint=\"\" path=\"a=b\" "
	    "err=\"say \\\\\"hi\\\\\" \\\\\\\\\" username=\"Zoë\"\n$");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(before_setup_it_is_json_from_notice_on),
	    cmocka_unit_test(a_record_is_one_json_object),
	    cmocka_unit_test(fields_come_in_the_order_given),
	    cmocka_unit_test(levels_decide),
	    cmocka_unit_test(fields_of_a_silent_level_are_not_evaluated),
	    cmocka_unit_test(any_bytes_are_valid_json),
	    cmocka_unit_test(controls_are_escaped_in_both_formats),
	    cmocka_unit_test(a_long_value_is_cut),
	    cmocka_unit_test(a_code_point_is_never_cut_in_two),
	    cmocka_unit_test(a_long_line_drops_whole_fields_and_says_so),
	    cmocka_unit_test(a_long_line_of_text_says_so_too),
	    cmocka_unit_test(process_and_event_are_bounded_too),
	    cmocka_unit_test(text_is_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
