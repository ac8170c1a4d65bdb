#include "gateway/auth/keys.h"

#include <assert.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/keyfile.h"

enum { HS256_MIN_SECRET_BYTES = 32 }; /* RFC 7518 section 3.2: no shorter than the hash */

_Static_assert((int)KEYS_WHY_SIZE >= (int)KEYFILE_WHY_SIZE, "keyfile errors fit");

struct entry {
	struct key key; /* its views point to the two below */
	char *id;
	char *secret;
};

struct keys {
	struct entry *list;
	size_t count;
};

static PRINTF(2, 3) enum err refuse(char *ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, KEYS_WHY_SIZE, format, args);
	va_end(args);
	return ERR_INVALID;
}

static bool has_suffix(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       str_eq((struct str){s.p + s.len - suffix.len, suffix.len}, suffix);
}

/* Public keys are no secrets, and who confuses the two lets everybody sign. */
static bool is_key_document(struct str text)
{
	if (str_has_prefix(text, STR("-----BEGIN ")))
		return true;
	return str_has_prefix(text, STR("{")) && has_suffix(text, STR("}")) &&
	       memmem(text.p, text.len, "\"kty\"", 5) != NULL;
}

static enum err load_secret(struct keys *k, const char *path, char *ret_why)
{
	struct buf text = {0};
	enum err e = keyfile_read(path, KEYFILE_SECRET, &text, ret_why);

	if (e)
		goto out;
	struct bytes secret = buf_bytes(&text);

	if (is_key_document(bytes_str(secret))) {
		e = refuse(ret_why,
		    "%s: a PEM or JWK file is not an HS256 secret; give an EdDSA public key by its "
		    "own option, or make a secret with `roomcastctl keygen hs256`",
		    path);
	} else if (secret.len < HS256_MIN_SECRET_BYTES) {
		e = refuse(ret_why,
		    "%s: an HS256 secret has at least %d bytes, this one has %zu; make one with "
		    "`roomcastctl keygen hs256`",
		    path, HS256_MIN_SECRET_BYTES, secret.len);
	} else {
		keys_add(k, &(struct key){.algorithm = KEY_HS256, .secret = secret});
	}
	crypto_wipe(frame_data(text.store), text.len);
out:
	buf_free(&text);
	return e;
}

/* RFC 8410: SubjectPublicKeyInfo of an Ed25519 key is this and 32 bytes of key. */
static const uint8_t spki_ed25519[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static enum err read_pem(struct str text, const char *path, struct key *ret, char *ret_why)
{
	struct str begin = STR("-----BEGIN PUBLIC KEY-----");
	struct str end = STR("-----END PUBLIC KEY-----");
	struct buf der = {0};
	enum err e = ERR_OK;

	if (!str_has_prefix(text, begin) || !has_suffix(text, end))
		return refuse(ret_why, "%s: one PEM block PUBLIC KEY was expected", path);
	struct str body = {text.p + begin.len, text.len - begin.len - end.len};

	if (crypto_base64_decode(body, &der)) {
		e = refuse(ret_why, "%s: the PEM block is not base64", path);
	} else if (der.len != sizeof(spki_ed25519) + sizeof(ret->public_key) ||
		   memcmp(buf_bytes(&der).p, spki_ed25519, sizeof(spki_ed25519)) != 0) {
		e = refuse(ret_why, "%s: the public key is not an Ed25519 key", path);
	} else {
		memcpy(ret->public_key, buf_bytes(&der).p + sizeof(spki_ed25519),
		    sizeof(ret->public_key));
	}
	buf_free(&der);
	return e;
}

static bool member_is(const json_t *jwk, const char *name, const char *expected)
{
	const char *s = json_string_value(json_object_get(jwk, name));

	return s && strcmp(s, expected) == 0;
}

/* What is wrong with a JWK (RFC 8037 section 2, RFC 7517 section 4) as an Ed25519 public key. */
static const char *jwk_fault(const json_t *jwk)
{
	if (json_object_get(jwk, "d"))
		return "holds the private key; the gateway is given the public one only";
	if (!member_is(jwk, "kty", "OKP") || !member_is(jwk, "crv", "Ed25519"))
		return "is not an Ed25519 key (kty OKP, crv Ed25519)";
	if (json_object_get(jwk, "alg") && !member_is(jwk, "alg", "EdDSA"))
		return "is meant for another algorithm than EdDSA";
	if (json_object_get(jwk, "use") && !member_is(jwk, "use", "sig"))
		return "is not meant for signatures";
	if (json_object_get(jwk, "kid") && !json_is_string(json_object_get(jwk, "kid")))
		return "has a kid that is no string";
	return NULL;
}

/* On success ret->id points into the tree. */
static enum err read_jwk(const json_t *jwk, const char *path, struct key *ret, char *ret_why)
{
	const char *fault = jwk_fault(jwk);
	struct buf x = {0};

	if (fault)
		return refuse(ret_why, "%s: the key %s", path, fault);
	const char *text = json_string_value(json_object_get(jwk, "x"));
	enum err e = crypto_base64url_decode(str_of(text), &x);

	if (e || x.len != sizeof(ret->public_key)) {
		e = refuse(ret_why, "%s: the key's x is not base64url of 32 bytes", path);
	} else {
		memcpy(ret->public_key, buf_bytes(&x).p, sizeof(ret->public_key));
		ret->id = json_string_value(json_object_get(jwk, "kid"));
	}
	buf_free(&x);
	return e;
}

static enum err load_public_key(struct keys *k, const char *path, char *ret_why)
{
	struct key key = {.algorithm = KEY_EDDSA};
	struct buf file = {0};
	json_t *jwk = NULL;
	enum err e = keyfile_read(path, KEYFILE_PUBLIC, &file, ret_why);

	if (e)
		goto out;
	struct str text = buf_str(&file);

	if (str_has_prefix(text, STR("-----BEGIN "))) {
		e = read_pem(text, path, &key, ret_why);
	} else {
		jwk = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
		if (json_is_object(jwk))
			e = read_jwk(jwk, path, &key, ret_why);
		else
			e = refuse(ret_why, "%s: neither a PEM block PUBLIC KEY nor a JWK", path);
	}
	if (!e)
		keys_add(k, &key);
out:
	json_decref(jwk);
	buf_free(&file);
	return e;
}

enum err keys_load(const struct keys_conf *conf, char ret_why[KEYS_WHY_SIZE], struct keys **ret)
{
	struct keys *k = keys_new();
	enum err e = ERR_OK;

	if (conf->hs256_secret_file[0])
		e = load_secret(k, conf->hs256_secret_file, ret_why);
	if (!e && conf->eddsa_public_key_file[0])
		e = load_public_key(k, conf->eddsa_public_key_file, ret_why);
	if (!e && k->count == 0)
		e = refuse(ret_why, "no key to check tokens with: name an HS256 secret file, an "
				    "EdDSA public key file, or both");
	if (!e) {
		*ret = k;
		k = NULL;
	}
	keys_free(&k);
	return e;
}

struct keys *keys_new(void)
{
	return xcalloc(1, sizeof(struct keys));
}

void keys_add(struct keys *k, const struct key *key)
{
	assert(key->algorithm == KEY_HS256 || key->algorithm == KEY_EDDSA);
	k->list = xrealloc(k->list, (k->count + 1) * sizeof(*k->list));
	struct entry *entry = &k->list[k->count++];

	*entry = (struct entry){.key = *key, .id = xstrdup(key->id)};
	entry->key.id = entry->id;
	entry->key.secret = (struct bytes){0};
	if (key->algorithm == KEY_HS256) {
		entry->secret = str_dup(bytes_str(key->secret));
		entry->key.secret = bytes_of(entry->secret, key->secret.len);
	}
}

void keys_free(struct keys **keys)
{
	struct keys *k = *keys;

	if (!k)
		return;
	for (size_t i = 0; i < k->count; i++) {
		struct entry *entry = &k->list[i];

		if (entry->secret)
			crypto_wipe(entry->secret, entry->key.secret.len);
		free(entry->secret);
		free(entry->id);
	}
	free(k->list);
	free(k);
	*keys = NULL;
}

const struct key *keys_at(const struct keys *k, size_t n)
{
	return n < k->count ? &k->list[n].key : NULL;
}
