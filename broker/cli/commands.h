#ifndef ROOMCAST_BROKER_CLI_COMMANDS_H
#define ROOMCAST_BROKER_CLI_COMMANDS_H
/*
 * The commands of roomcastctl: one table that says of each its word, argument and options, what
 * the broker is asked and how the answer is laid out (command_table.c, command_rights.c). Parsing, help and printing
 * read it.
 */
#include "broker/cli/options.h"
#include "broker/cli/print.h"

enum command_deed {
	COMMAND_ASKS,       /* asks the broker */
	COMMAND_MINTS,      /* makes a token */
	COMMAND_MAKES_KEYS, /* makes keys */
	COMMAND_EMITS,      /* has the broker send an event (emission.h) */
};

struct command {
	const char *word; /* one, or two with a space between */
	const char *argument; /* what stands for its one argument in help; NULL = it has none */
	size_t argument_max;  /* bytes; 0 = it is one of command_choices() */
	const char *rest;     /* the same for those after it, up to OPTIONS_MAX_WORDS; NULL = none */
	uint32_t needs;       /* OPTION_BITs without which it cannot work */
	uint32_t takes;       /* those it takes beside these and COMMAND_COMMON_OPTIONS */
	uint32_t one_of;      /* those of which at most one may be given */
	bool needs_one;       /* and at least one */
	const char *doc;
	enum command_deed deed;
	const char *wire;          /* COMMAND_ASKS: the command in the broker's words */
	const char *wire_argument; /* COMMAND_ASKS: key of the argument */
	struct print_layout layout;
	const struct print_layout *brief; /* COMMAND_EMITS: without --ack */
};

#define COMMAND_COMMON_OPTIONS                                                              \
	(OPTION_BIT(JSON) | OPTION_BIT(ENDPOINT) | OPTION_BIT(TIMEOUT) | OPTION_BIT(HELP) | \
	    OPTION_BIT(VERSION))

enum { COMMANDS_MAX = 64 };

/* The n-th command or NULL; and of those about rights (command_rights.c), which stand last. */
const struct command *command_at(size_t n);
const struct command *command_of_rights(size_t n);

/* The words an argument is chosen from, for a command with argument_max 0; the n-th or NULL. */
struct command_choice {
	const char *word;
	const char *doc;
};
const struct command_choice *command_choice_at(size_t n);

/* Two words of the command line that may be the two of a command are one from here on. */
void command_join_words(struct options *o);

/* ERR_NOT_FOUND: no such word; ret_why in words, with the nearest one. */
MUST_USE enum err command_find(
    const char *word, const struct command **ret, char ret_why[OPTIONS_WHY_SIZE]);

/* Do words and options suit the command? ERR_INVALID; ret_why in words. */
MUST_USE enum err command_check(
    const struct command *c, const struct options *o, char ret_why[OPTIONS_WHY_SIZE]);

/* Appends the map of arguments that the broker is asked with. Only after command_check. */
void command_put_args(const struct command *c, const struct options *o, struct buf *out);

#endif
