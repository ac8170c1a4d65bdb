/*
 * Key documents: PEM, JWK and sets of them. What is taken in is a key of its algorithm, complete.
 */
#include "tests/fuzz/fuzz.h"

#include "gateway/auth/keydoc.h"

static void check(const struct key *key)
{
	size_t least = algorithm_row(key->algorithm)->secret_bytes;

	assert(key->secret.len >= least && (least > 0) == (key->secret.len > 0));
	assert((key->evp != NULL) == (key->algorithm == KEY_RS256 || key->algorithm == KEY_ES256));
	assert(key->until.ms >= 0 && key->from.ms >= 0);
	assert(!key_verify(key, bytes_of("a", 1), bytes_of("b", 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct keydoc doc = {.name = "input", .algorithms = ALGORITHMS_ALL};
	struct str text = bytes_str(bytes_of(data, size));
	struct keys *keys = keys_new();
	struct keydoc_found found = {0};
	char why[KEYDOC_WHY_SIZE] = "";
	enum err e = keydoc_read(&doc, text, keys, &found, why);

	assert(!e == !why[0] && keys_count(keys) <= KEYS_MAX);
	for (size_t i = 0; !e && i < keys_count(keys); i++)
		check(keys_at(keys, i));
	(void)keydoc_is_one(text);
	keys_free(&keys);
	return 0;
}
