/*
 * roomcastctl: the operator's program. Options in, one command run, exit status out.
 */
#include <stdio.h>

#include "broker/cli/help.h"
#include "broker/cli/run.h"
#include "common/crypto.h"

#ifndef ROOMCAST_VERSION
#define ROOMCAST_VERSION "unknown"
#endif

static enum run_exit usage(const char *why)
{
	fprintf(stderr, "roomcastctl: %s\n", why);
	return RUN_USAGE;
}

/* --help and --version, with or without a command. */
static enum run_exit answer_about(const struct options *o, const struct command *c)
{
	if (o->given & OPTION_BIT(HELP))
		help_print(stdout, c);
	else
		printf("roomcastctl %s\n", ROOMCAST_VERSION);
	return fflush(stdout) == 0 ? RUN_DONE : RUN_FAILED;
}

int main(int argc, char **argv)
{
	const struct command *c = NULL;
	struct options o;
	char why[OPTIONS_WHY_SIZE];

	if (options_parse(argc, argv, &o, why))
		return usage(why);
	command_join_words(&o);
	if (o.word_count > 0 && command_find(o.words[0], &c, why))
		return usage(why);
	if (o.given & (OPTION_BIT(HELP) | OPTION_BIT(VERSION)))
		return answer_about(&o, c);
	if (!c)
		return usage("a command is missing; --help lists them");
	if (command_check(c, &o, why))
		return usage(why);
	if (crypto_init()) {
		fputs("roomcastctl: the system gives no random numbers\n", stderr);
		return RUN_FAILED;
	}
	return run_command(c, &o, stdout, stderr);
}
