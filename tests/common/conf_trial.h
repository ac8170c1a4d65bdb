#ifndef ROOMCAST_TESTS_COMMON_CONF_TRIAL_H
#define ROOMCAST_TESTS_COMMON_CONF_TRIAL_H
/*
 * The configuration of a program on trial: its table, its sample and its rules through the whole
 * engine, as the program does it.
 */
#include "common/conf.h"

struct conf_trial {
	const struct conf_spec *spec;
	const char *argument; /* of the command line, beside the file; NULL = none */
};

/* Loads a file with this text, or with what --print-config says; conf_free() it. */
void conf_trial_load(const struct conf_trial *t, const char *text, void *ret);
void conf_trial_load_sample(const struct conf_trial *t, void *ret);

/* For the functions that cmocka calls: *state is the configuration of an empty file. */
int conf_trial_setup(const struct conf_trial *t, void **state);
int conf_trial_teardown(const struct conf_trial *t, void **state);

/* The rules of the whole say this of it, "" = nothing. */
void conf_trial_says(const struct conf_trial *t, const void *config, const char *sentence);

#endif
