#include "tests/check.h"

#include "common/crypto.h"
#include "common/curve.h"
#include "tests/common/tempdir.h"

#include <string.h>

static void test_a_key_file_is_read(void **state)
{
	char public_key[CRYPTO_Z85_KEY_SIZE], secret[CRYPTO_Z85_KEY_SIZE], why[KEYFILE_WHY_SIZE];
	struct tempdir *dir = tempdir_new();
	struct buf key = {0};

	(void)state;
	crypto_curve_keypair(public_key, secret);
	const char *path = tempdir_write(dir, "k", secret, strlen(secret), 0600);

	assert_int_equal(curve_key_read(path, KEYFILE_SECRET, &key, why), ERR_OK);
	assert_string_equal(buf_str(&key).p, secret);
	curve_key_wipe(&key);
	assert_int_equal(key.len, 0);
	tempdir_free(&dir);
}

static void test_another_file_is_refused_by_name(void **state)
{
	char why[KEYFILE_WHY_SIZE];
	struct tempdir *dir = tempdir_new();
	struct buf key = {0};

	(void)state;
	const char *path = tempdir_write(dir, "not-a-key", "some other secret\n", 18, 0600);

	assert_int_equal(curve_key_read(path, KEYFILE_SECRET, &key, why), ERR_MALFORMED);
	assert_non_null(strstr(why, "not-a-key"));
	assert_non_null(strstr(why, "keygen"));
	assert_int_equal(key.len, 0);
	buf_free(&key);
	tempdir_free(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_key_file_is_read),
	    cmocka_unit_test(test_another_file_is_refused_by_name),
	};

	if (crypto_init())
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (frame_live() != 0);
}
