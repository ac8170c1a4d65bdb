#include "gateway/auth/algorithm.h"

static const struct algorithm_row rows[KEY_ALGORITHMS] = {
#define ALGORITHM(NAME, name, kty, secret_bytes) {name, kty, secret_bytes},
#include "gateway/auth/algorithm.def"
#undef ALGORITHM
};

const struct algorithm_row *algorithm_row(enum key_algorithm a)
{
	return &rows[a];
}

enum key_algorithm algorithm_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (str_eqz(name, rows[i].name))
			return (enum key_algorithm)i;
	}
	return KEY_ALGORITHMS;
}

enum err algorithm_set(struct str list, uint32_t *ret, struct str *ret_bad)
{
	uint32_t set = 0;
	struct str word;

	while ((word = str_next_word(&list, " ,")).len) {
		enum key_algorithm a = algorithm_find(word);

		if (a == KEY_ALGORITHMS) {
			*ret_bad = word;
			return ERR_INVALID;
		}
		set |= ALGORITHM_BIT(a);
	}
	*ret = set ? set : ALGORITHMS_ALL;
	return ERR_OK;
}
