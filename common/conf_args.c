#include "common/conf_priv.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long answers with; below are the letters of short options. */
enum {
	ANSWER_CONFIG = 256,
	ANSWER_ACTION,        /* + enum conf_action */
	ANSWER_OPTION = 1000, /* + index in the spec */
};

enum { ORIGIN_SIZE = 128 }; /* "--key ", "ROOMCAST_KEY=" */

static const struct option common_options[] = {
    {"config", required_argument, NULL, ANSWER_CONFIG},
    {"check-config", no_argument, NULL, ANSWER_ACTION + CONF_ACTION_CHECK},
    {"print-config", no_argument, NULL, ANSWER_ACTION + CONF_ACTION_SAMPLE},
    {"help", no_argument, NULL, ANSWER_ACTION + CONF_ACTION_HELP},
    {"version", no_argument, NULL, ANSWER_ACTION + CONF_ACTION_VERSION},
};

/* getopt's table: the common ones, the spec's and the zero row at the end. The caller frees it. */
static struct option *build_table(const struct conf_spec *spec)
{
	size_t common = ARRAY_LEN(common_options);
	struct option *table = xcalloc(common + spec->option_count + 1, sizeof(*table));

	memcpy(table, common_options, sizeof(common_options));
	for (size_t i = 0; i < spec->option_count; i++) {
		table[common + i].name = spec->options[i].name;
		table[common + i].has_arg = required_argument;
		table[common + i].val = ANSWER_OPTION + (int)i;
	}
	return table;
}

static void complain_unknown(struct conf_load *load, const struct option *table, const char *arg)
{
	size_t count = ARRAY_LEN(common_options) + load->spec->option_count;
	const char **names = xcalloc(count, sizeof(*names));
	const char *word = arg + strspn(arg, "-");
	char *name = str_dup((struct str){word, strcspn(word, "=")});

	for (size_t i = 0; i < count; i++)
		names[i] = table[i].name;
	const char *near = conf_nearest(name, names, count);

	if (near)
		conf_complain(load, "unknown option %s; did you mean --%s?", arg, near);
	else
		conf_complain(load, "unknown option %s; --help lists all", arg);
	free(name);
	free(names);
}

/* getopt_long stumbled; `arg` is what it read last. */
static void complain_answer(
    struct conf_load *load, const struct option *table, int answer, const char *arg)
{
	if (answer == ':')
		conf_complain(load, "option %s needs a value; --help lists all", arg);
	else if (optopt >= ANSWER_CONFIG)
		conf_complain(load, "option %s: it takes no value", arg);
	else if (optopt)
		conf_complain(load, "unknown option -%c; options are written --name value", optopt);
	else
		complain_unknown(load, table, arg);
}

void conf_args_read(struct conf_load *load, int argc, char **argv, struct conf_args *ret)
{
	struct option *table = build_table(load->spec);
	int answer;

	*ret = (struct conf_args){
	    .values = xcalloc(load->spec->option_count, sizeof(*ret->values)),
	};
	/* Zero makes glibc forget an earlier load; '+' stops at a word, ':' leaves words to us. */
	optind = 0;
	opterr = 0;
	while ((answer = getopt_long(argc, argv, "+:h", table, NULL)) != -1) {
		if (answer >= ANSWER_OPTION)
			ret->values[answer - ANSWER_OPTION] = optarg;
		else if (answer >= ANSWER_ACTION)
			ret->action = (enum conf_action)(answer - ANSWER_ACTION);
		else if (answer == ANSWER_CONFIG)
			ret->file = optarg;
		else if (answer == 'h')
			ret->action = CONF_ACTION_HELP;
		else
			complain_answer(load, table, answer, argv[optind - 1]);
	}
	if (optind < argc)
		conf_complain(load, "unexpected argument '%s'; options are written --name value",
		    argv[optind]);
	free(table);
}

void conf_args_free(struct conf_args *args)
{
	free(args->values);
	*args = (struct conf_args){0};
}

void conf_args_apply(struct conf_load *load, const struct conf_args *args)
{
	for (size_t i = 0; i < load->spec->option_count; i++) {
		const struct conf_option *o = &load->spec->options[i];
		char origin[ORIGIN_SIZE];

		if (!args->values[i])
			continue;
		snprintf(origin, sizeof(origin), "--%s ", o->name);
		conf_set(load, o, load->config, origin, args->values[i]);
	}
}

/* "max-rooms" as "ROOMCAST_MAX_ROOMS". */
static void variable_name(const char *option, char ret[ORIGIN_SIZE])
{
	snprintf(ret, ORIGIN_SIZE, "ROOMCAST_%s", option);
	for (char *p = ret; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
}

void conf_env_apply(struct conf_load *load)
{
	for (size_t i = 0; i < load->spec->option_count; i++) {
		const struct conf_option *o = &load->spec->options[i];
		char origin[ORIGIN_SIZE];

		variable_name(o->name, origin);
		const char *value = getenv(origin);

		if (!value)
			continue;
		strcat(origin, "=");
		conf_set(load, o, load->config, origin, value);
	}
}
