#include "common/conf.h"

#include "tests/common/capture.h"
#include "tests/common/conf_example.h"
#include "tests/common/tempdir.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 16 };

/* One program start: its configuration, what it printed and said. */
struct start {
	struct tempdir *dir;
	struct conf_spec spec;
	struct example config;
	char *out, *err;
};

static int set_up(void **state)
{
	static struct start s;

	s = (struct start){.dir = tempdir_new(), .spec = example_spec};
	unsetenv("ROOMCAST_PORT");
	*state = &s;
	return 0;
}

static void forget(struct start *s)
{
	free(s->out);
	free(s->err);
	s->out = s->err = NULL;
}

static int tear_down(void **state)
{
	struct start *s = *state;

	unsetenv("ROOMCAST_PORT");
	forget(s);
	tempdir_free(&s->dir);
	return 0;
}

static const char *write_conf(struct start *s, const char *text)
{
	return tempdir_write(s->dir, "example.conf", text, strlen(text), 0644);
}

/* Starts with the words up to NULL as arguments. */
static enum conf_outcome start(struct start *s, ...)
{
	char *argv[WORDS_MAX + 2] = {(char[]){"example"}};
	int argc = 1;
	va_list words;

	va_start(words, s);
	while (argc <= WORDS_MAX && (argv[argc] = va_arg(words, char *)))
		argc++;
	va_end(words);
	forget(s);
	struct capture *out = capture_new(STDOUT_FILENO), *err = capture_new(STDERR_FILENO);
	enum conf_outcome outcome = conf_load(&s->spec, argc, argv, &s->config);

	s->err = capture_end(&err);
	s->out = capture_end(&out);
	return outcome;
}

/* A start that went on: nothing was said. */
static void assert_runs(struct start *s, enum conf_outcome outcome)
{
	assert_string_equal(s->err, "");
	assert_string_equal(s->out, "");
	assert_int_equal(outcome, CONF_RUN);
}

/* A start refused: nothing printed, config as it was, and "example: " + what + "\n" said. */
static void assert_refused(struct start *s, enum conf_outcome outcome, const char *what)
{
	static const struct example untouched;
	char expected[2048];

	snprintf(expected, sizeof(expected), "example: %s\n", what);
	assert_string_equal(s->err, expected);
	assert_string_equal(s->out, "");
	assert_int_equal(outcome, CONF_BAD);
	assert_memory_equal(&s->config, &untouched, sizeof(untouched));
}

static void without_anything_there_are_the_defaults(void **state)
{
	struct start *s = *state;

	assert_runs(s, start(s, NULL));
	assert_string_equal(s->config.host, "localhost");
	assert_int_equal(s->config.port, 3000);
	assert_int_equal(s->config.room_count, 2);
	assert_string_equal(s->config.rooms[0].name, "/");
	assert_string_equal(s->config.rooms[1].name, "/chat");
	assert_int_equal(s->config.rooms[1].members, 10);
	conf_free(&s->spec, &s->config);
	assert_null(s->config.host);
	assert_null(s->config.rooms);
	assert_int_equal(s->config.port, 0);
}

static void the_nearer_source_wins(void **state)
{
	struct start *s = *state;
	const char *file = write_conf(s, "[server]\nport = 1001\nhost = file\n");

	assert_runs(s, start(s, "--config", file, NULL));
	assert_int_equal(s->config.port, 1001);
	conf_free(&s->spec, &s->config);
	setenv("ROOMCAST_PORT", "1002", 1);
	assert_runs(s, start(s, "--config", file, NULL));
	assert_int_equal(s->config.port, 1002);
	conf_free(&s->spec, &s->config);
	assert_runs(s, start(s, "--port=1003", "--config", file, NULL));
	assert_int_equal(s->config.port, 1003);
	assert_string_equal(s->config.host, "file");
	assert_int_equal(s->config.room_count, 2);
	conf_free(&s->spec, &s->config);
}

static void a_wrong_value_is_refused_where_it_stands_though_another_wins(void **state)
{
	struct start *s = *state;

	setenv("ROOMCAST_PORT", "0", 1);
	assert_refused(s, start(s, "--port=1", NULL),
	    "ROOMCAST_PORT=0 is not allowed; give a whole number from 1 to 65535");
}

static void the_default_file_need_not_be_there(void **state)
{
	struct start *s = *state;

	s->spec.default_file = tempdir_path(s->dir, "example.conf");
	assert_runs(s, start(s, NULL));
	assert_int_equal(s->config.port, 3000);
	conf_free(&s->spec, &s->config);
	write_conf(s, "[server]\nport = 1001\n");
	assert_runs(s, start(s, NULL));
	assert_int_equal(s->config.port, 1001);
	conf_free(&s->spec, &s->config);
}

static void the_file_asked_for_replaces_the_default_one_and_must_be_there(void **state)
{
	struct start *s = *state;
	const char *other = tempdir_path(s->dir, "other.conf");
	char expected[512];

	s->spec.default_file = write_conf(s, "[server]\nport = 1001\n");
	snprintf(expected, sizeof(expected), "%s does not exist; correct --config", other);
	assert_refused(s, start(s, "--config", other, NULL), expected);
	tempdir_write(s->dir, "other.conf", "", 0, 0644);
	assert_runs(s, start(s, "--config", other, NULL));
	assert_int_equal(s->config.port, 3000);
	conf_free(&s->spec, &s->config);
}

static void one_group_section_in_the_file_replaces_the_samples(void **state)
{
	struct start *s = *state;

	s->spec.default_file = write_conf(s, "[room /only]\n");
	assert_runs(s, start(s, NULL));
	assert_int_equal(s->config.room_count, 1);
	assert_string_equal(s->config.rooms[0].name, "/only");
	conf_free(&s->spec, &s->config);
}

static void a_program_may_have_no_group(void **state)
{
	struct start *s = *state;

	s->spec.group = NULL;
	assert_runs(s, start(s, NULL));
	assert_int_equal(s->config.room_count, 0);
	conf_free(&s->spec, &s->config);
}

static void all_mistakes_are_said_at_once(void **state)
{
	struct start *s = *state;
	char expected[1024];
	const char *file = write_conf(s, "[server]\nport = 0\nprot = 1\n");

	snprintf(expected, sizeof(expected),
	    "%s:2: port = 0 is not allowed; give a whole number from 1 to 65535\n"
	    "example: %s:3: unknown key 'prot' in [server]; did you mean 'port' in [server]?\n"
	    "example: --tls maybe is not allowed; give yes or no",
	    file, file);
	assert_refused(s, start(s, "--config", file, "--tls=maybe", NULL), expected);
}

static enum err port_is_even(const void *config, char *ret_why, size_t why_size)
{
	const struct example *c = config;

	if (c->port % 2 == 0)
		return ERR_OK;
	snprintf(ret_why, why_size, "port must be even; take %d", (int)c->port + 1);
	return ERR_INVALID;
}

static void the_whole_is_checked(void **state)
{
	struct start *s = *state;
	char expected[512];
	const char *file = write_conf(s, "[server]\nport = 1001\n");

	s->spec.check = port_is_even;
	assert_runs(s, start(s, NULL));
	conf_free(&s->spec, &s->config);
	s->config = (struct example){0};
	assert_refused(s, start(s, "--port=7", NULL), "port must be even; take 8");
	snprintf(expected, sizeof(expected), "%s: port must be even; take 1002", file);
	assert_refused(s, start(s, "--config", file, NULL), expected);
	/* Not while single values are wrong. */
	assert_refused(
	    s, start(s, "--port=7", "--tls=x", NULL), "--tls x is not allowed; give yes or no");
}

static void check_config_says_ok_of_what_it_read(void **state)
{
	struct start *s = *state;
	const char *file = write_conf(s, "[server]\nport = 1002\n");
	char expected[512];

	s->spec.check = port_is_even;
	assert_int_equal(start(s, "--check-config", "--config", file, NULL), CONF_DONE);
	snprintf(expected, sizeof(expected), "%s: ok\n", file);
	assert_string_equal(s->out, expected);
	assert_string_equal(s->err, "");
	assert_int_equal(s->config.port, 0);
	s->spec.default_file = tempdir_path(s->dir, "none.conf");
	assert_int_equal(start(s, "--check-config", NULL), CONF_DONE);
	assert_string_equal(s->out, "example: no configuration file; the defaults are ok\n");
	write_conf(s, "[server]\nport = 1001\n");
	snprintf(expected, sizeof(expected), "%s: port must be even; take 1002", file);
	assert_refused(s, start(s, "--check-config", "--config", file, NULL), expected);
}

static void questions_are_answered_whatever_the_file_holds(void **state)
{
	struct start *s = *state;

	s->spec.default_file = write_conf(s, "nonsense");
	assert_int_equal(start(s, "--help", NULL), CONF_DONE);
	assert_memory_equal(s->out, "Usage: example ", 15);
	assert_int_equal(start(s, "--version", NULL), CONF_DONE);
	assert_memory_equal(s->out, "example ", 8);
	assert_int_equal(start(s, "--print-config", NULL), CONF_DONE);
	assert_memory_equal(s->out, "# Configuration of example.\n", 28);
	assert_string_equal(s->err, "");
}

static void a_wrong_argument_is_refused_before_anything_is_done(void **state)
{
	struct start *s = *state;

	assert_refused(
	    s, start(s, "--help", "--prot", NULL), "unknown option --prot; did you mean --port?");
}

static void assert_same(const struct example *a, const struct example *b)
{
	assert_string_equal(a->host, b->host);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->format, b->format);
	assert_int_equal(a->tls, b->tls);
	assert_int_equal(a->room_count, b->room_count);
	for (size_t i = 0; i < a->room_count; i++) {
		assert_string_equal(a->rooms[i].name, b->rooms[i].name);
		assert_string_equal(a->rooms[i].title, b->rooms[i].title);
		assert_int_equal(a->rooms[i].members, b->rooms[i].members);
		assert_int_equal(a->rooms[i].kind, b->rooms[i].kind);
	}
}

/* Each "#key = value" made to count; comments begin with "# ". */
static void uncomment(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool key = *from == '#' && (from == text || from[-1] == '\n') && from[1] != ' ';

		if (!key)
			*to++ = *from;
	}
	*to = '\0';
}

static void the_sample_is_a_file_of_the_defaults(void **state)
{
	struct start *s = *state;

	assert_runs(s, start(s, NULL));
	struct example defaults = s->config;

	assert_int_equal(start(s, "--print-config", NULL), CONF_DONE);
	char *sample = xstrdup(s->out);

	for (int commented = 1; commented >= 0; commented--) {
		const char *file = write_conf(s, sample);

		assert_runs(s, start(s, "--config", file, NULL));
		assert_same(&s->config, &defaults);
		conf_free(&s->spec, &s->config);
		uncomment(sample);
	}
	free(sample);
	conf_free(&s->spec, &defaults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		without_anything_there_are_the_defaults, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_nearer_source_wins, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_wrong_value_is_refused_where_it_stands_though_another_wins, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_default_file_need_not_be_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		the_file_asked_for_replaces_the_default_one_and_must_be_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		one_group_section_in_the_file_replaces_the_samples, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_program_may_have_no_group, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(all_mistakes_are_said_at_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_whole_is_checked, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		check_config_says_ok_of_what_it_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		questions_are_answered_whatever_the_file_holds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_wrong_argument_is_refused_before_anything_is_done, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		the_sample_is_a_file_of_the_defaults, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
