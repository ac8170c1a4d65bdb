#ifndef ROOMCAST_COMMON_CONF_H
#define ROOMCAST_COMMON_CONF_H
/*
 * Configuration engine. A program describes its options in a config.def table; this file turns
 * the table into: a filled struct (defaults < file < environment < command line), checks,
 * --help, --print-config (a commented sample) and --check-config.
 *
 * File: sections and `key = value`, comments with '#' on lines of their own, values without quotes
 * (libinih; a line has at most 4095 bytes, what stands in [ ] at most 49). On the command line an
 * option is `--key value` (or `--key=value`), in the environment ROOMCAST_KEY ('-' written as '_',
 * upper case). A group is a section that may come many times with a name: `[namespace /chat]`;
 * groups live in the file only. Refused, with a suggestion where there is one: an unknown section
 * or key, a key twice in its section, a group's name twice.
 */
#include "common/err.h"
#include "common/base.h"

#include <stdio.h>

enum conf_type {
	CONF_STR,    /* char *, UTF-8, owned by the config struct; "" when empty */
	CONF_U64,    /* uint64_t within min..max */
	CONF_BOOL,   /* bool: yes no true false on off 1 0, in any case */
	CONF_CHOICE, /* int: index of the word in `choices`, "a|b|c" */
};

struct conf_option {
	const char *section; /* "" in a group */
	const char *name;    /* unique in the program, lower-case-with-dashes */
	enum conf_type type;
	size_t offset;        /* of the field in the config struct (group: in the element) */
	const char *fallback; /* the default, as it would be written in the file */
	uint64_t min, max;    /* CONF_U64 */
	const char *choices;  /* CONF_CHOICE */
	const char *doc;      /* one sentence, unit and meaning */
	/* What else a value has to be: writes what is wrong and how to mend it. Or NULL. */
	enum err (*check)(const char *text, char *ret_why, size_t why_size);
};

/*
 * A repeatable section `[prefix NAME]`. The config struct holds `T *elements; size_t count`, the
 * element's first field is `char *name`. All owned by the config struct. `sample` names the
 * sections that --print-config shows; a file without any section of the group gets exactly these.
 */
struct conf_group {
	const char *prefix;
	const char *doc;
	const struct conf_option *options;
	size_t option_count;
	size_t element_size;
	size_t elements_offset;
	size_t count_offset;
	size_t max;
	const char *const *sample; /* NULL-terminated */
};

struct conf_spec {
	const char *program;      /* "roomcast-gateway" */
	const char *summary;      /* one sentence for --help */
	const char *default_file; /* read when it exists and --config names no other */
	const struct conf_option *options;
	size_t option_count;
	const struct conf_group *group; /* NULL = none */
	const char *const
	    *reloads; /* names of what conf_reload() changes, then NULL; NULL = nothing */
	size_t config_size;
	/* Rules of the whole after parsing; writes what is wrong and how to mend it. Or NULL. */
	enum err (*check)(const void *config, char *ret_why, size_t why_size);
};

enum conf_outcome {
	CONF_RUN,  /* config is filled: go on, conf_free() it at the end */
	CONF_DONE, /* --help, --version, --print-config, --check-config answered: exit 0 */
	CONF_BAD,  /* the error is on standard error: exit 2 */
};

/* Reads everything; on CONF_RUN *config (of config_size bytes) is filled, else untouched. */
MUST_USE enum conf_outcome conf_load(
    const struct conf_spec *spec, int argc, char **argv, void *config);

/* What becomes of a reload, for the log; texts are lent. */
struct conf_news {
	void (*on_fault)(void *up, const char *why); /* file, line, what is wrong and the mend */
	void (*on_changed)(void *up, const char *name);
	void (*on_kept)(void *up, const char *name); /* it is another one, and needs a restart */
};

/*
 * Reads everything again, with the arguments of conf_load. Of the options that have another value
 * those in `reloads` are changed in *config; nobody may have kept a pointer to their text.
 * ERR_INVALID: something is wrong; *config is as it was.
 */
struct conf_source {
	int argc;
	char **argv;
};

MUST_USE enum err conf_reload(const struct conf_spec *spec, const struct conf_source *from,
    void *config, const struct conf_news *news, void *up);

bool conf_is_reloaded(const struct conf_spec *spec, const char *name);

/* Frees what conf_load put into *config and zeroes it. */
void conf_free(const struct conf_spec *spec, void *config);

/* The sample file: every option with its text, default and bounds. */
void conf_print_sample(const struct conf_spec *spec, FILE *out);

/* The candidate nearest to `word` by edit distance, NULL when none is near. */
const char *conf_nearest(const char *word, const char *const *candidates, size_t count);

#endif
