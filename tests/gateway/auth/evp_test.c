#include "gateway/auth/evp.h"

#include "common/crypto.h"
#include "tests/check.h"
#include "tests/gateway/auth/keysmith.h"

#include <string.h>

static const char *fault;

/* The key as PEM says it, read back. */
static enum err read_pem(const struct keysmith *smith, struct evp_key **ret)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	struct buf pem = {0}, der = {0};

	keysmith_put_pem(smith, &pem);
	struct str text = buf_str(&pem);
	const char *end = memmem(text.p, text.len, "-----END", 8);

	assert_int_equal(crypto_base64_decode((struct str){text.p + sizeof(begin) - 1,
						  (size_t)(end - text.p) - sizeof(begin) + 1},
			     &der),
	    ERR_OK);
	enum err e = evp_key_read(buf_bytes(&der), ret, &fault);

	/* With a byte more it is nothing. */
	if (!e) {
		struct evp_key *none = NULL;

		buf_putc(&der, 'x');
		assert_int_equal(evp_key_read(buf_bytes(&der), &none, &fault), ERR_INVALID);
		assert_null(none);
	}
	buf_free(&pem);
	buf_free(&der);
	return e;
}

static void check_signatures(const struct keysmith *smith, const struct evp_key *key)
{
	struct bytes data = str_bytes(STR("what is signed"));
	struct buf signature = {0};

	keysmith_sign(smith, data, &signature);
	assert_true(evp_verify(key, data, buf_bytes(&signature)));
	assert_false(evp_verify(key, str_bytes(STR("what is signes")), buf_bytes(&signature)));
	assert_false(evp_verify(key, data, (struct bytes){0}));
	assert_false(evp_verify(key, data, bytes_of(buf_bytes(&signature).p, signature.len - 1)));
	buf_putc(&signature, '\0');
	assert_false(evp_verify(key, data, buf_bytes(&signature)));
	buf_truncate(&signature, signature.len - 1);
	frame_data(signature.store)[signature.len / 2] ^= 1;
	assert_false(evp_verify(key, data, buf_bytes(&signature)));
	memset(frame_data(signature.store), 0, signature.len);
	assert_false(evp_verify(key, data, buf_bytes(&signature)));
	buf_free(&signature);
}

static void test_rsa(void **state)
{
	struct keysmith *smith = keysmith_rsa(2048);
	struct evp_key *key = NULL;

	(void)state;
	assert_int_equal(read_pem(smith, &key), ERR_OK);
	assert_int_equal(evp_key_kind(key), EVP_KIND_RSA);
	check_signatures(smith, key);
	struct evp_key *second = evp_key_ref(key);

	evp_key_unref(&key);
	assert_null(key);
	check_signatures(smith, second);
	evp_key_unref(&second);
	keysmith_free(&smith);
}

static void test_p256(void **state)
{
	struct keysmith *smith = keysmith_ec("P-256");
	struct evp_key *key = NULL;

	(void)state;
	assert_int_equal(read_pem(smith, &key), ERR_OK);
	assert_int_equal(evp_key_kind(key), EVP_KIND_P256);
	check_signatures(smith, key);
	evp_key_unref(&key);
	keysmith_free(&smith);
}

static void test_weak_and_strange_keys(void **state)
{
	struct keysmith *weak = keysmith_rsa(1024), *other = keysmith_ec("P-384");
	struct evp_key *key = NULL;

	(void)state;
	assert_int_equal(read_pem(weak, &key), ERR_INVALID);
	assert_non_null(strstr(fault, "2048"));
	assert_int_equal(read_pem(other, &key), ERR_INVALID);
	assert_non_null(strstr(fault, "P-256"));
	assert_int_equal(evp_key_read(str_bytes(STR("nonsense")), &key, &fault), ERR_INVALID);
	assert_int_equal(evp_key_read((struct bytes){0}, &key, &fault), ERR_INVALID);
	assert_null(key);
	evp_key_unref(&key);
	keysmith_free(&weak);
	keysmith_free(&other);
}

/* A point that is not on the curve gives away what is done with it. */
static void test_a_point_off_the_curve(void **state)
{
	uint8_t x[32] = {1}, y[32] = {2};
	struct evp_key *key = NULL;

	(void)state;
	assert_int_equal(evp_key_p256(bytes_of(x, 32), bytes_of(y, 32), &key, &fault), ERR_INVALID);
	assert_int_equal(evp_key_p256(bytes_of(x, 31), bytes_of(y, 32), &key, &fault), ERR_INVALID);
	assert_null(key);
}

static void test_numbers_that_are_no_rsa_key(void **state)
{
	uint8_t n[2048] = {0};
	struct evp_key *key = NULL;

	(void)state;
	memset(n, 0xff, sizeof(n));
	assert_int_equal(
	    evp_key_rsa(bytes_of(n, 256), bytes_of("\2", 1), &key, &fault), ERR_INVALID);
	assert_int_equal(
	    evp_key_rsa(bytes_of(n, 128), bytes_of("\3", 1), &key, &fault), ERR_INVALID);
	assert_int_equal(
	    evp_key_rsa(bytes_of(n, 2048), bytes_of("\3", 1), &key, &fault), ERR_INVALID);
	assert_int_equal(
	    evp_key_rsa((struct bytes){0}, bytes_of("\3", 1), &key, &fault), ERR_INVALID);
	assert_null(key);
}

/* RFC 4231, test case 2. */
static void test_hmac(void **state)
{
	static const uint8_t sha384[] = {0xaf, 0x45, 0xd2, 0xe3, 0x76, 0x48, 0x40, 0x31, 0x61, 0x7f,
	    0x78, 0xd2, 0xb5, 0x8a, 0x6b, 0x1b, 0x9c, 0x7e, 0xf4, 0x64, 0xf5, 0xa0, 0x1b, 0x47,
	    0xe4, 0x2e, 0xc3, 0x73, 0x63, 0x22, 0x44, 0x5e, 0x8e, 0x22, 0x40, 0xca, 0x5e, 0x69,
	    0xe2, 0xc7, 0x8b, 0x32, 0x39, 0xec, 0xfa, 0xb2, 0x16, 0x49};
	struct bytes key = str_bytes(STR("Jefe"));
	struct bytes data = str_bytes(STR("what do ya want for nothing?"));
	struct buf mac = {0};

	(void)state;
	assert_true(evp_hmac_verify(48, key, data, bytes_of(sha384, 48)));
	assert_false(evp_hmac_verify(48, key, data, bytes_of(sha384, 47)));
	assert_false(evp_hmac_verify(64, key, data, bytes_of(sha384, 48)));
	assert_false(evp_hmac_verify(48, (struct bytes){0}, data, bytes_of(sha384, 48)));
	keysmith_mac(64, key, data, &mac);
	assert_true(evp_hmac_verify(64, key, data, buf_bytes(&mac)));
	assert_false(evp_hmac_verify(64, data, key, buf_bytes(&mac)));
	buf_free(&mac);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rsa),
	    cmocka_unit_test(test_p256),
	    cmocka_unit_test(test_weak_and_strange_keys),
	    cmocka_unit_test(test_a_point_off_the_curve),
	    cmocka_unit_test(test_numbers_that_are_no_rsa_key),
	    cmocka_unit_test(test_hmac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
