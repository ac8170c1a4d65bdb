#include "broker/cli/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/moment.h"
#include "proto/limits.h"

enum { LONG_OPTION = 256 }; /* above all letters: getopt_long's code of option 0 */

static const struct option_row table[OPTIONS] = {
#define OPTION(id, name, value, kind, min, max, fallback, env, doc) \
	{name, value, OPTION_##kind, min, max, fallback, env, doc},
#include "broker/cli/options.def"
#undef OPTION
};

_Static_assert(OPTIONS <= 32, "options fit the bits of struct options");

const struct option_row *option_row(enum option_id id)
{
	return &table[id];
}

static PRINTF(2, 3) enum err refuse(char *ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, OPTIONS_WHY_SIZE, format, args);
	va_end(args);
	return ERR_INVALID;
}

/* source: what the user would have to mend, "--limit" or the name of a variable. */
static enum err set_number(
    struct options *o, enum option_id id, const char *source, const char *text, char *ret_why)
{
	const struct option_row *row = &table[id];
	uint64_t number;

	if (str_to_u64(str_of(text), row->max, &number) || number < row->min)
		return refuse(ret_why, "%s: a number from %" PRIu64 " to %" PRIu64 " was expected",
		    source, row->min, row->max);
	o->number[id] = number;
	return ERR_OK;
}

static enum err set_time(
    struct options *o, enum option_id id, const char *source, const char *text, char *ret_why)
{
	struct wall at;

	if (moment_parse(str_of(text), &at))
		return refuse(ret_why,
		    "%s: a time such as 2026-01-31T12:00:00Z was expected, or ms since 1970",
		    source);
	o->number[id] = (uint64_t)at.ms;
	return ERR_OK;
}

static enum err set_value(
    struct options *o, enum option_id id, const char *source, const char *text, char *ret_why)
{
	const struct option_row *row = &table[id];
	size_t len = strlen(text);

	o->text[id] = text;
	if (row->kind == OPTION_NUMBER)
		return set_number(o, id, source, text, ret_why);
	if (row->kind == OPTION_TIME)
		return set_time(o, id, source, text, ret_why);
	if (len == 0)
		return refuse(ret_why, "%s: the value is empty", source);
	if (len > row->max)
		return refuse(ret_why, "%s: longer than %" PRIu64 " bytes", source, row->max);
	if (row->kind != OPTION_PATH && !str_is_utf8(str_of(text)))
		return refuse(ret_why, "%s: not UTF-8", source);
	if (row->kind != OPTION_TEXTS)
		return ERR_OK;
	if (o->room_count == OPTIONS_MAX_ROOMS)
		return refuse(ret_why, "%s: more than %d of them", source, OPTIONS_MAX_ROOMS);
	o->rooms[o->room_count++] = text;
	return ERR_OK;
}

static enum err set_option(struct options *o, enum option_id id, const char *text, char *ret_why)
{
	char source[64];

	o->given |= UINT32_C(1) << id;
	if (table[id].kind == OPTION_FLAG)
		return ERR_OK;
	snprintf(source, sizeof(source), "--%s", table[id].name);
	return set_value(o, id, source, text, ret_why);
}

/* From the environment, else from the table, for what the command line has not given. */
static enum err set_fallbacks(struct options *o, char *ret_why)
{
	enum err e = ERR_OK;

	for (enum option_id id = 0; id < OPTIONS && !e; id++) {
		const struct option_row *row = &table[id];
		const char *env = row->env[0] ? getenv(row->env) : NULL;

		if (o->text[id])
			continue;
		if (env && env[0])
			e = set_value(o, id, row->env, env, ret_why);
		else if (row->fallback[0])
			e = set_value(o, id, row->name, row->fallback, ret_why);
	}
	return e;
}

static enum err refuse_unknown(const char *arg, char *ret_why)
{
	const char *names[OPTIONS];
	char word[64];

	for (enum option_id id = 0; id < OPTIONS; id++)
		names[id] = table[id].name;
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(arg + 2, "="), arg + 2);
	const char *nearest = conf_nearest(word, names, OPTIONS);

	if (nearest)
		return refuse(ret_why, "unknown option --%s, did you mean --%s?", word, nearest);
	return refuse(ret_why, "unknown option --%s; --help lists them", word);
}

/* optopt: a letter or code when getopt_long knows which option it was, 0 for an unknown name. */
static enum err refuse_option(int answer, char **argv, char *ret_why)
{
	if (optopt >= LONG_OPTION && answer == ':')
		return refuse(ret_why, "--%s needs a value", table[optopt - LONG_OPTION].name);
	if (optopt >= LONG_OPTION)
		return refuse(ret_why, "--%s takes no value", table[optopt - LONG_OPTION].name);
	if (optopt)
		return refuse(ret_why, "unknown option -%c; --help lists them", optopt);
	return refuse_unknown(argv[optind - 1], ret_why);
}

static enum err take_words(struct options *o, int argc, char **argv, char *ret_why)
{
	for (int i = optind; i < argc; i++) {
		if (o->word_count == OPTIONS_MAX_WORDS)
			return refuse(ret_why, "one argument too many: '%s'", argv[i]);
		o->words[o->word_count++] = argv[i];
	}
	return ERR_OK;
}

enum err options_parse(int argc, char **argv, struct options *ret, char ret_why[OPTIONS_WHY_SIZE])
{
	struct option names[OPTIONS + 1] = {{0}};
	struct options o = {0};
	enum err e = ERR_OK;
	int answer;

	for (int id = 0; id < OPTIONS; id++)
		names[id] = (struct option){table[id].name,
		    table[id].kind == OPTION_FLAG ? no_argument : required_argument, NULL,
		    LONG_OPTION + id};
	optind = 0; /* glibc: begin afresh, also for a second call in this process */
	opterr = 0;
	while (!e && (answer = getopt_long(argc, argv, ":h", names, NULL)) != -1) {
		if (answer == '?' || answer == ':')
			e = refuse_option(answer, argv, ret_why);
		else if (answer == 'h')
			e = set_option(&o, OPTION_HELP, NULL, ret_why);
		else
			e = set_option(&o, (enum option_id)(answer - LONG_OPTION), optarg, ret_why);
	}
	if (!e)
		e = set_fallbacks(&o, ret_why);
	if (!e)
		e = take_words(&o, argc, argv, ret_why);
	if (!e)
		*ret = o;
	return e;
}
