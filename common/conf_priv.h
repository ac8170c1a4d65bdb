#ifndef ROOMCAST_COMMON_CONF_PRIV_H
#define ROOMCAST_COMMON_CONF_PRIV_H
/*
 * The inside of the configuration engine, for common/conf*.c alone: conf.c leads a load through
 * its sources (conf_file.c, conf_args.c), each of which hands text to conf_set(); conf_value.c
 * knows what text is a value of which type, conf_group.c keeps the elements of a group,
 * conf_print.c writes help and sample.
 */
#include "common/conf.h"
#include "common/str.h"

enum { CONF_BOUNDS_SIZE = 256 };

/* One conf_load() under way. */
struct conf_load {
	const struct conf_spec *spec;
	char *config;                 /* config_size bytes, defaults at first */
	const char *file;             /* the one that was read; NULL = none */
	unsigned errors;              /* said so far */
	const struct conf_news *news; /* of a reload: who is told; NULL = standard error */
	void *up;
};

/* Says what is wrong, once, and counts it. */
void conf_complain(struct conf_load *load, const char *format, ...) PRINTF(2, 3);

/* ---- conf_value.c ---- */

/* ERR_INVALID: text is no value of this option; the field is then as it was. */
MUST_USE enum err conf_value_set(const struct conf_option *o, char *base, const char *text);

/*
 * Gives an option its value in the struct at base; complains when it is none. `origin` is the
 * text that stood before the value: "FILE:LINE: key = ", "ROOMCAST_KEY=" or "--key ".
 */
void conf_set(struct conf_load *load, const struct conf_option *o, char *base, const char *origin,
    const char *value);

/* Has the field another value in the other struct? */
bool conf_value_differs(const struct conf_option *o, const char *base, const char *other);

/* What is allowed, as it follows "give ": "a whole number from 1 to 9", "yes or no", ... */
void conf_value_bounds(const struct conf_option *o, char ret[CONF_BOUNDS_SIZE]);

/* Fills a zeroed struct with the defaults of its table; frees what the fields own. */
void conf_values_default(const struct conf_option *options, size_t count, char *base);
void conf_values_free(const struct conf_option *options, size_t count, char *base);

/* ---- conf_group.c ---- */

/* A new element of the group, with its name and defaults, at the end of the config's elements. */
char *conf_group_add(const struct conf_group *g, char *config, struct str name);
size_t conf_group_count(const struct conf_group *g, const char *config);
char *conf_group_at(const struct conf_group *g, const char *config, size_t n);
const char *conf_group_name(const char *element);
/* Are there other elements, or with other values? */
bool conf_group_differs(const struct conf_group *g, const char *config, const char *other);
void conf_group_free(const struct conf_group *g, char *config);

/* ---- conf_file.c ---- */

/* Reads the file into load->config. One that is not there is only an error when it must be. */
void conf_file_read(struct conf_load *load, const char *path, bool must_exist);

/* ---- conf_args.c ---- */

enum conf_action {
	CONF_ACTION_RUN,
	CONF_ACTION_CHECK,
	CONF_ACTION_HELP,
	CONF_ACTION_SAMPLE,
	CONF_ACTION_VERSION
};

struct conf_args {
	enum conf_action action;
	const char *file;    /* --config; NULL = not given */
	const char **values; /* for each option of the spec: its argument or NULL; owned */
};

/* Reads the command line; views into argv. Call conf_args_free() whatever came of it. */
void conf_args_read(struct conf_load *load, int argc, char **argv, struct conf_args *ret);
void conf_args_free(struct conf_args *args);

/* Sets the options given on the command line; in the environment. */
void conf_args_apply(struct conf_load *load, const struct conf_args *args);
void conf_env_apply(struct conf_load *load);

/* ---- conf_print.c ---- */

void conf_print_help(const struct conf_spec *spec, FILE *out);
void conf_print_version(const struct conf_spec *spec, FILE *out);

#endif
