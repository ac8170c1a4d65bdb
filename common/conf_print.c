#include "common/conf_priv.h"

#include <string.h>

#ifndef ROOMCAST_VERSION
#define ROOMCAST_VERSION "unknown"
#endif

enum { WIDTH = 80, TEXT_SIZE = 1024 };

static const char common_help[] =
    "  --config FILE\n        The configuration file to read. Default: %s\n"
    "  --check-config\n        Read the whole configuration, say what is wrong with it, and exit.\n"
    "  --print-config\n        Print a configuration file with every option, and exit.\n"
    "  --help, -h\n        Print this text and exit.\n"
    "  --version\n        Print the version and exit.\n"
    "\n"
    "Each option below is also a key in its [section] of the file, and in the\n"
    "environment: --some-key is ROOMCAST_SOME_KEY. The command line wins over the\n"
    "environment, the environment over the file.\n";

/* Words of text in lines of at most WIDTH, each after the indent. */
static void print_wrapped(FILE *out, const char *indent, const char *text)
{
	size_t column = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t len = strcspn(text, " ");

		if (column && column + 1 + len > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		fputs(column ? " " : indent, out);
		fwrite(text, 1, len, out);
		column += (column ? 1 : strlen(indent)) + len;
		text += len;
	}
	fputc('\n', out);
}

static void print_description(
    FILE *out, const char *indent, const struct conf_option *o, bool reloads)
{
	char bounds[CONF_BOUNDS_SIZE], text[TEXT_SIZE];

	conf_value_bounds(o, bounds);
	snprintf(text, sizeof(text), "%s Default: %s%s%s.%s", o->doc,
	    *o->fallback ? o->fallback : "empty",
	    o->type == CONF_STR ? "" : "; allowed: ", o->type == CONF_STR ? "" : bounds,
	    reloads ? " SIGHUP reads it again." : "");
	print_wrapped(out, indent, text);
}

/* Is it the first option of its section in the table? */
static bool opens_section(const struct conf_spec *spec, size_t option)
{
	for (size_t i = 0; i < option; i++) {
		if (strcmp(spec->options[i].section, spec->options[option].section) == 0)
			return false;
	}
	return true;
}

static void print_help_option(
    FILE *out, const struct conf_option *o, const char *dashes, bool reloads)
{
	fprintf(out, "  %s%s%s\n", dashes, o->name, *dashes ? " VALUE" : "");
	print_description(out, "        ", o, reloads);
}

static void print_help_section(FILE *out, const struct conf_spec *spec, const char *section)
{
	fprintf(out, "\n[%s]\n", section);
	for (size_t i = 0; i < spec->option_count; i++) {
		if (strcmp(spec->options[i].section, section) == 0)
			print_help_option(out, &spec->options[i], "--",
			    conf_is_reloaded(spec, spec->options[i].name));
	}
}

void conf_print_help(const struct conf_spec *spec, FILE *out)
{
	const struct conf_group *g = spec->group;

	fprintf(out, "Usage: %s [--OPTION VALUE]...\n", spec->program);
	print_wrapped(out, "", spec->summary);
	fputc('\n', out);
	fprintf(out, common_help, spec->default_file ? spec->default_file : "none");
	for (size_t i = 0; i < spec->option_count; i++) {
		if (opens_section(spec, i))
			print_help_section(out, spec, spec->options[i].section);
	}
	if (!g)
		return;
	fprintf(out, "\n[%s NAME] (in the file only)\n", g->prefix);
	print_wrapped(out, "  ", g->doc);
	for (size_t i = 0; i < g->option_count; i++)
		print_help_option(out, &g->options[i], "", false);
}

void conf_print_version(const struct conf_spec *spec, FILE *out)
{
	fprintf(out, "%s %s\n", spec->program, ROOMCAST_VERSION);
}

static void print_sample_key(FILE *out, const struct conf_option *o)
{
	fprintf(out, "#%s =%s%s\n", o->name, *o->fallback ? " " : "", o->fallback);
}

static void print_sample_section(FILE *out, const struct conf_spec *spec, const char *section)
{
	fprintf(out, "\n[%s]\n", section);
	for (size_t i = 0; i < spec->option_count; i++) {
		if (strcmp(spec->options[i].section, section) != 0)
			continue;
		print_description(
		    out, "# ", &spec->options[i], conf_is_reloaded(spec, spec->options[i].name));
		print_sample_key(out, &spec->options[i]);
	}
}

/* The first sample explains the keys; the others only show them. */
static void print_sample_group(FILE *out, const struct conf_group *g)
{
	fputc('\n', out);
	print_wrapped(out, "# ", g->doc);
	for (size_t n = 0; g->sample && g->sample[n]; n++) {
		fprintf(out, "%s[%s %s]\n", n ? "\n" : "", g->prefix, g->sample[n]);
		for (size_t i = 0; i < g->option_count; i++) {
			if (n == 0)
				print_description(out, "# ", &g->options[i], false);
			print_sample_key(out, &g->options[i]);
		}
	}
}

void conf_print_sample(const struct conf_spec *spec, FILE *out)
{
	fprintf(out, "# Configuration of %s.\n", spec->program);
	print_wrapped(out, "# ",
	    "Each option stands here with its default: to change one, remove the # before it and "
	    "write the new value. Comments stand on lines of their own, values without quotes.");
	for (size_t i = 0; i < spec->option_count; i++) {
		if (opens_section(spec, i))
			print_sample_section(out, spec, spec->options[i].section);
	}
	if (spec->group)
		print_sample_group(out, spec->group);
}
