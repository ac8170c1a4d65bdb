#include "tests/common/conf_complaints.h"
#include "tests/common/conf_example.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

enum { WORDS_MAX = 16 };

/* A load with its arguments. */
struct reading {
	struct conf_load load;
	struct conf_args args;
	const struct example *config;
};

static int set_up(void **state)
{
	static struct reading r;

	r.load = example_load();
	r.config = (const void *)r.load.config;
	r.args = (struct conf_args){0};
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	struct reading *r = *state;

	conf_args_free(&r->args);
	assert_null(r->args.values);
	example_load_end(&r->load);
	return 0;
}

/* Reads the words up to NULL as a command line; what is complained of. */
static const char *read_words(struct reading *r, ...)
{
	char *argv[WORDS_MAX + 2] = {(char[]){"example"}};
	int argc = 1;
	va_list words;

	va_start(words, r);
	while (argc <= WORDS_MAX && (argv[argc] = va_arg(words, char *)))
		argc++;
	va_end(words);
	conf_args_free(&r->args);
	conf_args_read(&r->load, argc, argv, &r->args);
	return complaints();
}

static void nothing_is_asked_for(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_words(r, NULL), "");
	assert_int_equal(r->args.action, CONF_ACTION_RUN);
	assert_null(r->args.file);
	conf_args_apply(&r->load, &r->args);
	assert_int_equal(r->config->port, 3000);
}

static void values_stand_after_a_space_or_an_equals_sign(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_words(r, "--port", "4000", "--host=example.org", "--tls", "yes",
				"--config", "a.conf", NULL),
	    "");
	assert_string_equal(r->args.file, "a.conf");
	conf_args_apply(&r->load, &r->args);
	assert_string_equal(complaints(), "");
	assert_int_equal(r->config->port, 4000);
	assert_string_equal(r->config->host, "example.org");
	assert_true(r->config->tls);
}

static void the_last_of_equals_counts(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_words(r, "--port=1", "--port=2", NULL), "");
	conf_args_apply(&r->load, &r->args);
	assert_int_equal(r->config->port, 2);
}

static void a_value_may_be_empty_or_begin_with_a_dash(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_words(r, "--host=", NULL), "");
	conf_args_apply(&r->load, &r->args);
	assert_string_equal(r->config->host, "");
	assert_string_equal(read_words(r, "--host", "--tls", NULL), "");
	conf_args_apply(&r->load, &r->args);
	assert_string_equal(r->config->host, "--tls");
}

static void each_action_has_its_option(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_words(r, "--help", NULL), "");
	assert_int_equal(r->args.action, CONF_ACTION_HELP);
	assert_string_equal(read_words(r, "-h", NULL), "");
	assert_int_equal(r->args.action, CONF_ACTION_HELP);
	assert_string_equal(read_words(r, "--version", NULL), "");
	assert_int_equal(r->args.action, CONF_ACTION_VERSION);
	assert_string_equal(read_words(r, "--print-config", NULL), "");
	assert_int_equal(r->args.action, CONF_ACTION_SAMPLE);
	assert_string_equal(read_words(r, "--check-config", "--config=x", NULL), "");
	assert_int_equal(r->args.action, CONF_ACTION_CHECK);
	assert_string_equal(r->args.file, "x");
}

static void mistakes_are_named(void **state)
{
	struct reading *r = *state;

	assert_string_equal(
	    read_words(r, "--prot=1", NULL), "unknown option --prot=1; did you mean --port?\n");
	assert_string_equal(read_words(r, "--confg", "x", NULL),
	    "unknown option --confg; did you mean --config?\n"
	    "unexpected argument 'x'; options are written --name value\n");
	assert_string_equal(
	    read_words(r, "--database=x", NULL), "unknown option --database=x; --help lists all\n");
	assert_string_equal(
	    read_words(r, "--port", NULL), "option --port needs a value; --help lists all\n");
	assert_string_equal(
	    read_words(r, "--help=me", NULL), "option --help=me: it takes no value\n");
	assert_string_equal(read_words(r, "-p", "1", NULL),
	    "unknown option -p; options are written --name value\n"
	    "unexpected argument '1'; options are written --name value\n");
	assert_string_equal(read_words(r, "port=1", "--port=2", NULL),
	    "unexpected argument 'port=1'; options are written --name value\n");
	assert_string_equal(read_words(r, "x", "--prot", NULL),
	    "unexpected argument 'x'; options are written --name value\n");
	assert_string_equal(read_words(r, "--", "x", NULL),
	    "unexpected argument 'x'; options are written --name value\n");
	assert_string_equal(
	    read_words(r, "", NULL), "unexpected argument ''; options are written --name value\n");
	assert_int_equal(r->load.errors, 12);
}

static void the_keys_of_a_group_are_no_options(void **state)
{
	assert_string_equal(read_words(*state, "--members=5", NULL),
	    "unknown option --members=5; --help lists all\n");
}

static void a_wrong_value_names_its_option(void **state)
{
	struct reading *r = *state;

	assert_string_equal(read_words(r, "--port=0", "--log-format", "xml", NULL), "");
	conf_args_apply(&r->load, &r->args);
	assert_string_equal(complaints(),
	    "--port 0 is not allowed; give a whole number from 1 to 65535\n"
	    "--log-format xml is not allowed; give one of: auto, json, text\n");
}

static void the_environment_is_read(void **state)
{
	struct reading *r = *state;

	setenv("ROOMCAST_PORT", "4000", 1);
	setenv("ROOMCAST_LOG_FORMAT", "json", 1);
	setenv("ROOMCAST_HOST", "", 1);
	setenv("ROOMCAST_UNKNOWN", "x", 1);
	setenv("ROOMCAST_MEMBERS", "x", 1); /* of the group: not its business */
	conf_env_apply(&r->load);
	assert_string_equal(complaints(), "");
	assert_int_equal(r->config->port, 4000);
	assert_int_equal(r->config->format, 1);
	assert_string_equal(r->config->host, "");
	setenv("ROOMCAST_PORT", "http", 1);
	conf_env_apply(&r->load);
	assert_string_equal(complaints(),
	    "ROOMCAST_PORT=http is not allowed; give a whole number from 1 to 65535\n");
	unsetenv("ROOMCAST_PORT");
	unsetenv("ROOMCAST_LOG_FORMAT");
	unsetenv("ROOMCAST_HOST");
	unsetenv("ROOMCAST_UNKNOWN");
	unsetenv("ROOMCAST_MEMBERS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_is_asked_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		values_stand_after_a_space_or_an_equals_sign, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_last_of_equals_counts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_value_may_be_empty_or_begin_with_a_dash, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_action_has_its_option, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(mistakes_are_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_keys_of_a_group_are_no_options, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_wrong_value_names_its_option, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_environment_is_read, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
