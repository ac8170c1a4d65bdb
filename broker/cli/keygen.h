#ifndef ROOMCAST_BROKER_CLI_KEYGEN_H
#define ROOMCAST_BROKER_CLI_KEYGEN_H
/*
 * Makes keys and writes them to files, one key a file: secret ones with mode 0600, public ones
 * with 0644. Nothing is ever overwritten, and of a pair either both files are made or none.
 */
#include "common/keyfile.h"

enum keygen_kind {
#define KEYGEN(id, kind, doc) KEYGEN_##id,
#include "broker/cli/keygen.def"
#undef KEYGEN
	KEYGEN_KINDS
};

/* Paths of what was made; public_file is NULL for a kind without one. End with keygen_files_free.
 */
struct keygen_files {
	char *secret_file;
	char *public_file;
};

/* ERR_NOT_FOUND: no such kind. */
MUST_USE enum err keygen_kind_of(const char *word, enum keygen_kind *ret);

/*
 * A pair becomes path.key and path.pub (a path that ends in .key is taken without it), a secret
 * the file path itself. Errors of keyfile_write; ret_why in words.
 */
MUST_USE enum err keygen_make(enum keygen_kind kind, const char *path, struct keygen_files *ret,
    char ret_why[KEYFILE_WHY_SIZE]);

void keygen_files_free(struct keygen_files *files);

#endif
