#include "broker/cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"

enum { MAX_WORDS = 80 };

static struct options o;
static char why[OPTIONS_WHY_SIZE];

static int set_up(void **state)
{
	(void)state;
	memset(&o, 0xa5, sizeof(o));
	why[0] = '\0';
	return unsetenv("ROOMCAST_CONTROL_ENDPOINT");
}

/* words ends with NULL. */
static enum err parse(const char *const *words)
{
	static char *argv[MAX_WORDS + 2];
	int argc = 1;

	argv[0] = (char[]){"roomcastctl"};
	for (; words[argc - 1] && argc <= MAX_WORDS; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	argv[argc] = NULL;
	return options_parse(argc, argv, &o, why);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(enum err e, const char *words)
{
	assert_int_equal(e, ERR_INVALID);
	assert_string_equal(why, words);
	assert_int_equal(o.given, 0xa5a5a5a5); /* as set_up left it */
}

static void nothing_given_means_the_fallbacks(void **state)
{
	(void)state;
	assert_int_equal(parse((const char *const[]){NULL}), ERR_OK);
	assert_int_equal(o.given, 0);
	assert_int_equal(o.word_count, 0);
	assert_int_equal(o.room_count, 0);
	assert_string_equal(o.text[OPTION_ENDPOINT], "ipc:///run/roomcast/control.sock");
	assert_string_equal(o.text[OPTION_KEY_FILE], "/etc/roomcast/token.key");
	assert_int_equal(o.number[OPTION_TIMEOUT], 3000);
	assert_int_equal(o.number[OPTION_EXPIRES], 3600);
	assert_null(o.text[OPTION_NSP]);
	assert_null(o.text[OPTION_LIMIT]);
}

static void words_and_options_come_in_any_order(void **state)
{
	static const char *const orders[][6] = {
	    {"history", "lobby", "--limit", "5", "--json"},
	    {"--json", "--limit=5", "history", "lobby"},
	    {"history", "--limit", "5", "lobby", "--json"},
	    {"--json", "--limit", "5", "--", "history", "lobby"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		const char *words[7] = {0};

		memcpy(words, orders[i], sizeof(orders[i]));
		assert_int_equal(parse(words), ERR_OK);
		assert_int_equal(o.word_count, 2);
		assert_string_equal(o.words[0], "history");
		assert_string_equal(o.words[1], "lobby");
		assert_int_equal(o.given, OPTION_BIT(LIMIT) | OPTION_BIT(JSON));
		assert_int_equal(o.number[OPTION_LIMIT], 5);
		assert_string_equal(o.text[OPTION_LIMIT], "5");
	}
}

static void the_environment_comes_between(void **state)
{
	(void)state;
	setenv("ROOMCAST_CONTROL_ENDPOINT", "ipc:///tmp/env", 1);
	assert_int_equal(PARSE("status"), ERR_OK);
	assert_string_equal(o.text[OPTION_ENDPOINT], "ipc:///tmp/env");
	assert_int_equal(o.given, 0);
	assert_int_equal(PARSE("status", "--endpoint", "ipc:///tmp/given"), ERR_OK);
	assert_string_equal(o.text[OPTION_ENDPOINT], "ipc:///tmp/given");
	setenv("ROOMCAST_CONTROL_ENDPOINT", "", 1);
	assert_int_equal(PARSE("status"), ERR_OK);
	assert_string_equal(o.text[OPTION_ENDPOINT], "ipc:///run/roomcast/control.sock");
}

static void a_bad_variable_is_named(void **state)
{
	(void)state;
	setenv("ROOMCAST_CONTROL_ENDPOINT", "ipc:///\xff", 1);
	assert_refused(PARSE("status"), "ROOMCAST_CONTROL_ENDPOINT: not UTF-8");
}

static void rooms_come_many_times(void **state)
{
	const char *words[2 * OPTIONS_MAX_ROOMS + 3] = {0};

	(void)state;
	assert_int_equal(PARSE("token", "--room", "a", "--room=b", "--room", "a"), ERR_OK);
	assert_int_equal(o.room_count, 3);
	assert_string_equal(o.rooms[0], "a");
	assert_string_equal(o.rooms[1], "b");
	assert_string_equal(o.rooms[2], "a");
	assert_int_equal(o.given, OPTION_BIT(ROOM));
	for (size_t i = 0; i < OPTIONS_MAX_ROOMS; i++)
		words[i] = "--room=r";
	assert_int_equal(parse(words), ERR_OK);
	assert_int_equal(o.room_count, OPTIONS_MAX_ROOMS);
	set_up(NULL);
	words[OPTIONS_MAX_ROOMS] = "--room=r";
	assert_refused(parse(words), "--room: more than 64 of them");
}

static void the_last_of_several_counts(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--limit", "5", "--limit", "7"), ERR_OK);
	assert_int_equal(o.number[OPTION_LIMIT], 7);
}

static void help_has_a_letter(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-h"), ERR_OK);
	assert_int_equal(o.given, OPTION_BIT(HELP));
	assert_int_equal(PARSE("--help", "--version"), ERR_OK);
	assert_int_equal(o.given, OPTION_BIT(HELP) | OPTION_BIT(VERSION));
}

static void numbers_keep_their_bounds(void **state)
{
	static const char *const bad[] = {"0", "1001", "-1", "+1", " 1", "1 ", "1e2", "0x10", "",
	    "five", "99999999999999999999999"};

	(void)state;
	assert_int_equal(PARSE("--limit", "1"), ERR_OK);
	assert_int_equal(PARSE("--limit", "1000"), ERR_OK);
	assert_int_equal(PARSE("--before", "18446744073709551615", "--after=0"), ERR_OK);
	assert_true(o.number[OPTION_BEFORE] == UINT64_MAX);
	assert_int_equal(o.number[OPTION_AFTER], 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		set_up(NULL);
		assert_refused(
		    PARSE("--limit", bad[i]), "--limit: a number from 1 to 1000 was expected");
	}
}

static void texts_keep_their_bounds(void **state)
{
	char nsp[LIMIT_NSP + 2] = {0};

	(void)state;
	memset(nsp, '/', LIMIT_NSP);
	assert_int_equal(PARSE("--nsp", nsp), ERR_OK);
	assert_string_equal(o.text[OPTION_NSP], nsp);
	nsp[LIMIT_NSP] = '/';
	set_up(NULL);
	assert_refused(PARSE("--nsp", nsp), "--nsp: longer than 128 bytes");
	assert_refused(PARSE("--nsp", ""), "--nsp: the value is empty");
	assert_refused(PARSE("--nsp="), "--nsp: the value is empty");
	assert_refused(PARSE("--nsp", "\xff"), "--nsp: not UTF-8");
	assert_refused(PARSE("--room", "\xc3"), "--room: not UTF-8");
	assert_refused(PARSE("--out", ""), "--out: the value is empty");
	assert_int_equal(PARSE("--out", "/tmp/\xff"), ERR_OK); /* a path is what it is */
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	assert_refused(PARSE("--limt", "5"), "unknown option --limt, did you mean --limit?");
	assert_refused(PARSE("--limt=5"), "unknown option --limt, did you mean --limit?");
	assert_refused(
	    PARSE("status", "--frobnicate", "x"), "unknown option --frobnicate; --help lists them");
	assert_refused(PARSE("-q"), "unknown option -q; --help lists them");
	assert_refused(PARSE("status", "--json=yes"), "--json takes no value");
	assert_refused(PARSE("status", "--limit"), "--limit needs a value");
	assert_refused(PARSE("emit", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13",
			   "14", "15", "16", "17", "18", "19"),
	    "one argument too many: '19'");
}

static void every_row_is_whole(void **state)
{
	(void)state;
	for (enum option_id id = 0; id < OPTIONS; id++) {
		const struct option_row *row = option_row(id);

		assert_true(strlen(row->name) > 1);
		assert_true(strlen(row->doc) > 0);
		assert_int_equal(row->kind == OPTION_FLAG, row->value[0] == '\0');
		assert_true(row->kind == OPTION_FLAG || row->max > 0);
		for (enum option_id other = 0; other < id; other++)
			assert_string_not_equal(row->name, option_row(other)->name);
	}
}

static void times_are_read(void **state)
{
	(void)state;
	assert_int_equal(PARSE("revoke", "--issued-before", "2023-11-14T22:13:20Z"), ERR_OK);
	assert_int_equal(o.number[OPTION_ISSUED_BEFORE], 1700000000000);
	assert_int_equal(PARSE("revoke", "--until", "1700000000001"), ERR_OK);
	assert_int_equal(o.number[OPTION_UNTIL], 1700000000001);
}

static void what_is_no_time_is_refused(void **state)
{
	(void)state;
	assert_refused(PARSE("revoke", "--until", "tomorrow"),
	    "--until: a time such as 2026-01-31T12:00:00Z was expected, or ms since 1970");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(nothing_given_means_the_fallbacks, set_up),
	    cmocka_unit_test_setup(words_and_options_come_in_any_order, set_up),
	    cmocka_unit_test_setup(the_environment_comes_between, set_up),
	    cmocka_unit_test_setup(a_bad_variable_is_named, set_up),
	    cmocka_unit_test_setup(rooms_come_many_times, set_up),
	    cmocka_unit_test_setup(the_last_of_several_counts, set_up),
	    cmocka_unit_test_setup(help_has_a_letter, set_up),
	    cmocka_unit_test_setup(numbers_keep_their_bounds, set_up),
	    cmocka_unit_test_setup(texts_keep_their_bounds, set_up),
	    cmocka_unit_test_setup(what_is_wrong_is_said, set_up),
	    cmocka_unit_test_setup(every_row_is_whole, set_up),
	    cmocka_unit_test_setup(times_are_read, set_up),
	    cmocka_unit_test_setup(what_is_no_time_is_refused, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
