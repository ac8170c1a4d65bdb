#include "broker/cli/help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *help_of(const struct command *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	help_print(out, c);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("nothing of \"%s\" in:\n%s", words, text);
}

static bool lists_option(const char *text, enum option_id id)
{
	char line[64];

	snprintf(line, sizeof(line), "\n  --%s ", option_row(id)->name);
	return strstr(text, line) != NULL;
}

static void the_program_lists_its_commands(void **state)
{
	const struct command *c;
	char *text = help_of(NULL);

	(void)state;
	assert_says(text, "usage: roomcastctl COMMAND");
	for (size_t i = 0; (c = command_at(i)); i++)
		assert_says(text, c->doc);
	assert_says(text, "\n  members ROOM ");
	assert_says(text, "exit status: 0 done, 1 refused or failed, 2 wrong usage, "
			  "3 no broker answers, 4 nobody is connected who could hear it, "
			  "5 not everybody has answered\n");
	assert_says(text, "ROOMCAST_CONTROL_ENDPOINT; default ipc:///run/roomcast/control.sock");
	assert_says(text, "(default 3000)");
	for (enum option_id id = 0; id < OPTIONS; id++)
		assert_int_equal(lists_option(text, id), (COMMAND_COMMON_OPTIONS >> id & 1) != 0);
	free(text);
}

static void a_command_lists_its_own_options(void **state)
{
	const struct command *c;

	(void)state;
	for (size_t i = 0; (c = command_at(i)); i++) {
		uint32_t options = c->needs | c->takes | COMMAND_COMMON_OPTIONS;
		char *text = help_of(c);

		assert_says(text, c->word);
		assert_says(text, c->doc);
		for (enum option_id id = 0; id < OPTIONS; id++)
			assert_int_equal(lists_option(text, id), (options >> id & 1) != 0);
		free(text);
	}
}

static void usage_shows_what_is_needed(void **state)
{
	const struct command *c;
	char why[OPTIONS_WHY_SIZE];

	(void)state;
	assert_int_equal(command_find("token", &c, why), ERR_OK);
	char *text = help_of(c);

	assert_says(text, "usage: roomcastctl token --user ID --name NAME [OPTION]...\n");
	free(text);
	assert_int_equal(command_find("keygen", &c, why), ERR_OK);
	text = help_of(c);
	assert_says(text, "usage: roomcastctl keygen KIND --out PATH [OPTION]...\n");
	assert_says(text, "\n  curve  ");
	assert_says(text, "\n  hs256  ");
	assert_says(text, "\n  ed25519  ");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_program_lists_its_commands),
	    cmocka_unit_test(a_command_lists_its_own_options),
	    cmocka_unit_test(usage_shows_what_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
