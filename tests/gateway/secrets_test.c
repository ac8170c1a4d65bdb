#include "gateway/secrets.h"

#include "tests/check.h"
#include "tests/common/tempdir.h"

#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef"

static char empty[] = "";

/* A configuration with a secret for tokens, and nothing else. */
static struct config config_of(struct tempdir *dir)
{
	return (struct config){
	    .token_hs256_secret_file =
		(char *)(uintptr_t)tempdir_write(dir, "secret", SECRET, sizeof(SECRET) - 1, 0600),
	    .token_eddsa_public_key_file = empty,
	    .token_keys_file = empty,
	    .token_previous_secret_file = empty,
	    .token_previous_keys_file = empty,
	    .token_previous_until = empty,
	    .token_algorithms = empty,
	    .curve_secret_file = empty,
	};
}

static void test_keys_of_tokens(void **state)
{
	struct tempdir *dir = tempdir_new();
	struct config c = config_of(dir);
	struct secrets secrets = {0};
	char why[SECRETS_WHY_SIZE] = "";

	(void)state;
	assert_int_equal(secrets_read(&c, why, &secrets), ERR_OK);
	assert_int_equal(keys_count(keyring_keys(secrets.keyring)), 1);
	assert_int_equal(secrets.curve_secret.len, 0);
	secrets_free(&secrets);
	assert_null(secrets.keyring);
	/* Older ones count until their date. */
	c.token_previous_secret_file = c.token_hs256_secret_file;
	c.token_previous_until = (char[]){"9999-01-01T00:00:00Z"};
	assert_int_equal(secrets_read(&c, why, &secrets), ERR_OK);
	assert_int_equal(keys_count(keyring_keys(secrets.keyring)), 2);
	secrets_free(&secrets);
	c.token_algorithms = (char[]){"RS256"};
	assert_int_equal(secrets_read(&c, why, &secrets), ERR_INVALID);
	assert_non_null(strstr(why, "no key"));
	secrets_free(&secrets);
	tempdir_free(&dir);
}

static void test_keys_of_the_link(void **state)
{
	struct tempdir *dir = tempdir_new();
	struct config c = config_of(dir);
	struct secrets secrets = {0};
	char why[SECRETS_WHY_SIZE] = "";

	(void)state;
	c.curve_secret_file = (char[]){"/nowhere/link.key"};
	c.broker_public_key_file = empty;
	assert_int_equal(secrets_read(&c, why, &secrets), ERR_NOT_FOUND);
	assert_non_null(strstr(why, "/nowhere/link.key"));
	secrets_free(&secrets);
	assert_int_equal(frame_live(), 0);
	tempdir_free(&dir);
}

static void test_whether_they_can_be_read(void **state)
{
	struct tempdir *dir = tempdir_new();
	struct config c = config_of(dir);
	char why[32] = "";

	(void)state;
	assert_int_equal(secrets_check(&c, why, sizeof(why)), ERR_OK);
	assert_string_equal(why, "");
	c.token_hs256_secret_file = (char[]){"/nowhere/token.secret"};
	assert_int_equal(secrets_check(&c, why, sizeof(why)), ERR_NOT_FOUND);
	assert_non_null(strstr(why, "/nowhere/token.secret"));
	tempdir_free(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys_of_tokens),
	    cmocka_unit_test(test_keys_of_the_link),
	    cmocka_unit_test(test_whether_they_can_be_read),
	};

	return crypto_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
