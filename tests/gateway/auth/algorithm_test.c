#include "gateway/auth/algorithm.h"

#include "tests/check.h"

static void test_names(void **state)
{
	static const char *const strange[] = {
	    "", "none", "None", "hs256", "HS256 ", "RS384", "PS256", "ES384", "EDDSA", "Ed25519"};

	(void)state;
	for (enum key_algorithm a = 0; a < KEY_ALGORITHMS; a++)
		assert_int_equal(algorithm_find(str_of(algorithm_row(a)->name)), a);
	for (size_t i = 0; i < ARRAY_LEN(strange); i++)
		assert_int_equal(algorithm_find(str_of(strange[i])), KEY_ALGORITHMS);
}

/* A secret is no shorter than the hash; what is not shared has no least length. */
static void test_secrets(void **state)
{
	(void)state;
	assert_int_equal(algorithm_row(KEY_HS256)->secret_bytes, 32);
	assert_int_equal(algorithm_row(KEY_HS384)->secret_bytes, 48);
	assert_int_equal(algorithm_row(KEY_HS512)->secret_bytes, 64);
	assert_int_equal(algorithm_row(KEY_RS256)->secret_bytes, 0);
	assert_int_equal(algorithm_row(KEY_EDDSA)->secret_bytes, 0);
}

static void test_sets(void **state)
{
	struct str bad = STR("");
	uint32_t set = 0;

	(void)state;
	assert_int_equal(algorithm_set(STR(""), &set, &bad), ERR_OK);
	assert_int_equal(set, ALGORITHMS_ALL);
	assert_int_equal(algorithm_set(STR(" RS256,ES256 "), &set, &bad), ERR_OK);
	assert_int_equal(set, ALGORITHM_BIT(KEY_RS256) | ALGORITHM_BIT(KEY_ES256));
	assert_int_equal(algorithm_set(STR("RS256 none"), &set, &bad), ERR_INVALID);
	assert_str_is(bad, "none");
	assert_int_equal(set, ALGORITHM_BIT(KEY_RS256) | ALGORITHM_BIT(KEY_ES256));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_secrets),
	    cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
