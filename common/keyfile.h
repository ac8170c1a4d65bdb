#ifndef ROOMCAST_COMMON_KEYFILE_H
#define ROOMCAST_COMMON_KEYFILE_H
/*
 * Small files that hold one key or secret. A secret file must not be readable by group or others
 * and is refused otherwise; every error comes with one sentence that names the file and the mend.
 */
#include "common/buf.h"

enum { KEYFILE_MAX_BYTES = 64 * 1024, KEYFILE_WHY_SIZE = 400 };

enum keyfile_kind { KEYFILE_PUBLIC, KEYFILE_SECRET };

/*
 * Appends the file's bytes without trailing white space. ERR_NOT_FOUND, ERR_DENIED (mode or
 * permission), ERR_TOO_BIG, ERR_INVALID (empty), ERR_IO; ret_why says it in words.
 */
MUST_USE enum err keyfile_read(
    const char *path, enum keyfile_kind kind, struct buf *out, char ret_why[KEYFILE_WHY_SIZE]);

/*
 * Creates path (mode 0600 or 0644) with the text and a newline. ERR_EXISTS: never overwrites;
 * ERR_IO. ret_why says it in words.
 */
MUST_USE enum err keyfile_write(
    const char *path, enum keyfile_kind kind, struct str text, char ret_why[KEYFILE_WHY_SIZE]);

#endif
