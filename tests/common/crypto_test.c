#include "common/crypto.h"

#include "tests/common/hex.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { REPEATED_MAX = 256 };

static struct bytes text(const char *z)
{
	return str_bytes(str_of(z));
}

static struct bytes repeated(int byte, size_t n)
{
	static uint8_t ring[2][REPEATED_MAX];
	static size_t turn;
	uint8_t *bytes = ring[turn++ % 2];

	memset(bytes, byte, n);
	return bytes_of(bytes, n);
}

static void randomness_differs(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_true(crypto_random_u64() != crypto_random_u64());
	assert_int_equal(crypto_init(), ERR_OK); /* once more does no harm */
}

static void ids_are_20_safe_characters_and_differ(void **state)
{
	char before[CRYPTO_ID_LEN + 1] = "";

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char id[CRYPTO_ID_LEN + 2];

		memset(id, '?', sizeof(id));
		crypto_id(id);
		assert_int_equal(strlen(id), CRYPTO_ID_LEN);
		assert_int_equal(id[CRYPTO_ID_LEN + 1], '?');
		assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz"
					    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
		    CRYPTO_ID_LEN);
		assert_string_not_equal(id, before);
		memcpy(before, id, sizeof(before));
	}
}

static void assert_hs256(struct bytes key, struct bytes data, const char *expected)
{
	uint8_t mac[CRYPTO_HS256_BYTES];

	crypto_hs256(key, data, mac);
	assert_memory_equal(mac, hex(expected).p, sizeof(mac));
	assert_true(crypto_hs256_verify(key, data, bytes_of(mac, sizeof(mac))));
}

/* RFC 4231, cases 1 to 4, 6 and 7 (5 is about cutting, which nobody here does) */
static void hs256_known_answers(void **state)
{
	(void)state;
	assert_hs256(repeated(0x0b, 20), text("Hi There"),
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_hs256(text("Jefe"), text("what do ya want for nothing?"),
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_hs256(repeated(0xaa, 20), repeated(0xdd, 50),
	    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	assert_hs256(hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), repeated(0xcd, 50),
	    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
	assert_hs256(repeated(0xaa, 131),
	    text("Test Using Larger Than Block-Size Key - Hash Key First"),
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	assert_hs256(repeated(0xaa, 131),
	    text("This is a test using a larger than block-size key and a larger than "
		 "block-size data. The key needs to be hashed before being used by the HMAC "
		 "algorithm."),
	    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void hs256_refuses_everything_else(void **state)
{
	uint8_t mac[CRYPTO_HS256_BYTES + 1] = {0};
	struct bytes key = text("key"), data = text("data");

	(void)state;
	crypto_hs256(key, data, mac);
	assert_true(crypto_hs256_verify(key, data, bytes_of(mac, 32)));
	assert_false(crypto_hs256_verify(key, data, bytes_of(mac, 33)));
	assert_false(crypto_hs256_verify(key, data, bytes_of(mac, 31)));
	assert_false(crypto_hs256_verify(key, data, bytes_of(NULL, 0)));
	assert_false(crypto_hs256_verify(text("kez"), data, bytes_of(mac, 32)));
	assert_false(crypto_hs256_verify(key, text("datb"), bytes_of(mac, 32)));
	for (size_t bit = 0; bit < 256; bit++) {
		mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(crypto_hs256_verify(key, data, bytes_of(mac, 32)));
		mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* RFC 8032, section 7.1, tests 1 to 3 */
static const struct {
	const char *seed, *public, *message, *signature;
} ed25519[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
	"f9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
	"f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
	"4dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void ed25519_known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ed25519); i++) {
		uint8_t public[CRYPTO_ED25519_PUBLIC_BYTES], secret[CRYPTO_ED25519_SECRET_BYTES];
		uint8_t signature[CRYPTO_ED25519_SIGNATURE_BYTES];
		struct bytes message = hex(ed25519[i].message);

		crypto_ed25519_from_seed(hex(ed25519[i].seed).p, public, secret);
		assert_memory_equal(public, hex(ed25519[i].public).p, sizeof(public));
		crypto_ed25519_sign(secret, message, signature);
		assert_memory_equal(signature, hex(ed25519[i].signature).p, sizeof(signature));
		assert_true(
		    crypto_ed25519_verify(public, message, bytes_of(signature, sizeof(signature))));
	}
}

static void ed25519_refuses_everything_else(void **state)
{
	uint8_t key[CRYPTO_ED25519_PUBLIC_BYTES], signature[CRYPTO_ED25519_SIGNATURE_BYTES + 1];
	uint8_t all_zero[CRYPTO_ED25519_PUBLIC_BYTES] = {0};
	struct bytes message = hex("af82"), right = bytes_of(signature, 64);

	(void)state;
	memcpy(key, hex(ed25519[2].public).p, sizeof(key));
	memcpy(signature, hex(ed25519[2].signature).p, 64);
	assert_true(crypto_ed25519_verify(key, message, right));
	assert_false(crypto_ed25519_verify(key, hex("af83"), right));
	assert_false(crypto_ed25519_verify(key, hex("af"), right));
	assert_false(crypto_ed25519_verify(key, message, bytes_of(signature, 63)));
	assert_false(crypto_ed25519_verify(key, message, bytes_of(signature, 65)));
	assert_false(crypto_ed25519_verify(key, message, bytes_of(NULL, 0)));
	assert_false(crypto_ed25519_verify(hex(ed25519[1].public).p, message, right));
	assert_false(crypto_ed25519_verify(all_zero, message, right));
	for (size_t byte = 0; byte < 64; byte++) {
		signature[byte] ^= 1;
		assert_false(crypto_ed25519_verify(key, message, right));
		signature[byte] ^= 1;
	}
}

/* S + L is the same number to the curve; accepting it would give each signature a twin. */
static void ed25519_has_no_second_form(void **state)
{
	uint8_t signature[64];
	struct bytes order =
	    hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	unsigned carry = 0;

	(void)state;
	memcpy(signature, hex(ed25519[0].signature).p, sizeof(signature));
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)signature[32 + i] + order.p[i];
		signature[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(crypto_ed25519_verify(
	    hex(ed25519[0].public).p, bytes_of("", 0), bytes_of(signature, sizeof(signature))));
}

/* The first of the reference implementation's own. */
static void siphash_known_answers(void **state)
{
	uint8_t key[CRYPTO_SIPHASH_KEY_BYTES], hash[CRYPTO_SIPHASH_BYTES];
	static const uint8_t of_nothing[] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d,
	    0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
	static const uint8_t of_a_zero[] = {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34,
	    0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45};

	(void)state;
	for (uint8_t i = 0; i < sizeof(key); i++)
		key[i] = i;
	crypto_siphash(key, bytes_of(NULL, 0), hash);
	assert_memory_equal(hash, of_nothing, sizeof(hash));
	crypto_siphash(key, bytes_of("", 1), hash);
	assert_memory_equal(hash, of_a_zero, sizeof(hash));
}

static void wiping_overwrites(void **state)
{
	char secret[] = "secret";

	(void)state;
	crypto_wipe(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		assert_int_equal(secret[i], 0);
	crypto_wipe(secret, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(randomness_differs),
	    cmocka_unit_test(ids_are_20_safe_characters_and_differ),
	    cmocka_unit_test(hs256_known_answers),
	    cmocka_unit_test(hs256_refuses_everything_else),
	    cmocka_unit_test(ed25519_known_answers),
	    cmocka_unit_test(ed25519_refuses_everything_else),
	    cmocka_unit_test(ed25519_has_no_second_form),
	    cmocka_unit_test(siphash_known_answers),
	    cmocka_unit_test(wiping_overwrites),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (frame_live() != 0);
}
