#include "gateway/auth/keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct key key; /* its views point to the two below */
	char *id;
	char *secret;
};

struct keys {
	struct entry *list;
	size_t count;
};

struct keys *keys_new(void)
{
	return xcalloc(1, sizeof(struct keys));
}

void keys_free(struct keys **keys)
{
	struct keys *k = *keys;

	*keys = NULL;
	if (!k)
		return;
	for (size_t i = 0; i < k->count; i++) {
		struct entry *entry = &k->list[i];

		if (entry->secret)
			crypto_wipe(entry->secret, entry->key.secret.len);
		free(entry->secret);
		free(entry->id);
		evp_key_unref(&entry->key.evp);
	}
	free(k->list);
	free(k);
}

static bool is_shared(enum key_algorithm a)
{
	return algorithm_row(a)->secret_bytes > 0;
}

enum err keys_add(struct keys *k, const struct key *key)
{
	assert(key->algorithm < KEY_ALGORITHMS);
	if (k->count == KEYS_MAX)
		return ERR_FULL;
	for (size_t i = 0; key->id && i < k->count; i++) {
		const struct key *other = &k->list[i].key;

		if (other->id && strcmp(other->id, key->id) == 0 &&
		    other->algorithm != key->algorithm)
			return ERR_EXISTS;
	}
	k->list = xrealloc(k->list, (k->count + 1) * sizeof(*k->list));
	struct entry *entry = &k->list[k->count++];

	*entry = (struct entry){.key = *key, .id = xstrdup(key->id)};
	entry->key.id = entry->id;
	entry->key.evp = evp_key_ref(key->evp);
	entry->key.secret = (struct bytes){0};
	if (is_shared(key->algorithm)) {
		entry->secret = str_dup(bytes_str(key->secret));
		entry->key.secret = bytes_of(entry->secret, key->secret.len);
	}
	return ERR_OK;
}

void keys_swap(struct keys *a, struct keys *b)
{
	struct keys old = *a;

	*a = *b;
	*b = old;
}

const struct key *keys_at(const struct keys *k, size_t n)
{
	return n < k->count ? &k->list[n].key : NULL;
}

size_t keys_count(const struct keys *k)
{
	return k->count;
}

bool key_is_good_at(const struct key *key, struct wall now)
{
	return (key->from.ms == 0 || now.ms >= key->from.ms) &&
	       (key->until.ms == 0 || now.ms < key->until.ms);
}

bool key_verify(const struct key *key, struct bytes data, struct bytes signature)
{
	switch (key->algorithm) {
	case KEY_HS256:
		return crypto_hs256_verify(key->secret, data, signature);
	case KEY_HS384:
	case KEY_HS512:
		return evp_hmac_verify(
		    algorithm_row(key->algorithm)->secret_bytes, key->secret, data, signature);
	case KEY_EDDSA:
		return crypto_ed25519_verify(key->public_key, data, signature);
	case KEY_RS256:
	case KEY_ES256:
		return key->evp && evp_verify(key->evp, data, signature);
	case KEY_ALGORITHMS:
		break;
	}
	return false;
}
