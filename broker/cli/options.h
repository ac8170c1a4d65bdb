#ifndef ROOMCAST_BROKER_CLI_OPTIONS_H
#define ROOMCAST_BROKER_CLI_OPTIONS_H
/*
 * The command line of roomcastctl, taken apart by options.def: words (the command and its
 * argument) and options in any order, each value checked by itself. What suits which command is
 * the business of commands.h.
 */
#include "common/str.h"

enum option_id {
#define OPTION(id, name, value, kind, min, max, fallback, env, doc) OPTION_##id,
#include "broker/cli/options.def"
#undef OPTION
	OPTIONS
};

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,  /* UTF-8, not empty */
	OPTION_TEXTS, /* the same, may come many times */
	OPTION_PATH,  /* any bytes, not empty */
	OPTION_NUMBER,
	OPTION_TIME, /* as of common/moment.h, ms since 1970 in `number` */
};

struct option_row {
	const char *name;
	const char *value; /* what stands for its value in help */
	enum option_kind kind;
	uint64_t min, max;
	const char *fallback;
	const char *env;
	const char *doc;
};

#define OPTION_BIT(id) (UINT32_C(1) << OPTION_##id)

enum { OPTIONS_MAX_WORDS = 18, OPTIONS_JOINED_SIZE = 64, OPTIONS_MAX_ROOMS = 64, OPTIONS_WHY_SIZE = 400 };

/* All text points into the command line, the environment or the table. */
struct options {
	uint32_t given;            /* OPTION_BITs on the command line */
	const char *text[OPTIONS]; /* given, else of the environment, else the fallback; or NULL */
	uint64_t number[OPTIONS];  /* the same of OPTION_NUMBER and OPTION_TIME */
	const char *rooms[OPTIONS_MAX_ROOMS];
	size_t room_count;
	const char *words[OPTIONS_MAX_WORDS];
	size_t word_count;
	char joined[OPTIONS_JOINED_SIZE]; /* see command_join_words() */
};

const struct option_row *option_row(enum option_id id);

/* Reorders argv (words to its end). ERR_INVALID; ret_why in words. */
MUST_USE enum err options_parse(
    int argc, char **argv, struct options *ret, char ret_why[OPTIONS_WHY_SIZE]);

#endif
