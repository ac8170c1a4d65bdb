#ifndef ROOMCAST_BROKER_SIGNALS_H
#define ROOMCAST_BROKER_SIGNALS_H
/*
 * The signals of the broker, read from a descriptor in the turn loop.
 */
#include "common/err.h"
#include "common/base.h"

/*
 * Blocks SIGTERM, SIGINT and SIGHUP, ignores what must not end the process, and gives a descriptor
 * for turn_on_fd(), which the caller closes. Before any thread starts: all inherit it. ERR_SYSTEM.
 */
MUST_USE enum err signals_open(int *ret_fd);

/* The number of a signal that came, 0 when none did. */
uint64_t signals_read(int fd);

#endif
