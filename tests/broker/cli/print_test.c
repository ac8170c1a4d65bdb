#include "broker/cli/print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/value.h"

#define COLUMNS(columns) columns, ARRAY_LEN(columns)

static const struct print_column room_columns[] = {
    {"room", "ROOM", PRINT_PLAIN},
    {"users", "USERS", PRINT_NUMBER},
    {"note", "NOTE", PRINT_PLAIN},
};
static const struct print_layout table = {
    PRINT_TABLE, "rooms", COLUMNS(room_columns), "There is more.", NULL};

static struct buf answer;
static char *printed;

static int set_up(void **state)
{
	(void)state;
	buf_reset(&answer);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(printed);
	printed = NULL;
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_free(&answer);
	return frame_live() != 0;
}

/* layout NULL: as JSON. What was printed stays in `printed`. */
static enum err print(const struct print_layout *layout)
{
	size_t size;
	FILE *out;

	free(printed);
	printed = NULL;
	out = open_memstream(&printed, &size);
	assert_non_null(out);
	enum err e = layout ? print_text(out, layout, buf_bytes(&answer))
			    : print_json(out, buf_bytes(&answer));

	assert_int_equal(fclose(out), 0);
	return e;
}

static void put_room(const char *room, uint64_t users, const char *note)
{
	value_put_map(&answer, note ? 3 : 2);
	value_put_u64_pair(&answer, STR("users"), users);
	value_put_str_pair(&answer, STR("room"), str_of(room));
	if (note)
		value_put_str_pair(&answer, STR("note"), str_of(note));
}

static void put_list_head(uint32_t rooms, bool more)
{
	value_put_map(&answer, 2);
	value_put_bool_pair(&answer, STR("more"), more);
	value_put_str(&answer, STR("rooms"));
	value_put_array(&answer, rooms);
}

static void a_table_is_aligned(void **state)
{
	(void)state;
	put_list_head(3, false);
	put_room("lobby", 7, "first");
	put_room("Комната", 123456, NULL);
	put_room("x", 0, "");
	assert_int_equal(print(&table), ERR_OK);
	assert_string_equal(printed, "ROOM      USERS  NOTE\n"
				     "lobby         7  first\n"
				     "Комната  123456  -\n"
				     "x             0  -\n");
}

static void a_table_without_rows_has_its_titles(void **state)
{
	(void)state;
	put_list_head(0, false);
	assert_int_equal(print(&table), ERR_OK);
	assert_string_equal(printed, "ROOM  USERS  NOTE\n");
}

static void a_page_says_that_there_is_more(void **state)
{
	(void)state;
	put_list_head(1, true);
	put_room("a", 1, "b");
	assert_int_equal(print(&table), ERR_OK);
	assert_string_equal(printed, "ROOM  USERS  NOTE\na         1  b\nThere is more.\n");
}

static void pairs_are_one_line_each(void **state)
{
	static const struct print_column columns[] = {
	    {"state", "state", PRINT_PLAIN},
	    {"uptimeMs", "uptime", PRINT_DURATION},
	    {"users", "users here", PRINT_PLAIN},
	    {"gone", "gone", PRINT_PLAIN},
	};
	static const struct print_layout pairs = {PRINT_PAIRS, NULL, COLUMNS(columns), NULL, NULL};

	(void)state;
	value_put_map(&answer, 4);
	value_put_u64_pair(&answer, STR("uptimeMs"), 90061000);
	value_put_u64_pair(&answer, STR("users"), 12);
	value_put_str_pair(&answer, STR("state"), STR("ok"));
	value_put_str_pair(&answer, STR("unknown"), STR("not shown"));
	assert_int_equal(print(&pairs), ERR_OK);
	assert_string_equal(printed, "state       ok\n"
				     "uptime      1d 1h\n"
				     "users here  12\n"
				     "gone        -\n");
}

static void bare_is_the_value_alone(void **state)
{
	static const struct print_column columns[] = {{"token", "token", PRINT_PLAIN}};
	static const struct print_layout bare = {PRINT_BARE, NULL, COLUMNS(columns), NULL, NULL};

	(void)state;
	value_put_map(&answer, 2);
	value_put_u64_pair(&answer, STR("expiresAt"), 5);
	value_put_str_pair(&answer, STR("token"), STR("a.b.c"));
	assert_int_equal(print(&bare), ERR_OK);
	assert_string_equal(printed, "a.b.c\n");
}

/* One value under one kind, as text. */
static void assert_cell(enum print_kind kind, const char *expected)
{
	struct print_column column = {"v", "v", kind};
	struct print_layout bare = {PRINT_BARE, NULL, &column, 1, NULL, NULL};

	assert_int_equal(print(&bare), ERR_OK);
	printed[strlen(printed) - 1] = '\0';
	assert_string_equal(printed, expected);
	buf_reset(&answer);
}

static void assert_number(enum print_kind kind, uint64_t number, const char *expected)
{
	value_put_map(&answer, 1);
	value_put_u64_pair(&answer, STR("v"), number);
	assert_cell(kind, expected);
}

static void numbers_are_told_by_their_kind(void **state)
{
	(void)state;
	assert_number(PRINT_PLAIN, UINT64_MAX, "18446744073709551615");
	assert_number(PRINT_NUMBER, 1048576, "1048576");
	assert_number(PRINT_DURATION, 0, "0ms");
	assert_number(PRINT_DURATION, 999, "999ms");
	assert_number(PRINT_DURATION, 59999, "59s");
	assert_number(PRINT_DURATION, 60000, "1m 0s");
	assert_number(PRINT_DURATION, 3599999, "59m 59s");
	assert_number(PRINT_DURATION, 3600000, "1h 0m");
	assert_number(PRINT_DURATION, 86400000, "1d 0h");
	assert_number(PRINT_DURATION, UINT64_MAX, "213503982334d 14h");
	assert_number(PRINT_TIME, 0, "1970-01-01T00:00:00Z");
	assert_number(PRINT_TIME, UINT64_C(1714564800999), "2024-05-01T12:00:00Z");
	assert_number(PRINT_TIME, UINT64_MAX - 1, "584556019-04-03T14:25:51Z");
	assert_number(PRINT_BYTES, 0, "0 B");
	assert_number(PRINT_BYTES, 1023, "1023 B");
	assert_number(PRINT_BYTES, 1024, "1.0 KiB");
	assert_number(PRINT_BYTES, 1536 * 1024, "1.5 MiB");
	assert_number(PRINT_BYTES, 1024 * 1024 - 1, "1.0 MiB");
	assert_number(PRINT_BYTES, UINT64_MAX, "16.0 EiB");
}

/* The next value put is that of the only key. */
static void begin_value(void)
{
	value_put_map(&answer, 1);
	value_put_str(&answer, STR("v"));
}

static void values_are_told_by_their_type(void **state)
{
	(void)state;
	begin_value();
	value_put_bool(&answer, true);
	assert_cell(PRINT_PLAIN, "yes");
	begin_value();
	value_put_bool(&answer, false);
	assert_cell(PRINT_TIME, "no");
	begin_value();
	value_put_nil(&answer);
	assert_cell(PRINT_PLAIN, "-");
	begin_value();
	value_put_i64(&answer, -5);
	assert_cell(PRINT_NUMBER, "-5");
	begin_value();
	value_put_double(&answer, 0.25);
	assert_cell(PRINT_PLAIN, "0.25");
	begin_value();
	value_put_bin(&answer, bytes_of("abc", 3));
	assert_cell(PRINT_PLAIN, "<3 bytes>");
	begin_value();
	value_put_array(&answer, 2);
	value_put_str(&answer, STR("gw\x1b"));
	value_put_u64(&answer, 2);
	assert_cell(PRINT_PLAIN, "[\"gw\\u001B\",2]");
}

static void text_cannot_steer_the_terminal(void **state)
{
	static const char *const cases[][2] = {
	    {"\x1b[2J", "\\u001B[2J"},
	    {"a\nb\tc\rd", "a\\u000Ab\\u0009c\\u000Dd"},
	    {"\x7f", "\\u007F"},
	    {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u009B\\u009F\xc2\xa0"},
	    {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf",
		"\xe2\x80\xa7\\u2028\\u202E\xe2\x80\xaf"},
	    {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa",
		"\xe2\x81\xa5\\u2066\\u2069\xe2\x81\xaa"},
	    {"Ωя日本\xf0\x9f\x98\x80~", "Ωя日本\xf0\x9f\x98\x80~"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		begin_value();
		value_put_str(&answer, str_of(cases[i][0]));
		assert_cell(PRINT_PLAIN, cases[i][1]);
	}
	begin_value();
	value_put_str(&answer, (struct str){"a\0b", 3});
	assert_cell(PRINT_PLAIN, "a\\u0000b");
}

static void json_shows_everything(void **state)
{
	(void)state;
	put_list_head(1, true);
	put_room("a\x1b", 1, NULL);
	assert_int_equal(print(NULL), ERR_OK);
	assert_string_equal(printed, "{\n"
				     "  \"more\": true,\n"
				     "  \"rooms\": [\n"
				     "    {\n"
				     "      \"users\": 1,\n"
				     "      \"room\": \"a\\u001B\"\n"
				     "    }\n"
				     "  ]\n"
				     "}\n");
}

static void assert_neither(enum err expected)
{
	assert_int_equal(print(&table), expected);
	assert_string_equal(printed, "");
	assert_int_equal(print(NULL), expected);
	assert_string_equal(printed, "");
	buf_reset(&answer);
}

static void what_is_no_answer_prints_nothing(void **state)
{
	(void)state;
	assert_neither(ERR_MALFORMED);
	value_put_u64(&answer, 1);
	assert_neither(ERR_MALFORMED);
	value_put_array(&answer, 0);
	assert_neither(ERR_MALFORMED);
	put_list_head(2, false); /* and no rooms */
	assert_neither(ERR_MALFORMED);
	put_list_head(0, false);
	buf_putc(&answer, 'x');
	assert_neither(ERR_MALFORMED);
	put_list_head(1, false);
	put_room("\xff", 1, NULL);
	assert_neither(ERR_MALFORMED);
	value_put_map(&answer, 1);
	value_put_str(&answer, STR("deep"));
	for (int i = 0; i < 40; i++)
		value_put_array(&answer, 1);
	value_put_nil(&answer);
	assert_neither(ERR_TOO_BIG);
}

static void a_table_needs_its_list(void **state)
{
	(void)state;
	value_put_map(&answer, 0);
	assert_int_equal(print(&table), ERR_MALFORMED);
	buf_reset(&answer);
	value_put_map(&answer, 1);
	value_put_u64_pair(&answer, STR("rooms"), 3);
	assert_int_equal(print(&table), ERR_MALFORMED);
	assert_string_equal(printed, "");
	/* A row that is no map has nothing to show, and harms nothing. */
	buf_reset(&answer);
	put_list_head(1, false);
	value_put_u64(&answer, 5);
	assert_int_equal(print(&table), ERR_OK);
	assert_string_equal(printed, "ROOM  USERS  NOTE\n-         -  -\n");
}

static void a_table_stands_below_pairs(void **state)
{
	static const struct print_column columns[] = {{"more", "more", PRINT_PLAIN}};
	static const struct print_layout both = {PRINT_PAIRS, NULL, COLUMNS(columns), NULL, &table};

	(void)state;
	put_list_head(1, false);
	put_room("a", 1, "b");
	assert_int_equal(print(&both), ERR_OK);
	assert_string_equal(printed, "more  no\n\nROOM  USERS  NOTE\na         1  b\n");
	buf_reset(&answer);
	value_put_map(&answer, 1);
	value_put_bool_pair(&answer, STR("more"), true);
	assert_int_equal(print(&both), ERR_MALFORMED);
	assert_string_equal(printed, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_table_is_aligned, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_table_without_rows_has_its_titles, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_page_says_that_there_is_more, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(pairs_are_one_line_each, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(bare_is_the_value_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(numbers_are_told_by_their_kind, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(values_are_told_by_their_type, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(text_cannot_steer_the_terminal, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(json_shows_everything, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_no_answer_prints_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_table_needs_its_list, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_table_stands_below_pairs, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
