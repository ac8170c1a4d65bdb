#include "tests/common/conf_complaints.h"
#include "tests/common/conf_example.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static int set_up(void **state)
{
	static struct conf_load load;

	load = example_load();
	*state = &load;
	return 0;
}

static int tear_down(void **state)
{
	example_load_end(*state);
	return 0;
}

static struct example *config(void **state)
{
	struct conf_load *load = *state;

	return (struct example *)(void *)load->config;
}

static enum err set(void **state, size_t option, const char *text)
{
	struct conf_load *load = *state;

	return conf_value_set(&example_options[option], load->config, text);
}

static void defaults_are_those_of_the_table(void **state)
{
	const struct example *c = config(state);

	assert_string_equal(c->host, "localhost");
	assert_int_equal(c->port, 3000);
	assert_int_equal(c->format, 0);
	assert_false(c->tls);
}

static void text_is_taken_as_it_is(void **state)
{
	assert_int_equal(set(state, EXAMPLE_HOST, "zażółć [::1] = #;"), ERR_OK);
	assert_string_equal(config(state)->host, "zażółć [::1] = #;");
	assert_int_equal(set(state, EXAMPLE_HOST, ""), ERR_OK);
	assert_string_equal(config(state)->host, "");
	assert_int_equal(set(state, EXAMPLE_HOST, "caf\xe9"), ERR_INVALID);
	assert_string_equal(config(state)->host, "");
}

static void numbers_keep_their_bounds(void **state)
{
	static const char *const bad[] = {
	    "0", "65536", "-1", "", "1k", " 1", "1.5", "0x10", "18446744073709551617"};

	assert_int_equal(set(state, EXAMPLE_PORT, "1"), ERR_OK);
	assert_int_equal(config(state)->port, 1);
	assert_int_equal(set(state, EXAMPLE_PORT, "65535"), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(set(state, EXAMPLE_PORT, bad[i]), ERR_INVALID);
		assert_int_equal(config(state)->port, 65535);
	}
	assert_int_equal(set(state, EXAMPLE_BIG, "18446744073709551615"), ERR_OK);
	assert_true(config(state)->big == UINT64_MAX);
	assert_int_equal(set(state, EXAMPLE_BIG, "18446744073709551616"), ERR_INVALID);
}

static void questions_have_eight_answers(void **state)
{
	static const char *const yes[] = {"yes", "true", "on", "1", "YES", "True"};
	static const char *const no[] = {"no", "false", "off", "0", "No", "OFF"};
	static const char *const bad[] = {"", "y", "2", "yess", "yes ", "enabled"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		assert_int_equal(set(state, EXAMPLE_TLS, yes[i]), ERR_OK);
		assert_true(config(state)->tls);
		assert_int_equal(set(state, EXAMPLE_TLS, bad[i]), ERR_INVALID);
		assert_true(config(state)->tls);
		assert_int_equal(set(state, EXAMPLE_TLS, no[i]), ERR_OK);
		assert_false(config(state)->tls);
	}
}

static void choices_are_whole_words(void **state)
{
	static const char *const bad[] = {"", "js", "jsonx", "auto|json", "|", "JSON", "textt"};

	assert_int_equal(set(state, EXAMPLE_FORMAT, "text"), ERR_OK);
	assert_int_equal(config(state)->format, 2);
	assert_int_equal(set(state, EXAMPLE_FORMAT, "json"), ERR_OK);
	assert_int_equal(config(state)->format, 1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(set(state, EXAMPLE_FORMAT, bad[i]), ERR_INVALID);
	assert_int_equal(config(state)->format, 1);
	assert_int_equal(set(state, EXAMPLE_FORMAT, "auto"), ERR_OK);
	assert_int_equal(config(state)->format, 0);
}

static void assert_bounds(const struct conf_option *o, const char *expected)
{
	char bounds[CONF_BOUNDS_SIZE];

	conf_value_bounds(o, bounds);
	assert_string_equal(bounds, expected);
}

static void bounds_are_said_in_words(void **state)
{
	static char choices[1000];
	struct conf_option many = {.type = CONF_CHOICE, .choices = choices};
	char bounds[CONF_BOUNDS_SIZE];

	(void)state;
	assert_bounds(&example_options[EXAMPLE_PORT], "a whole number from 1 to 65535");
	assert_bounds(&example_options[EXAMPLE_TLS], "yes or no");
	assert_bounds(&example_options[EXAMPLE_FORMAT], "one of: auto, json, text");
	assert_bounds(&example_options[EXAMPLE_HOST], "UTF-8 text");
	memset(choices, '|', sizeof(choices) - 1);
	conf_value_bounds(&many, bounds);
	assert_true(strlen(bounds) < CONF_BOUNDS_SIZE);
}

static void a_wrong_value_is_complained_of(void **state)
{
	struct conf_load *load = *state;
	char text[1000];

	conf_set(load, &example_options[EXAMPLE_PORT], load->config, "f:3: port = ", "4000");
	assert_string_equal(complaints(), "");
	assert_int_equal(config(state)->port, 4000);
	conf_set(load, &example_options[EXAMPLE_PORT], load->config, "f:3: port = ", "99999");
	assert_string_equal(complaints(),
	    "f:3: port = 99999 is not allowed; give a whole number from 1 to 65535\n");
	assert_int_equal(load->errors, 1);
	memset(text, '9', sizeof(text) - 1);
	text[999] = '\0';
	conf_set(load, &example_options[EXAMPLE_PORT], load->config, "--port ", text);
	assert_int_equal(strspn(complaints() + strlen("--port "), "9"), 100);
}

/* A value of the right type may be refused for what it says. */
static void a_value_is_checked(void **state)
{
	struct conf_load *load = *state;
	struct example_room room = {0};

	conf_values_default(example_room_options, EXAMPLE_ROOM_OPTIONS, (char *)&room);
	conf_set(load, &example_room_options[EXAMPLE_ROOM_TITLE], (char *)&room,
	    "f:3: title = ", "Hall");
	assert_string_equal(complaints(), "");
	assert_string_equal(room.title, "Hall");
	conf_set(load, &example_room_options[EXAMPLE_ROOM_TITLE], (char *)&room,
	    "f:4: title = ", "Hall?");
	assert_string_equal(complaints(), "f:4: title = Hall? asks: say it\n");
	assert_int_equal(load->errors, 1);
	conf_values_free(example_room_options, EXAMPLE_ROOM_OPTIONS, (char *)&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(defaults_are_those_of_the_table, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(text_is_taken_as_it_is, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(numbers_keep_their_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(questions_have_eight_answers, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(choices_are_whole_words, set_up, tear_down),
	    cmocka_unit_test(bounds_are_said_in_words),
	    cmocka_unit_test_setup_teardown(a_wrong_value_is_complained_of, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_value_is_checked, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
