#include "broker/cli/help.h"

#include <stdio.h>
#include <string.h>

enum { WORD_WIDTH = 22 }; /* of the left column, of words */

static const char *const exits[] = {
#define EXIT(id, when) when,
#include "broker/cli/exit.def"
#undef EXIT
};

static void print_line(FILE *out, const char *left, const char *doc)
{
	fprintf(out, "  %-*s  %s", WORD_WIDTH, left, doc);
}

static void print_option(FILE *out, const struct option_row *row)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s %s", row->name, row->value);
	print_line(out, left, row->doc);
	if (row->env[0])
		fprintf(out, " (or %s; default %s)", row->env, row->fallback);
	else if (row->fallback[0])
		fprintf(out, " (default %s)", row->fallback);
	fputc('\n', out);
}

static void print_options(FILE *out, const char *title, uint32_t bits)
{
	if (bits)
		fprintf(out, "\n%s:\n", title);
	for (enum option_id id = 0; id < OPTIONS; id++) {
		if (bits & UINT32_C(1) << id)
			print_option(out, option_row(id));
	}
}

static void print_exits(FILE *out)
{
	fputs("\nexit status:", out);
	for (size_t i = 0; i < ARRAY_LEN(exits); i++)
		fprintf(out, "%s %zu %s", i ? "," : "", i, exits[i]);
	fputc('\n', out);
}

static void print_program(FILE *out)
{
	const struct command *c;
	char left[64];

	fputs("usage: roomcastctl COMMAND [ARGUMENT]... [OPTION]...\n\n"
	      "Asks a running Roomcast broker, and makes tokens and keys.\n\n"
	      "commands (`roomcastctl COMMAND --help` says more of one):\n",
	    out);
	for (size_t i = 0; (c = command_at(i)); i++) {
		snprintf(left, sizeof(left), "%s %s", c->word, c->argument ? c->argument : "");
		print_line(out, left, c->doc);
		fputc('\n', out);
	}
	print_options(out, "options of all commands", COMMAND_COMMON_OPTIONS);
	print_exits(out);
}

static void print_choices(FILE *out, const struct command *c)
{
	const struct command_choice *choice;

	fprintf(out, "\n%s is one of:\n", c->argument);
	for (size_t i = 0; (choice = command_choice_at(i)); i++) {
		print_line(out, choice->word, choice->doc);
		fputc('\n', out);
	}
}

static void print_command(FILE *out, const struct command *c)
{
	fprintf(out, "usage: roomcastctl %s", c->word);
	if (c->argument)
		fprintf(out, " %s", c->argument);
	if (c->rest)
		fprintf(out, " [%s]...", c->rest);
	for (enum option_id id = 0; id < OPTIONS; id++) {
		const struct option_row *row = option_row(id);

		if (c->needs & UINT32_C(1) << id)
			fprintf(out, " --%s %s", row->name, row->value);
	}
	fprintf(out, " [OPTION]...\n\n%s.\n", c->doc);
	if (c->argument && c->argument_max == 0)
		print_choices(out, c);
	print_options(out, "options it needs", c->needs);
	print_options(out, "options it takes", c->takes);
	print_options(out, "options of all commands", COMMAND_COMMON_OPTIONS);
	print_exits(out);
}

void help_print(FILE *out, const struct command *c)
{
	if (c)
		print_command(out, c);
	else
		print_program(out);
}
