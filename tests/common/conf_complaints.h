#ifndef ROOMCAST_TESTS_COMMON_CONF_COMPLAINTS_H
#define ROOMCAST_TESTS_COMMON_CONF_COMPLAINTS_H
/*
 * Stands in for conf.c: conf_complain() that keeps the sentences instead of printing them, so
 * that the parts of the configuration engine are tested without the whole.
 */
#include "common/conf_priv.h"

/* All sentences since the last call, each with a newline; good until then. */
const char *complaints(void);

/* A load of the example with its defaults; ended by example_load_end(). */
struct conf_load example_load(void);
void example_load_end(struct conf_load *load);

#endif
