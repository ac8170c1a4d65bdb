#include "gateway/auth/keydoc.h"

#include "tests/check.h"
#include "tests/gateway/auth/keysmith.h"

#include <stdlib.h>
#include <string.h>

#define PEM_OF(body) "-----BEGIN PUBLIC KEY-----\n" body "\n-----END PUBLIC KEY-----\n"
#define PEM PEM_OF("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
#define X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define JWK(more) "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"" more "}"
/* Base64url of 64 bytes. */
#define K64 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg"
#define OCT(alg, more) "{\"kty\":\"oct\",\"alg\":\"" alg "\",\"k\":\"" K64 "\"" more "}"
#define SET(keys) "{\"keys\":[" keys "]}"

/* RFC 8037 appendix A.2. */
static const uint8_t public_key[] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b,
    0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02,
    0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

struct fixture {
	struct keydoc doc;
	struct keys *keys;
	struct keydoc_found found;
	char why[KEYDOC_WHY_SIZE];
};

static int set_up(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));

	x->doc = (struct keydoc){.name = "file", .algorithms = ALGORITHMS_ALL};
	x->keys = keys_new();
	*state = x;
	return crypto_init();
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	keys_free(&x->keys);
	free(x);
	return frame_live() != 0;
}

static enum err read_text(struct fixture *x, struct str text)
{
	keys_free(&x->keys);
	x->keys = keys_new();
	x->found = (struct keydoc_found){0};
	/* In memory of its own, so that reading past its end is seen. */
	char *copy = xrealloc(NULL, text.len + !text.len);

	memcpy(copy, text.p, text.len);
	enum err e = keydoc_read(&x->doc, (struct str){copy, text.len}, x->keys, &x->found, x->why);

	free(copy);
	return e;
}

static enum err read(struct fixture *x, const char *text)
{
	return read_text(x, str_of(text));
}

static void assert_public_key(const struct fixture *x, size_t n, const char *id)
{
	const struct key *key = keys_at(x->keys, n);

	assert_non_null(key);
	assert_int_equal(key->algorithm, KEY_EDDSA);
	assert_memory_equal(key->public_key, public_key, sizeof(public_key));
	if (id)
		assert_string_equal(key->id, id);
	else
		assert_null(key->id);
	assert_int_equal(key->secret.len, 0);
}

static void test_pem(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(read(x, PEM), ERR_OK);
	assert_public_key(x, 0, NULL);
	assert_int_equal(keys_count(x->keys), 1);
	assert_int_equal(read(x, PEM "\n" PEM), ERR_OK);
	assert_int_equal(keys_count(x->keys), 2);
	assert_false(x->found.has_secret);
}

static void test_jwk(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(read(x, JWK("")), ERR_OK);
	assert_public_key(x, 0, NULL);
	assert_int_equal(read(x, JWK(",\"kid\":\"2024\",\"alg\":\"EdDSA\",\"use\":\"sig\","
				     "\"key_ops\":[\"verify\"]")),
	    ERR_OK);
	assert_public_key(x, 0, "2024");
}

static void test_secrets(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(
	    read(x, SET(OCT("HS256", "") "," OCT("HS384", "") "," OCT("HS512", ""))), ERR_OK);
	assert_true(x->found.has_secret);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(keys_at(x->keys, i)->algorithm, KEY_HS256 + i);
		assert_int_equal(keys_at(x->keys, i)->secret.len, 64);
	}
}

static void test_rsa_and_p256(void **state)
{
	struct fixture *x = *state;
	struct keysmith *smiths[] = {keysmith_rsa(2048), keysmith_ec("P-256")};
	static const enum key_algorithm algorithms[] = {KEY_RS256, KEY_ES256};
	struct bytes data = str_bytes(STR("signed"));

	for (size_t i = 0; i < ARRAY_LEN(smiths); i++) {
		struct buf pem = {0}, jwk = {0}, signature = {0};

		keysmith_put_pem(smiths[i], &pem);
		keysmith_put_jwk(smiths[i], ",\"kid\":\"k\"", &jwk);
		keysmith_sign(smiths[i], data, &signature);
		assert_int_equal(read_text(x, buf_str(&pem)), ERR_OK);
		assert_int_equal(keys_at(x->keys, 0)->algorithm, algorithms[i]);
		assert_true(key_verify(keys_at(x->keys, 0), data, buf_bytes(&signature)));
		assert_int_equal(read_text(x, buf_str(&jwk)), ERR_OK);
		assert_int_equal(keys_at(x->keys, 0)->algorithm, algorithms[i]);
		assert_string_equal(keys_at(x->keys, 0)->id, "k");
		assert_true(key_verify(keys_at(x->keys, 0), data, buf_bytes(&signature)));
		buf_free(&pem);
		buf_free(&jwk);
		buf_free(&signature);
		keysmith_free(&smiths[i]);
	}
}

/* What a set has for others stands in nobody's way; alone it is a mistake. */
static void test_keys_for_something_else(void **state)
{
	struct fixture *x = *state;
	static const struct {
		const char *jwk, *words;
	} cases[] = {
	    {JWK(",\"use\":\"enc\""), "signatures"},
	    {JWK(",\"key_ops\":[\"sign\"]"), "signatures"},
	    {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X "\"}", "Ed25519"},
	    {"{\"kty\":\"OKP\",\"x\":\"" X "\"}", "Ed25519"},
	    {"{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "algorithm"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}", "P-256"},
	    {"{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AA\"}", "kind"},
	    {"{}", "kind"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf set = {0};

		assert_int_equal(read(x, cases[i].jwk), ERR_INVALID);
		assert_non_null(strstr(x->why, cases[i].words));
		buf_printf(&set, "{\"keys\":[%s,%s]}", cases[i].jwk, JWK(",\"kid\":\"mine\""));
		assert_int_equal(read_text(x, buf_str(&set)), ERR_OK);
		assert_int_equal(x->found.left_out, 1);
		assert_public_key(x, 0, "mine");
		buf_free(&set);
	}
}

/* What is wrong is not left out: somebody counts on it. */
static void test_broken_keys(void **state)
{
	struct fixture *x = *state;
	static const struct {
		const char *jwk, *words;
	} cases[] = {
	    {JWK(",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""), "private"},
	    {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"p\":\"AQAB\"}", "private"},
	    {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "2048"},
	    {"{\"kty\":\"RSA\",\"n\":\"AQAB=\",\"e\":\"AQAB\"}", "base64url"},
	    {"{\"kty\":\"RSA\",\"e\":\"AQAB\"}", "base64url"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", "32 bytes"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" X "\"}", "read"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "32 bytes"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":1}", "32 bytes"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "32 bytes"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "=\"}", "32 bytes"},
	    {JWK(",\"alg\":\"HS256\""), "another algorithm"},
	    {"{\"kty\":\"oct\",\"alg\":\"EdDSA\",\"k\":\"" K64 "\"}", "another algorithm"},
	    {"{\"kty\":\"oct\",\"k\":\"" K64 "\"}", "without an alg"},
	    {"{\"kty\":\"oct\",\"alg\":\"HS512\",\"k\":\"" X "\"}", "shorter"},
	    {"{\"kty\":\"oct\",\"alg\":\"HS256\"}", "base64url"},
	    {JWK(",\"kid\":7"), "kid"},
	    {JWK(",\"exp\":\"soon\""), "no time"},
	    {JWK(",\"nbf\":-1"), "no time"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf set = {0};

		buf_printf(&set, "{\"keys\":[%s,%s]}", JWK(""), cases[i].jwk);
		for (int round = 0; round < 2; round++) {
			assert_int_equal(
			    round ? read_text(x, buf_str(&set)) : read(x, cases[i].jwk),
			    ERR_INVALID);
			if (!strstr(x->why, cases[i].words) || strncmp(x->why, "file: ", 6) != 0)
				fail_msg("\"%s\" does not speak of %s", x->why, cases[i].words);
		}
		buf_free(&set);
	}
}

static void test_other_documents(void **state)
{
	struct fixture *x = *state;
	static const char *const texts[] = {"", "nonsense", "[]", "{", "{\"keys\":{}}",
	    "{\"keys\":[7]}", "{\"keys\":[[]]}", JWK("") "x", JWK(",\"x\":\"" X "\""), PEM "x",
	    PEM "-----BEGIN", "-----BEGIN PUBLIC KEY------END PUBLIC KEY-----\n",
	    "-----BEGIN PUBLIC KEY-----\n", "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----\n",
	    "-----BEGIN CERTIFICATE-----\n",
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	    "-----END PRIVATE KEY-----\n",
	    PEM_OF("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUQ=="),
	    PEM_OF("MCow*QYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
	    SET(JWK(",\"kid\":\"a\"") "," OCT("HS256", ",\"kid\":\"a\"")),
	    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (read(x, texts[i]) != ERR_INVALID)
			fail_msg("%s", texts[i]);
	}
}

static void test_times(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(read(x, JWK(",\"nbf\":100,\"exp\":200.5")), ERR_OK);
	assert_int_equal(keys_at(x->keys, 0)->from.ms, 100000);
	assert_int_equal(keys_at(x->keys, 0)->until.ms, 200500);
	/* The earlier end counts. */
	x->doc.until.ms = 150000;
	assert_int_equal(
	    read(x, SET(JWK(",\"exp\":200") "," JWK(",\"exp\":120") "," JWK(""))), ERR_OK);
	assert_int_equal(keys_at(x->keys, 0)->until.ms, 150000);
	assert_int_equal(keys_at(x->keys, 1)->until.ms, 120000);
	assert_int_equal(keys_at(x->keys, 2)->until.ms, 150000);
}

static void test_only_some_algorithms(void **state)
{
	struct fixture *x = *state;

	x->doc.algorithms = ALGORITHM_BIT(KEY_EDDSA);
	assert_int_equal(read(x, SET(OCT("HS256", "") "," JWK(""))), ERR_OK);
	assert_public_key(x, 0, NULL);
	assert_int_equal(keys_count(x->keys), 1);
	/* It is a file with a secret all the same. */
	assert_true(x->found.has_secret);
}

static void test_too_many(void **state)
{
	struct fixture *x = *state;
	struct buf set = {0};

	buf_puts(&set, STR("{\"keys\":["));
	for (int i = 0; i <= KEYS_MAX; i++)
		buf_printf(&set, "%s%s", i ? "," : "", JWK(""));
	buf_puts(&set, STR("]}"));
	assert_int_equal(read_text(x, buf_str(&set)), ERR_FULL);
	buf_free(&set);
}

static void test_what_is_meant_to_be_one(void **state)
{
	(void)state;
	assert_true(keydoc_is_one(STR(PEM)));
	assert_true(keydoc_is_one(STR("-----BEGIN RSA PUBLIC KEY-----")));
	assert_true(keydoc_is_one(STR(JWK(""))));
	assert_false(keydoc_is_one(STR("{a secret with braces}")));
	assert_false(keydoc_is_one(STR("a secret")));
	assert_false(keydoc_is_one(STR("")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_pem),
	    TEST(test_jwk),
	    TEST(test_secrets),
	    TEST(test_rsa_and_p256),
	    TEST(test_keys_for_something_else),
	    TEST(test_broken_keys),
	    TEST(test_other_documents),
	    TEST(test_times),
	    TEST(test_only_some_algorithms),
	    TEST(test_too_many),
	    TEST(test_what_is_meant_to_be_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
