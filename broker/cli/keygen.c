#include "broker/cli/keygen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/cli/pem.h"

enum { HS256_SECRET_BYTES = 32 };

/* A key as the text of its files. Without a public part, public_text stays empty. */
struct pair {
	struct buf secret_text;
	struct buf public_text;
};

static void wipe_pair(struct pair *pair)
{
	pem_wipe(&pair->secret_text);
	buf_free(&pair->public_text);
}

static void make_curve(struct pair *pair)
{
	char public_key[CRYPTO_Z85_KEY_SIZE], secret_key[CRYPTO_Z85_KEY_SIZE];

	crypto_curve_keypair(public_key, secret_key);
	buf_puts(&pair->secret_text, str_of(secret_key));
	buf_puts(&pair->public_text, str_of(public_key));
	crypto_wipe(secret_key, sizeof(secret_key));
}

/* Text, so that it survives editors and shells; its characters are the secret, not decoded. */
static void make_hs256(struct pair *pair)
{
	uint8_t secret[HS256_SECRET_BYTES];

	crypto_random(secret, sizeof(secret));
	crypto_base64url_put(&pair->secret_text, bytes_of(secret, sizeof(secret)));
	crypto_wipe(secret, sizeof(secret));
}

static void make_ed25519(struct pair *pair)
{
	uint8_t seed[PEM_SEED_BYTES];
	uint8_t public_key[CRYPTO_ED25519_PUBLIC_BYTES], secret_key[CRYPTO_ED25519_SECRET_BYTES];

	crypto_random(seed, sizeof(seed));
	crypto_ed25519_from_seed(seed, public_key, secret_key);
	pem_put_private(&pair->secret_text, seed);
	pem_put_public(&pair->public_text, public_key);
	crypto_wipe(seed, sizeof(seed));
	crypto_wipe(secret_key, sizeof(secret_key));
}

static const struct {
	const char *word;
	void (*make)(struct pair *pair);
} kinds[KEYGEN_KINDS] = {
#define KEYGEN(id, kind, doc) [KEYGEN_##id].word = kind,
#include "broker/cli/keygen.def"
#undef KEYGEN
    [KEYGEN_CURVE].make = make_curve,
    [KEYGEN_HS256].make = make_hs256,
    [KEYGEN_ED25519].make = make_ed25519,
};

enum err keygen_kind_of(const char *word, enum keygen_kind *ret)
{
	for (enum keygen_kind kind = 0; kind < KEYGEN_KINDS; kind++) {
		if (strcmp(word, kinds[kind].word) == 0) {
			*ret = kind;
			return ERR_OK;
		}
	}
	return ERR_NOT_FOUND;
}

static char *with_suffix(struct str stem, const char *suffix)
{
	struct buf path = {0};

	buf_puts(&path, stem);
	buf_puts(&path, str_of(suffix));
	char *copy = str_dup(buf_str(&path));

	buf_free(&path);
	return copy;
}

static void name_pair(const char *path, struct keygen_files *files)
{
	struct str stem = str_of(path);

	if (stem.len > 4 && strcmp(path + stem.len - 4, ".key") == 0)
		stem.len -= 4;
	files->secret_file = with_suffix(stem, ".key");
	files->public_file = with_suffix(stem, ".pub");
}

static enum err write_pair(
    const struct keygen_files *files, const struct pair *pair, char ret_why[KEYFILE_WHY_SIZE])
{
	enum err e =
	    keyfile_write(files->secret_file, KEYFILE_SECRET, buf_str(&pair->secret_text), ret_why);

	if (e || !files->public_file)
		return e;
	e = keyfile_write(files->public_file, KEYFILE_PUBLIC, buf_str(&pair->public_text), ret_why);
	if (e)
		unlink(files->secret_file); /* ours, of a moment ago */
	return e;
}

enum err keygen_make(enum keygen_kind kind, const char *path, struct keygen_files *ret,
    char ret_why[KEYFILE_WHY_SIZE])
{
	struct keygen_files files = {0};
	struct pair pair = {0};

	kinds[kind].make(&pair);
	if (pair.public_text.len > 0)
		name_pair(path, &files);
	else
		files.secret_file = xstrdup(path);
	enum err e = write_pair(&files, &pair, ret_why);

	wipe_pair(&pair);
	if (e)
		keygen_files_free(&files);
	else
		*ret = files;
	return e;
}

void keygen_files_free(struct keygen_files *files)
{
	free(files->secret_file);
	free(files->public_file);
	*files = (struct keygen_files){0};
}
