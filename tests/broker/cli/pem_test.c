#include "broker/cli/pem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* The key of RFC 8037 appendix A as OpenSSL writes it. */
#define PRIVATE_BODY "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"
#define PRIVATE_OF(body) "-----BEGIN PRIVATE KEY-----\n" body "\n-----END PRIVATE KEY-----"
#define PUBLIC_PEM                                                       \
	"-----BEGIN PUBLIC KEY-----\n"                                   \
	"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" \
	"-----END PUBLIC KEY-----"

static const uint8_t seed[PEM_SEED_BYTES] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba,
    0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70,
    0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};

static enum err read(const char *text)
{
	uint8_t out[PEM_SEED_BYTES] = {0};
	enum err e = pem_read_private(str_of(text), out);

	if (!e)
		assert_memory_equal(out, seed, sizeof(seed));
	else
		assert_memory_equal(out, (uint8_t[PEM_SEED_BYTES]){0}, sizeof(out));
	return e;
}

static void a_private_key_is_read(void **state)
{
	(void)state;
	assert_int_equal(read(PRIVATE_OF(PRIVATE_BODY)), ERR_OK);
	assert_int_equal(read("-----BEGIN PRIVATE KEY-----\r\n"
			      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\r\n/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"
			      "\r\n-----END PRIVATE KEY-----"),
	    ERR_OK);
}

static void other_texts_are_malformed(void **state)
{
	static const char *const cases[] = {"", "x", PUBLIC_PEM, "-----BEGIN PRIVATE KEY-----",
	    "-----END PRIVATE KEY-----", "-----BEGIN PRIVATE KEY----------END PRIVATE KEY----",
	    PRIVATE_OF("*"), PRIVATE_OF(PRIVATE_BODY) "\n", " " PRIVATE_OF(PRIVATE_BODY),
	    PRIVATE_OF(PRIVATE_BODY) "\n" PRIVATE_OF(PRIVATE_BODY), PRIVATE_OF(PRIVATE_BODY "="),
	    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" PRIVATE_BODY
	    "\n-----END ENCRYPTED PRIVATE KEY-----"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(read(cases[i]), ERR_MALFORMED);
}

static void other_keys_are_invalid(void **state)
{
	(void)state;
	assert_int_equal(read("-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----"), ERR_INVALID);
	/* X25519, one byte short, one too long. */
	assert_int_equal(
	    read(PRIVATE_OF("MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g")),
	    ERR_INVALID);
	assert_int_equal(
	    read(PRIVATE_OF("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn8=")),
	    ERR_INVALID);
	assert_int_equal(read(PRIVATE_OF(PRIVATE_BODY "AA==")), ERR_INVALID);
}

static void keys_are_written_as_others_read_them(void **state)
{
	uint8_t public_key[CRYPTO_ED25519_PUBLIC_BYTES], secret_key[CRYPTO_ED25519_SECRET_BYTES];
	struct buf text = {0};

	(void)state;
	pem_put_private(&text, seed);
	assert_true(str_eqz(buf_str(&text), PRIVATE_OF(PRIVATE_BODY)));
	buf_reset(&text);
	crypto_ed25519_from_seed(seed, public_key, secret_key);
	pem_put_public(&text, public_key);
	assert_true(str_eqz(buf_str(&text), PUBLIC_PEM));
	pem_wipe(&text);
	assert_int_equal(text.len, 0);
	pem_wipe(&text);
}

static void blocks_are_known_by_their_head(void **state)
{
	(void)state;
	assert_true(pem_is_block(STR(PUBLIC_PEM)));
	assert_true(pem_is_block(STR(PRIVATE_OF(""))));
	assert_true(pem_is_block(STR("-----BEGIN RSA PRIVATE KEY-----")));
	assert_false(pem_is_block(STR("")));
	assert_false(pem_is_block(STR("-----")));
	assert_false(pem_is_block(STR("a secret")));
}

static int set_up(void **state)
{
	(void)state;
	return crypto_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_private_key_is_read),
	    cmocka_unit_test(other_texts_are_malformed),
	    cmocka_unit_test(other_keys_are_invalid),
	    cmocka_unit_test(keys_are_written_as_others_read_them),
	    cmocka_unit_test(blocks_are_known_by_their_head),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
