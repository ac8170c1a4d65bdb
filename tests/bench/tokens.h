/*
 * The tokens are the lines of a file, one JWT each; the members take them in turn.
 */
#ifndef BENCH_TOKENS_H
#define BENCH_TOKENS_H

#include <stddef.h>

struct tokens;

/* Dies if the file cannot be read, is empty or holds what cannot stand in a JSON string. */
struct tokens *tokens_load(const char *path);
void tokens_free(struct tokens **);

/* Lent. Begins again when there are more members than tokens. */
const char *tokens_of_member(const struct tokens *, size_t member);

#endif
