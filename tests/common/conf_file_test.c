#include "tests/common/conf_complaints.h"
#include "tests/common/conf_example.h"
#include "tests/common/tempdir.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A load that reads one file. */
struct reading {
	struct tempdir *dir;
	struct conf_load load;
	const struct example *config;
	const char *path;
};

static int set_up(void **state)
{
	static struct reading r;

	r.dir = tempdir_new();
	r.load = example_load();
	r.config = (const void *)r.load.config;
	r.path = tempdir_path(r.dir, "example.conf");
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	struct reading *r = *state;

	example_load_end(&r->load);
	tempdir_free(&r->dir);
	return 0;
}

/* What is complained of a file with these bytes, its path written as "F". */
static const char *read_bytes(struct reading *r, const void *bytes, size_t len)
{
	static char shown[16384];
	const char *said, *at;

	tempdir_write(r->dir, "example.conf", bytes, len, 0644);
	conf_file_read(&r->load, r->path, true);
	shown[0] = '\0';
	for (said = complaints(); (at = strstr(said, r->path)); said = at + strlen(r->path)) {
		strncat(shown, said, (size_t)(at - said));
		strcat(shown, "F");
	}
	strcat(shown, said);
	return shown;
}

static const char *read_text(struct reading *r, const char *text)
{
	return read_bytes(r, text, strlen(text));
}

static void sections_keys_and_comments(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "# first\n"
					 "\n"
					 "[server]\n"
					 "port = 4000\n"
					 "   # indented comment\n"
					 "  host=  example.org  \n"
					 "; another comment\n"
					 "tls = on\n"
					 "[ log ]\r\n"
					 "log-format = json\r\n"
					 "[server]\n"),
	    "");
	assert_int_equal(r->config->port, 4000);
	assert_string_equal(r->config->host, "example.org");
	assert_true(r->config->tls);
	assert_int_equal(r->config->format, 1);
	assert_string_equal(r->load.file, r->path);
}

static void an_empty_file_is_fine(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, ""), "");
	assert_string_equal(read_text(r, "\n\n# nothing"), "");
	assert_int_equal(r->config->port, 3000);
}

static void the_last_line_needs_no_end(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "[server]\nport = 4000"), "");
	assert_int_equal(r->config->port, 4000);
}

static void a_byte_order_mark_is_skipped(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "\xef\xbb\xbf[server]\nport = 4000\n"), "");
	assert_int_equal(r->config->port, 4000);
	/* It marks the beginning of a file and nothing else. */
	assert_string_equal(read_text(r, "[server]\n\xef\xbb\xbf"
					 "port = 4000\n"),
	    "F:2: unknown key '\xef\xbb\xbf"
	    "port' in [server]; did you mean 'port' in [server]?\n");
}

static void values_hold_the_separators(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "[server]\nhost = a=b:c;d#e [f] \"g\"\n"), "");
	assert_string_equal(r->config->host, "a=b:c;d#e [f] \"g\"");
	assert_string_equal(read_text(r, "[server]\nhost =\n"), "");
	assert_string_equal(r->config->host, "");
}

static void a_wrong_value_is_named_with_its_place_and_bounds(void **state)
{
	assert_string_equal(read_text(*state, "[server]\n\nport = 99999\ntls = maybe\n"
					      "[log]\nlog-format = xml\n"),
	    "F:3: port = 99999 is not allowed; give a whole number from 1 to 65535\n"
	    "F:4: tls = maybe is not allowed; give yes or no\n"
	    "F:6: log-format = xml is not allowed; give one of: auto, json, text\n");
}

static void an_unknown_key_brings_a_suggestion(void **state)
{
	assert_string_equal(read_text(*state, "[server]\nprot = 1\nxyzzy = 1\nlog-format = json\n"
					      "= 1\n"),
	    "F:2: unknown key 'prot' in [server]; did you mean 'port' in [server]?\n"
	    "F:3: unknown key 'xyzzy' in [server]; --print-config shows all\n"
	    "F:4: unknown key 'log-format' in [server]; did you mean 'log-format' in [log]?\n"
	    "F:5: unknown key '' in [server]; --print-config shows all\n");
}

static void a_section_unknown_is_complained_of_once(void **state)
{
	assert_string_equal(read_text(*state, "[sever]\nport = 1\nhost = x\n[database]\n"
					      "[rooms /a]\n[]\n"),
	    "F:1: unknown section [sever]; did you mean [server]?\n"
	    "F:4: unknown section [database]; --print-config shows all\n"
	    "F:5: unknown section [rooms /a]; did you mean [room /a]?\n"
	    "F:6: unknown section []; --print-config shows all\n");
}

static void a_key_before_any_section(void **state)
{
	assert_string_equal(
	    read_text(*state, "port = 1\n"), "F:1: 'port' stands before the first [section]\n");
}

static void a_key_twice_in_a_section(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "[server]\nport = 1\n\nport = 2\n[log]\n[server]\nport=3"),
	    "F:4: 'port' was given in line 2 already; keep one\n"
	    "F:7: 'port' was given in line 2 already; keep one\n");
	assert_int_equal(r->config->port, 1);
}

static void habits_of_other_files_are_refused(void **state)
{
	assert_string_equal(read_text(*state, "[server]\nhost = \"quoted\"\nport = 1 # one\n"
					      "tls = yes ; really\n[log]\nlog-max = # none\n"),
	    "F:2: host: a value is written without quotes\n"
	    "F:3: port: a comment stands on a line of its own\n"
	    "F:4: tls: a comment stands on a line of its own\n"
	    "F:6: log-max: a comment stands on a line of its own\n");
}

static void an_indented_line_does_not_continue_a_value(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "[server]\nhost = one\n  two\nport = 1\n"),
	    "F:3: neither a [section] nor 'key = value' nor a # comment\n");
	assert_string_equal(r->config->host, "one");
}

static void what_is_no_line_of_a_configuration(void **state)
{
	assert_string_equal(read_text(*state, "[server]\nport = 0\nnonsense\nport = 1\n"),
	    "F:2: port = 0 is not allowed; give a whole number from 1 to 65535\n"
	    "F:3: neither a [section] nor 'key = value' nor a # comment\n");
}

static void headers_are_read_whole(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "[server\nport = 1\n"),
	    "F:1: a section is written [name], with nothing else on its line\n");
	assert_string_equal(read_text(r, "[server] port = 1\n"),
	    "F:1: a section is written [name], with nothing else on its line\n");
	assert_string_equal(read_text(r, "\xef\xbb\xbf[server] # comment\n"),
	    "F:1: a section is written [name], with nothing else on its line\n");
}

/* libinih would cut the name: two rooms could become one. */
static void long_names_of_sections_are_refused(void **state)
{
	struct reading *r = *state;
	char text[128], name[64];

	memset(name, 'n', sizeof(name));
	snprintf(text, sizeof(text), "[room %.44s]\n", name);
	assert_string_equal(read_text(r, text), "");
	assert_int_equal(strlen(r->config->rooms[0].name), 44);
	snprintf(text, sizeof(text), "[room %.45s]\n", name);
	assert_string_equal(
	    read_text(r, text), "F:1: this section's name is over 49 bytes; shorten it\n");
	assert_int_equal(r->config->room_count, 1);
}

static void long_lines_are_refused_and_never_cut(void **state)
{
	static char text[10000];
	struct reading *r = *state;
	size_t start = (size_t)snprintf(text, sizeof(text), "[server]\nhost = ");

	memset(text + start, 'h', sizeof(text) - start);
	/* The line's bytes: "host = " and the value and its end */
	size_t most = 4095 - 7 - 1;

	text[start + most] = '\n';
	assert_string_equal(read_bytes(r, text, start + most + 1), "");
	assert_int_equal(strlen(r->config->host), most);
	/* At the end of the file without its end of line too. */
	text[start + most] = 'h';
	assert_string_equal(read_bytes(r, text, start + most + 1), "");
	assert_int_equal(strlen(r->config->host), most + 1);
	text[start + most] = 'h';
	assert_string_equal(read_bytes(r, text, start + most + 2),
	    "F:2: this line is over 4095 bytes; shorten it\n");
	assert_string_equal(
	    read_bytes(r, text, sizeof(text)), "F:2: this line is over 4095 bytes; shorten it\n");
	/* In a comment too: what cannot be read whole is not read. */
	memset(text, '#', sizeof(text));
	assert_string_equal(
	    read_bytes(r, text, sizeof(text)), "F:1: this line is over 4095 bytes; shorten it\n");
}

static void binary_files_are_refused(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_bytes(r, "[server]\nhost = a\0b\n", 20),
	    "F:2: this line holds a NUL byte; remove it\n");
	assert_string_equal(read_text(r, "[server]\n# caf\xe9\n"),
	    "F:2: this line is not UTF-8 text; save the file as UTF-8\n");
}

static void group_sections_are_elements(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "[room /b]\ntitle = Second\n[server]\nport = 4000\n"
					 "[room   /a b ]\nmembers = 5\nkind = closed\n[room /c]\n"),
	    "");
	assert_int_equal(r->config->room_count, 3);
	assert_string_equal(r->config->rooms[0].name, "/b");
	assert_string_equal(r->config->rooms[0].title, "Second");
	assert_int_equal(r->config->rooms[0].members, 10);
	assert_string_equal(r->config->rooms[1].name, "/a b");
	assert_int_equal(r->config->rooms[1].members, 5);
	assert_int_equal(r->config->rooms[1].kind, 1);
	assert_string_equal(r->config->rooms[2].name, "/c"); /* without a key */
	assert_int_equal(r->config->port, 4000);
}

static void group_keys_are_checked_like_others(void **state)
{
	assert_string_equal(read_text(*state, "[room /a]\nmembers = 1\ntitel = x\nport = 1\n"
					      "title = \"x\"\nkind = open\nkind = open\n"
					      "[room /b]\nkind = open\n"),
	    "F:2: members = 1 is not allowed; give a whole number from 2 to 100\n"
	    "F:3: unknown key 'titel' in [room /a]; did you mean 'title' in [room /a]?\n"
	    "F:4: unknown key 'port' in [room /a]; --print-config shows all\n"
	    "F:5: title: a value is written without quotes\n"
	    "F:7: 'kind' was given in line 6 already; keep one\n");
}

static void group_names_are_needed_and_differ(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_text(r, "[room]\nmembers = 5\n[room ]\n[room /a]\n[room /a]\n"
					 "members = 5\n[room /b]\n[room /c]\n[room /d]\n"),
	    "F:1: section [room] has no name; write one after a space\n"
	    "F:3: section [room] has no name; write one after a space\n"
	    "F:5: section [room /a] is in this file already; keep one of them\n"
	    "F:9: section [room /d] is one more than there may be; remove some\n");
	assert_int_equal(r->config->room_count, 3);
	assert_int_equal(r->config->rooms[0].members, 10);
}

static void a_file_that_is_not_there(void **state)
{
	struct reading *r = *state;
	char expected[512];

	conf_file_read(&r->load, r->path, false);
	assert_string_equal(complaints(), "");
	assert_null(r->load.file);
	conf_file_read(&r->load, r->path, true);
	snprintf(expected, sizeof(expected), "%s does not exist; correct --config\n", r->path);
	assert_string_equal(complaints(), expected);
}

static void what_cannot_be_read(void **state)
{
	struct reading *r = *state;
	char expected[512];

	conf_file_read(&r->load, tempdir_path(r->dir, ""), false);
	snprintf(expected, sizeof(expected), "%s cannot be read: Is a directory\n",
	    tempdir_path(r->dir, ""));
	assert_string_equal(complaints(), expected);
	tempdir_write(r->dir, "example.conf", "", 0, 0644);
	snprintf(expected, sizeof(expected), "%s/x", r->path);
	conf_file_read(&r->load, expected, false);
	assert_non_null(strstr(complaints(), "cannot be opened: Not a directory\n"));
}

static void a_program_without_groups(void **state)
{
	struct reading *r = *state;
	struct conf_spec spec = example_spec;

	spec.group = NULL;
	r->load.spec = &spec;
	assert_string_equal(read_text(r, "[room /a]\nmembers = 5\n[server]\nport = 4000\n"),
	    "F:1: unknown section [room /a]; --print-config shows all\n");
	assert_int_equal(r->config->port, 4000);
}

static int lowest_free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(sections_keys_and_comments, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_empty_file_is_fine, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_last_line_needs_no_end, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_byte_order_mark_is_skipped, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(values_hold_the_separators, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_wrong_value_is_named_with_its_place_and_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_unknown_key_brings_a_suggestion, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_section_unknown_is_complained_of_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_key_before_any_section, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_key_twice_in_a_section, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(habits_of_other_files_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_indented_line_does_not_continue_a_value, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_no_line_of_a_configuration, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(headers_are_read_whole, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(long_names_of_sections_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		long_lines_are_refused_and_never_cut, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(binary_files_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(group_sections_are_elements, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(group_keys_are_checked_like_others, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(group_names_are_needed_and_differ, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_file_that_is_not_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_cannot_be_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_program_without_groups, set_up, tear_down),
	};
	int fd = lowest_free_fd();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (lowest_free_fd() != fd);
}
