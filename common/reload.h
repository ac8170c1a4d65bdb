#ifndef ROOMCAST_COMMON_RELOAD_H
#define ROOMCAST_COMMON_RELOAD_H
/*
 * A reload of the configuration at SIGHUP, as the log hears of it: what was wrong, what is changed
 * from now on and what needs a restart, one line each. Used by both programs.
 */
#include "common/conf.h"

/* conf_reload() with the log. ERR_INVALID: everything is as it was, and the log says why. */
MUST_USE enum err reload_config(
    const struct conf_spec *spec, const struct conf_source *from, void *config);

#endif
