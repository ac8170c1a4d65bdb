#include "tests/common/conf_complaints.h"
#include "tests/common/conf_example.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* What a printer prints; the caller frees it. */
static char *printed(void (*print)(const struct conf_spec *, FILE *), const struct conf_spec *spec)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	print(spec, out);
	fclose(out);
	return text;
}

static void the_sample_shows_every_option(void **state)
{
	char *text = printed(conf_print_sample, &example_spec);

	(void)state;
	assert_string_equal(text,
	    "# Configuration of example.\n"
	    "# Each option stands here with its default: to change one, remove the # before\n"
	    "# it and write the new value. Comments stand on lines of their own, values\n"
	    "# without quotes.\n"
	    "\n"
	    "[server]\n"
	    "# Name to listen on. Default: localhost.\n"
	    "#host = localhost\n"
	    "# Port to listen on. Default: 3000; allowed: a whole number from 1 to 65535.\n"
	    "#port = 3000\n"
	    "# Whether connections are encrypted. Default: no; allowed: yes or no.\n"
	    "#tls = no\n"
	    "\n"
	    "[log]\n"
	    "# How a record looks. Default: auto; allowed: one of: auto, json, text.\n"
	    "#log-format = auto\n"
	    "# Any number. Default: 0; allowed: a whole number from 0 to\n"
	    "# 18446744073709551615.\n"
	    "#log-max = 0\n"
	    "\n"
	    "# A room of the house.\n"
	    "[room /]\n"
	    "# What the room is called. Default: empty.\n"
	    "#title =\n"
	    "# How many may be in it. Default: 10; allowed: a whole number from 2 to 100.\n"
	    "#members = 10\n"
	    "# Who may come in. Default: open; allowed: one of: open, closed.\n"
	    "#kind = open\n"
	    "\n"
	    "[room /chat]\n"
	    "#title =\n"
	    "#members = 10\n"
	    "#kind = open\n");
	free(text);
}

static void help_shows_every_option(void **state)
{
	struct conf_spec spec = example_spec;

	(void)state;
	spec.default_file = "/etc/roomcast/example.conf";
	char *text = printed(conf_print_help, &spec);
	const char *expected_start = "Usage: example [--OPTION VALUE]...\n"
				     "Shows how a configuration is read.\n"
				     "\n"
				     "  --config FILE\n"
				     "        The configuration file to read. Default: "
				     "/etc/roomcast/example.conf\n";
	const char *expected_end =
	    "\n[log]\n"
	    "  --log-format VALUE\n"
	    "        How a record looks. Default: auto; allowed: one of: auto, json, text.\n"
	    "  --log-max VALUE\n"
	    "        Any number. Default: 0; allowed: a whole number from 0 to\n"
	    "        18446744073709551615.\n"
	    "\n[room NAME] (in the file only)\n"
	    "  A room of the house.\n"
	    "  title\n"
	    "        What the room is called. Default: empty.\n"
	    "  members\n"
	    "        How many may be in it. Default: 10; allowed: a whole number from 2 to\n"
	    "        100.\n"
	    "  kind\n"
	    "        Who may come in. Default: open; allowed: one of: open, closed.\n";

	assert_memory_equal(text, expected_start, strlen(expected_start));
	assert_string_equal(text + strlen(text) - strlen(expected_end), expected_end);
	assert_non_null(strstr(text, "\n[server]\n  --host VALUE\n"));
	free(text);
}

static void no_line_is_wider_than_a_terminal(void **state)
{
	char *text = printed(conf_print_help, &example_spec);
	char *rest = NULL;

	(void)state;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		assert_true(strlen(line) <= 80);
	free(text);
}

static void a_word_wider_than_a_line_stands_alone(void **state)
{
	char doc[256], expected[256], word[101];
	struct conf_option option = example_options[EXAMPLE_HOST];
	struct conf_spec spec = {.program = "p", .options = &option, .option_count = 1};

	(void)state;
	memset(word, 'w', 100);
	word[100] = '\0';
	snprintf(doc, sizeof(doc), "%s and  %s", word, word);
	snprintf(expected, sizeof(expected), "[server]\n# %s\n# and\n# %s\n# Default: localhost.\n",
	    word, word);
	option.doc = doc;
	char *text = printed(conf_print_sample, &spec);

	assert_non_null(strstr(text, expected));
	free(text);
}

static void the_version_is_one_line(void **state)
{
	char *text = printed(conf_print_version, &example_spec);

	(void)state;
	assert_memory_equal(text, "example ", 8);
	assert_string_equal(strchr(text, '\n'), "\n");
	assert_true(strlen(text) > strlen("example \n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_sample_shows_every_option),
	    cmocka_unit_test(help_shows_every_option),
	    cmocka_unit_test(no_line_is_wider_than_a_terminal),
	    cmocka_unit_test(a_word_wider_than_a_line_stands_alone),
	    cmocka_unit_test(the_version_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
