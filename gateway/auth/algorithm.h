#ifndef ROOMCAST_GATEWAY_AUTH_ALGORITHM_H
#define ROOMCAST_GATEWAY_AUTH_ALGORITHM_H
/*
 * The algorithms of tokens (algorithm.def), by number and by name, and sets of them. What is not in
 * the table does not exist: `none` has no row. Pure.
 */
#include "common/str.h"

enum key_algorithm {
#define ALGORITHM(NAME, name, kty, secret_bytes) KEY_##NAME,
#include "gateway/auth/algorithm.def"
#undef ALGORITHM
	KEY_ALGORITHMS
};

struct algorithm_row {
	const char *name, *kty;
	size_t secret_bytes;
};

/* Bits by algorithm. */
#define ALGORITHM_BIT(algorithm) (UINT32_C(1) << (algorithm))
enum { ALGORITHMS_ALL = (1 << KEY_ALGORITHMS) - 1 };

const struct algorithm_row *algorithm_row(enum key_algorithm a);

/* KEY_ALGORITHMS: there is none of that name. Upper and lower case differ. */
enum key_algorithm algorithm_find(struct str name);

/*
 * A list of names with spaces or commas between as a set; the empty list is all of them.
 * ERR_INVALID: a name that is none, *ret_bad shows it.
 */
MUST_USE enum err algorithm_set(struct str list, uint32_t *ret, struct str *ret_bad);

#endif
