#ifndef ROOMCAST_COMMON_CURVE_H
#define ROOMCAST_COMMON_CURVE_H
/*
 * Key files of CurveZMQ: one key in Z85, as `roomcastctl keygen curve` writes them.
 */
#include "common/keyfile.h"

/*
 * Appends the 40 characters and a NUL. Errors of keyfile_read, and ERR_MALFORMED when it is no
 * key; ret_why says it in words.
 */
MUST_USE enum err curve_key_read(const char *path, enum keyfile_kind kind, struct buf *out,
    char ret_why[KEYFILE_WHY_SIZE]);

/* Overwrites and frees. */
void curve_key_wipe(struct buf *key);

#endif
