#include "broker/cli/mint.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/cli/pem.h"

enum { HS256_MIN_SECRET_BYTES = 32 }; /* RFC 7518 section 3.2: no shorter than the hash */

struct signer {
	const char *algorithm; /* as the header has it */
	void (*sign)(const struct signer *s, struct bytes text, struct buf *ret_signature);
	struct buf secret; /* HS256 */
	uint8_t ed25519[CRYPTO_ED25519_SECRET_BYTES];
	char *key_id; /* of a JWK; NULL = none */
};

static void unload(struct signer *s)
{
	pem_wipe(&s->secret);
	crypto_wipe(s->ed25519, sizeof(s->ed25519));
	free(s->key_id);
}

static PRINTF(3, 4) enum err refuse(enum err e, char *ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, KEYFILE_WHY_SIZE, format, args);
	va_end(args);
	return e;
}

static void sign_hs256(const struct signer *s, struct bytes text, struct buf *ret_signature)
{
	uint8_t mac[CRYPTO_HS256_BYTES];

	crypto_hs256(buf_bytes(&s->secret), text, mac);
	buf_put(ret_signature, bytes_of(mac, sizeof(mac)));
}

static void sign_eddsa(const struct signer *s, struct bytes text, struct buf *ret_signature)
{
	uint8_t signature[CRYPTO_ED25519_SIGNATURE_BYTES];

	crypto_ed25519_sign(s->ed25519, text, signature);
	buf_put(ret_signature, bytes_of(signature, sizeof(signature)));
}

static void use_seed(
    struct signer *s, uint8_t seed[PEM_SEED_BYTES], uint8_t ret_public[CRYPTO_ED25519_PUBLIC_BYTES])
{
	crypto_ed25519_from_seed(seed, ret_public, s->ed25519);
	crypto_wipe(seed, PEM_SEED_BYTES);
	s->algorithm = "EdDSA";
	s->sign = sign_eddsa;
}

static enum err use_pem(struct signer *s, struct str text, const char *path, char *ret_why)
{
	uint8_t seed[PEM_SEED_BYTES], unused[CRYPTO_ED25519_PUBLIC_BYTES];
	enum err e = pem_read_private(text, seed);

	if (e == ERR_MALFORMED)
		return refuse(ERR_INVALID, ret_why,
		    "%s: not one PEM block PRIVATE KEY (a public or an encrypted key signs "
		    "nothing)",
		    path);
	if (e)
		return refuse(
		    ERR_INVALID, ret_why, "%s: the private key is not an Ed25519 key", path);
	use_seed(s, seed, unused);
	return ERR_OK;
}

/* Is this member of the JWK base64url of 32 bytes? */
static bool read_member(const json_t *jwk, const char *name, uint8_t ret[32])
{
	struct buf b = {0};
	const char *text = json_string_value(json_object_get(jwk, name));
	bool is = !crypto_base64url_decode(str_of(text), &b) && b.len == 32;

	if (is)
		memcpy(ret, buf_bytes(&b).p, 32);
	pem_wipe(&b);
	return is;
}

static bool is_text(const json_t *value, const char *expected)
{
	const char *s = json_string_value(value);

	return s && strcmp(s, expected) == 0;
}

/* RFC 8037 section 2. */
static enum err use_jwk(struct signer *s, const json_t *jwk, const char *path, char *ret_why)
{
	uint8_t seed[PEM_SEED_BYTES];
	uint8_t public_key[CRYPTO_ED25519_PUBLIC_BYTES], named[CRYPTO_ED25519_PUBLIC_BYTES];

	if (!is_text(json_object_get(jwk, "kty"), "OKP") ||
	    !is_text(json_object_get(jwk, "crv"), "Ed25519"))
		return refuse(ERR_INVALID, ret_why, "%s: the JWK is not an Ed25519 key", path);
	if (!read_member(jwk, "d", seed))
		return refuse(
		    ERR_INVALID, ret_why, "%s: the JWK has no private key (d) to sign with", path);
	use_seed(s, seed, public_key);
	if (!read_member(jwk, "x", named) || memcmp(named, public_key, sizeof(named)) != 0)
		return refuse(
		    ERR_INVALID, ret_why, "%s: x and d of the JWK are not one pair", path);
	s->key_id = xstrdup(json_string_value(json_object_get(jwk, "kid")));
	return ERR_OK;
}

static enum err use_secret(struct signer *s, struct str text, const char *path, char *ret_why)
{
	if (text.len < HS256_MIN_SECRET_BYTES)
		return refuse(ERR_INVALID, ret_why,
		    "%s: an HS256 secret has at least %d bytes, this one has %zu; make one with "
		    "`roomcastctl keygen hs256`",
		    path, HS256_MIN_SECRET_BYTES, text.len);
	buf_puts(&s->secret, text);
	s->algorithm = "HS256";
	s->sign = sign_hs256;
	return ERR_OK;
}

static enum err load(struct signer *s, const char *path, char *ret_why)
{
	struct buf file = {0};
	json_t *jwk = NULL;
	enum err e = keyfile_read(path, KEYFILE_SECRET, &file, ret_why);

	if (e)
		goto out;
	struct str text = buf_str(&file);

	if (str_has_prefix(text, STR("{")))
		jwk = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
	if (pem_is_block(text))
		e = use_pem(s, text, path, ret_why);
	else if (jwk)
		e = use_jwk(s, jwk, path, ret_why);
	else
		e = use_secret(s, text, path, ret_why);
out:
	json_decref(jwk);
	pem_wipe(&file);
	return e;
}

static json_t *header_of(const struct signer *s)
{
	return json_pack("{s:s, s:s, s:s*}", "alg", s->algorithm, "typ", "JWT", "kid", s->key_id);
}

/* NULL when a name is not UTF-8: appending its NULL fails. */
static json_t *rooms_of(const struct mint_order *order)
{
	json_t *rooms = json_array();

	for (size_t i = 0; i < order->room_count; i++) {
		if (json_array_append_new(rooms, json_string(order->rooms[i]))) {
			json_decref(rooms);
			return NULL;
		}
	}
	return rooms;
}

/*
 * Times are whole seconds, counted from the one that has begun: iat is never in the future. NULL
 * when a text is not UTF-8.
 */
static json_t *claims_of(const struct mint_order *order)
{
	json_int_t iat = order->now.ms / 1000;
	json_t *claims = json_pack("{s:s, s:s, s:I, s:I, s:s*, s:s*, s:s*}", "sub", order->user,
	    "name", order->username, "iat", iat, "exp", iat + (json_int_t)order->lifetime_s, "jti",
	    order->id, "iss", order->issuer, "aud", order->audience);

	if (claims && order->room_count > 0 &&
	    json_object_set_new(claims, "rooms", rooms_of(order))) {
		json_decref(claims);
		claims = NULL;
	}
	return claims;
}

static int append(const char *text, size_t len, void *out)
{
	buf_put(out, bytes_of(text, len));
	return 0;
}

/* Appends one part of the token; takes the tree, NULL being text that is not UTF-8. */
static enum err put_part(struct buf *out, json_t *tree)
{
	struct buf text = {0};
	enum err e = ERR_OK;

	if (tree && json_dump_callback(tree, append, &text, JSON_COMPACT) == 0)
		crypto_base64url_put(out, buf_bytes(&text));
	else
		e = ERR_INVALID;
	buf_free(&text);
	json_decref(tree);
	return e;
}

static enum err put_token(
    const struct signer *s, const struct mint_order *order, struct buf *out, char *ret_why)
{
	struct buf signature = {0};
	enum err e = put_part(out, header_of(s));

	buf_putc(out, '.');
	if (!e)
		e = put_part(out, claims_of(order));
	if (e)
		return refuse(e, ret_why, "a text for the token is not UTF-8");
	s->sign(s, buf_bytes(out), &signature);
	buf_putc(out, '.');
	crypto_base64url_put(out, buf_bytes(&signature));
	buf_free(&signature);
	if (out->len <= MINT_MAX_BYTES)
		return ERR_OK;
	return refuse(ERR_TOO_BIG, ret_why,
	    "the token has %zu bytes, more than the %d a gateway looks at: name fewer rooms",
	    out->len, MINT_MAX_BYTES);
}

enum err mint_token(const struct mint_order *order, struct buf *ret_token, struct wall *ret_expires,
    char ret_why[KEYFILE_WHY_SIZE])
{
	struct signer s = {0};
	struct buf token = {0};
	enum err e = load(&s, order->key_file, ret_why);

	if (!e)
		e = put_token(&s, order, &token, ret_why);
	if (!e) {
		buf_put(ret_token, buf_bytes(&token));
		ret_expires->ms = (order->now.ms / 1000 + (int64_t)order->lifetime_s) * 1000;
	}
	buf_free(&token);
	unload(&s);
	return e;
}
