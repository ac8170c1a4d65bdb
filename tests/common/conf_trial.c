#include "tests/common/conf_trial.h"

#include "tests/check.h"
#include "tests/common/tempdir.h"

#include <stdlib.h>
#include <string.h>

void conf_trial_load(const struct conf_trial *t, const char *text, void *ret)
{
	struct tempdir *dir = tempdir_new();
	const char *path = tempdir_write(dir, "program.conf", text, strlen(text), 0644);
	char *argv[] = {
	    (char *)t->spec->program, (char *)"--config", (char *)path, (char *)t->argument, NULL};

	memset(ret, 0, t->spec->config_size);
	assert_int_equal(conf_load(t->spec, t->argument ? 4 : 3, argv, ret), CONF_RUN);
	tempdir_free(&dir);
}

void conf_trial_load_sample(const struct conf_trial *t, void *ret)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	conf_print_sample(t->spec, out);
	fclose(out);
	conf_trial_load(t, text, ret);
	free(text);
}

int conf_trial_setup(const struct conf_trial *t, void **state)
{
	*state = test_calloc(1, t->spec->config_size);
	conf_trial_load(t, "", *state);
	return 0;
}

int conf_trial_teardown(const struct conf_trial *t, void **state)
{
	conf_free(t->spec, *state);
	test_free(*state);
	return 0;
}

void conf_trial_says(const struct conf_trial *t, const void *config, const char *sentence)
{
	char why[200] = "";

	assert_int_equal(
	    t->spec->check(config, why, sizeof(why)), sentence[0] ? ERR_INVALID : ERR_OK);
	assert_string_equal(why, sentence);
}
