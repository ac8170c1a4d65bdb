#include "common/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
	ID_RANDOM_BYTES = 15, /* fill CRYPTO_ID_LEN characters without a rest */
	Z85_KEY_LEN = CRYPTO_Z85_KEY_SIZE - 1,
	CURVE_KEY_BYTES = 32,
};

_Static_assert(CRYPTO_HS256_BYTES == crypto_auth_hmacsha256_BYTES, "length of a MAC");
_Static_assert(CRYPTO_ED25519_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(CRYPTO_ED25519_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "secret key");
_Static_assert(CRYPTO_ED25519_SIGNATURE_BYTES == crypto_sign_BYTES, "signature");
_Static_assert(CRYPTO_SIPHASH_BYTES == crypto_shorthash_siphashx24_BYTES, "hash");
_Static_assert(CRYPTO_SIPHASH_KEY_BYTES == crypto_shorthash_siphashx24_KEYBYTES, "key of a hash");
_Static_assert(CURVE_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "Curve25519 key");

static const char z85_digits[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

enum err crypto_init(void)
{
	return sodium_init() < 0 ? ERR_SYSTEM : ERR_OK;
}

void crypto_random(void *ret, size_t len)
{
	randombytes_buf(ret, len);
}

uint64_t crypto_random_u64(void)
{
	uint64_t u;

	randombytes_buf(&u, sizeof(u));
	return u;
}

void crypto_id(char ret[CRYPTO_ID_LEN + 1])
{
	uint8_t random[ID_RANDOM_BYTES];

	randombytes_buf(random, sizeof(random));
	sodium_bin2base64(ret, CRYPTO_ID_LEN + 1, random, sizeof(random),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void put_base64(struct buf *out, struct bytes b, int variant)
{
	size_t start = buf_bytes(out).len;
	/* Exactly this size, NUL included: sodium zeroes all the room it is told of. */
	size_t size = sodium_base64_encoded_len(b.len, variant);
	char *text = (char *)buf_extend(out, size);

	sodium_bin2base64(text, size, b.p, b.len, variant);
	buf_truncate(out, start + size - 1);
}

void crypto_base64url_put(struct buf *out, struct bytes b)
{
	put_base64(out, b, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void crypto_base64_put(struct buf *out, struct bytes b)
{
	put_base64(out, b, sodium_base64_VARIANT_ORIGINAL);
}

static enum err decode_base64(struct str text, const char *ignore, int variant, struct buf *out)
{
	size_t start = buf_bytes(out).len;
	size_t room = text.len / 4 * 3 + 3;
	size_t len;

	/* libsodium 1.0.18 reads every byte from 0x80 on as the last letter of the alphabet. */
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return ERR_MALFORMED;
	}
	uint8_t *bin = buf_extend(out, room);

	if (sodium_base642bin(bin, room, text.p, text.len, ignore, &len, NULL, variant) != 0) {
		buf_truncate(out, start);
		return ERR_MALFORMED;
	}
	buf_truncate(out, start + len);
	return ERR_OK;
}

enum err crypto_base64url_decode(struct str text, struct buf *out)
{
	return decode_base64(text, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out);
}

static bool has(struct str text, char c)
{
	return text.len > 0 && memchr(text.p, c, text.len);
}

static enum err decode_standard(struct str text, int variant, struct buf *out)
{
	/* sodium would take a NUL for one of the characters to ignore. */
	return has(text, '\0') ? ERR_MALFORMED : decode_base64(text, " \t\r\n", variant, out);
}

enum err crypto_base64_decode(struct str text, struct buf *out)
{
	return decode_standard(text, sodium_base64_VARIANT_ORIGINAL, out);
}

enum err crypto_base64_decode_any(struct str text, struct buf *out)
{
	return decode_standard(text,
	    has(text, '=') ? sodium_base64_VARIANT_ORIGINAL
			   : sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
	    out);
}

void crypto_hs256(struct bytes key, struct bytes data, uint8_t ret_mac[CRYPTO_HS256_BYTES])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key.p, key.len);
	crypto_auth_hmacsha256_update(&state, data.p, data.len);
	crypto_auth_hmacsha256_final(&state, ret_mac);
	sodium_memzero(&state, sizeof(state));
}

bool crypto_hs256_verify(struct bytes key, struct bytes data, struct bytes mac)
{
	uint8_t right[CRYPTO_HS256_BYTES];

	if (mac.len != sizeof(right))
		return false;
	crypto_hs256(key, data, right);
	return sodium_memcmp(right, mac.p, sizeof(right)) == 0;
}

void crypto_siphash(const uint8_t key[CRYPTO_SIPHASH_KEY_BYTES], struct bytes data,
    uint8_t ret[CRYPTO_SIPHASH_BYTES])
{
	crypto_shorthash_siphashx24(ret, data.p, data.len, key);
}

bool crypto_ed25519_verify(
    const uint8_t key[CRYPTO_ED25519_PUBLIC_BYTES], struct bytes data, struct bytes signature)
{
	return signature.len == CRYPTO_ED25519_SIGNATURE_BYTES &&
	       crypto_sign_verify_detached(signature.p, data.p, data.len, key) == 0;
}

void crypto_ed25519_sign(const uint8_t secret[CRYPTO_ED25519_SECRET_BYTES], struct bytes data,
    uint8_t ret_signature[CRYPTO_ED25519_SIGNATURE_BYTES])
{
	crypto_sign_detached(ret_signature, NULL, data.p, data.len, secret);
}

void crypto_ed25519_from_seed(const uint8_t seed[32],
    uint8_t ret_public[CRYPTO_ED25519_PUBLIC_BYTES],
    uint8_t ret_secret[CRYPTO_ED25519_SECRET_BYTES])
{
	crypto_sign_seed_keypair(ret_public, ret_secret, seed);
}

/* Five characters, 0 to 84 each, make four bytes; ERR_MALFORMED over 32 bits too. */
static enum err z85_decode(const char *text, uint8_t ret[CURVE_KEY_BYTES])
{
	uint64_t value = 0;

	for (size_t i = 0; i < Z85_KEY_LEN; i++) {
		const char *digit = strchr(z85_digits, text[i]);

		if (text[i] == '\0' || !digit)
			return ERR_MALFORMED;
		value = value * 85 + (uint64_t)(digit - z85_digits);
		if (i % 5 < 4)
			continue;
		if (value > UINT32_MAX)
			return ERR_MALFORMED;
		for (size_t byte = 0; byte < 4; byte++)
			ret[i / 5 * 4 + byte] = (uint8_t)(value >> (24 - 8 * byte));
		value = 0;
	}
	return text[Z85_KEY_LEN] == '\0' ? ERR_OK : ERR_MALFORMED;
}

void crypto_z85(const uint8_t key[32], char ret[CRYPTO_Z85_KEY_SIZE])
{
	for (size_t group = 0; group < CURVE_KEY_BYTES / 4; group++) {
		const uint8_t *p = key + group * 4;
		uint32_t value =
		    (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

		for (size_t digit = 5; digit-- > 0; value /= 85)
			ret[group * 5 + digit] = z85_digits[value % 85];
	}
	ret[Z85_KEY_LEN] = '\0';
}

void crypto_curve_keypair(
    char ret_public[CRYPTO_Z85_KEY_SIZE], char ret_secret[CRYPTO_Z85_KEY_SIZE])
{
	uint8_t public[CURVE_KEY_BYTES], secret[CURVE_KEY_BYTES];

	crypto_box_keypair(public, secret);
	crypto_z85(public, ret_public);
	crypto_z85(secret, ret_secret);
	sodium_memzero(secret, sizeof(secret));
}

enum err crypto_curve_public(const char *secret_z85, char ret_public[CRYPTO_Z85_KEY_SIZE])
{
	uint8_t public[CURVE_KEY_BYTES], secret[CURVE_KEY_BYTES];
	enum err e = z85_decode(secret_z85, secret);

	if (!e) {
		/* It can only fail for another base point than the curve's own. */
		int failed = crypto_scalarmult_base(public, secret);

		assert(!failed);
		(void)failed;
		crypto_z85(public, ret_public);
	}
	sodium_memzero(secret, sizeof(secret));
	return e;
}

void crypto_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}
