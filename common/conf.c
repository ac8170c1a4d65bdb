#include "common/conf_priv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_SIZE = 512, COMPLAINT_SIZE = 2048 };

void conf_complain(struct conf_load *load, const char *format, ...)
{
	char text[COMPLAINT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (load->news)
		load->news->on_fault(load->up, text);
	else
		fprintf(stderr, "%s: %s\n", load->spec->program, text);
	load->errors++;
}

/* A file without a section of the group gets its samples. */
static void add_samples(struct conf_load *load)
{
	const struct conf_group *g = load->spec->group;

	if (!g || !g->sample || conf_group_count(g, load->config) > 0)
		return;
	for (const char *const *name = g->sample; *name; name++)
		conf_group_add(g, load->config, str_of(*name));
}

static void check_whole(struct conf_load *load)
{
	char why[WHY_SIZE] = "";

	/* Rules about several options make no sense while single ones are wrong. */
	if (load->errors == 0 && load->spec->check &&
	    load->spec->check(load->config, why, sizeof(why)) != ERR_OK)
		conf_complain(
		    load, "%s%s%s", load->file ? load->file : "", load->file ? ": " : "", why);
}

static void read_sources(struct conf_load *load, const struct conf_args *args)
{
	const struct conf_spec *spec = load->spec;
	const char *file = args->file ? args->file : spec->default_file;

	conf_values_default(spec->options, spec->option_count, load->config);
	if (file)
		conf_file_read(load, file, args->file != NULL);
	add_samples(load);
	conf_env_apply(load);
	conf_args_apply(load, args);
	check_whole(load);
}

/* The actions that need no configuration; false = another. */
static bool answer(const struct conf_spec *spec, enum conf_action action)
{
	switch (action) {
	case CONF_ACTION_HELP:
		conf_print_help(spec, stdout);
		return true;
	case CONF_ACTION_SAMPLE:
		conf_print_sample(spec, stdout);
		return true;
	case CONF_ACTION_VERSION:
		conf_print_version(spec, stdout);
		return true;
	case CONF_ACTION_RUN:
	case CONF_ACTION_CHECK:
		break;
	}
	return false;
}

static enum conf_outcome lead(struct conf_load *load, const struct conf_args *args)
{
	if (load->errors)
		return CONF_BAD;
	if (answer(load->spec, args->action))
		return CONF_DONE;
	read_sources(load, args);
	if (load->errors)
		return CONF_BAD;
	if (args->action == CONF_ACTION_RUN)
		return CONF_RUN;
	if (load->file)
		printf("%s: ok\n", load->file);
	else
		printf("%s: no configuration file; the defaults are ok\n", load->spec->program);
	return CONF_DONE;
}

enum conf_outcome conf_load(const struct conf_spec *spec, int argc, char **argv, void *config)
{
	struct conf_load load = {.spec = spec, .config = xcalloc(1, spec->config_size)};
	struct conf_args args;

	conf_args_read(&load, argc, argv, &args);
	enum conf_outcome outcome = lead(&load, &args);

	conf_args_free(&args);
	if (outcome == CONF_RUN)
		memcpy(config, load.config, spec->config_size);
	else
		conf_free(spec, load.config);
	free(load.config);
	return outcome;
}

/* Exchanges the field of two structs, with what it owns. */
static void swap(const struct conf_option *o, char *one, char *other)
{
	static const size_t sizes[] = {[CONF_STR] = sizeof(char *),
	    [CONF_U64] = sizeof(uint64_t),
	    [CONF_BOOL] = sizeof(bool),
	    [CONF_CHOICE] = sizeof(int)};
	char field[sizeof(uint64_t)];

	memcpy(field, one + o->offset, sizes[o->type]);
	memcpy(one + o->offset, other + o->offset, sizes[o->type]);
	memcpy(other + o->offset, field, sizes[o->type]);
}

static void take_over(struct conf_load *load, char *config)
{
	const struct conf_spec *spec = load->spec;
	const struct conf_group *g = spec->group;

	for (size_t i = 0; i < spec->option_count; i++) {
		const struct conf_option *o = &spec->options[i];

		if (!conf_value_differs(o, config, load->config))
			continue;
		if (conf_is_reloaded(spec, o->name)) {
			swap(o, config, load->config);
			load->news->on_changed(load->up, o->name);
		} else {
			load->news->on_kept(load->up, o->name);
		}
	}
	if (g && conf_group_differs(g, config, load->config))
		load->news->on_kept(load->up, g->prefix);
}

enum err conf_reload(const struct conf_spec *spec, const struct conf_source *from, void *config,
    const struct conf_news *news, void *up)
{
	struct conf_load load = {
	    .spec = spec, .config = xcalloc(1, spec->config_size), .news = news, .up = up};
	struct conf_args args;

	conf_args_read(&load, from->argc, from->argv, &args);
	read_sources(&load, &args);
	if (!load.errors)
		take_over(&load, config);
	conf_args_free(&args);
	conf_free(spec, load.config);
	free(load.config);
	return load.errors ? ERR_INVALID : ERR_OK;
}

void conf_free(const struct conf_spec *spec, void *config)
{
	conf_values_free(spec->options, spec->option_count, config);
	if (spec->group)
		conf_group_free(spec->group, config);
	memset(config, 0, spec->config_size);
}
