#ifndef ROOMCAST_TESTS_COMMON_TEMPDIR_H
#define ROOMCAST_TESTS_COMMON_TEMPDIR_H
/*
 * A fresh directory for the files of one test; it goes with everything in it (no subdirectories).
 */
#include <stddef.h>
#include <sys/types.h>

struct tempdir;

struct tempdir *tempdir_new(void);
void tempdir_free(struct tempdir **t);

/* The path of a name in it, "" the directory's own; owned by t, good until tempdir_free(). */
const char *tempdir_path(struct tempdir *t, const char *name);

/* Writes a file with exactly this mode and gives its path, as above. */
const char *tempdir_write(
    struct tempdir *t, const char *name, const void *bytes, size_t len, mode_t mode);

#endif
