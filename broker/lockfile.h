#ifndef ROOMCAST_BROKER_LOCKFILE_H
#define ROOMCAST_BROKER_LOCKFILE_H
/*
 * A lock file: one process at a time, with its pid inside for whoever finds it taken. The kernel
 * releases the lock with the process, so a kill -9 leaves nothing to clean up; the file itself
 * stays, because removing it would let two processes lock two files of the same name.
 */
#include "common/str.h"

struct lockfile;

/*
 * ERR_BUSY (another process, with its pid), ERR_DENIED (directory missing or not writable),
 * ERR_IO; ret_why says it in one sentence with what to do.
 */
MUST_USE enum err lockfile_take(
    const char *path, char *ret_why, size_t why_size, struct lockfile **ret);

void lockfile_release(struct lockfile **l);

#endif
