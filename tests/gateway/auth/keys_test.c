#include "gateway/auth/keys.h"

#include "tests/check.h"

#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef"

static void test_a_ring_keeps_copies(void **state)
{
	char secret[] = SECRET, id[] = "one";
	struct keys *ring = keys_new();
	struct key key = {
	    .algorithm = KEY_HS256, .id = id, .secret = bytes_of(secret, sizeof(secret) - 1)};

	(void)state;
	assert_null(keys_at(ring, 0));
	assert_int_equal(keys_add(ring, &key), ERR_OK);
	assert_int_equal(
	    keys_add(ring, &(struct key){.algorithm = KEY_EDDSA, .id = "two"}), ERR_OK);
	memset(secret, 'x', sizeof(secret) - 1);
	memset(id, 'x', sizeof(id) - 1);
	assert_string_equal(keys_at(ring, 0)->id, "one");
	assert_str_is(bytes_str(keys_at(ring, 0)->secret), SECRET);
	assert_string_equal(keys_at(ring, 1)->id, "two");
	assert_int_equal(keys_count(ring), 2);
	keys_free(&ring);
	assert_null(ring);
	keys_free(&ring);
}

/* A kid names one algorithm; two keys of it may share it while one takes the other's place. */
static void test_a_kid_is_of_one_algorithm(void **state)
{
	struct keys *ring = keys_new();
	struct key key = {.algorithm = KEY_HS256, .id = "a", .secret = str_bytes(STR(SECRET))};

	(void)state;
	assert_int_equal(keys_add(ring, &key), ERR_OK);
	assert_int_equal(keys_add(ring, &key), ERR_OK);
	assert_int_equal(
	    keys_add(ring, &(struct key){.algorithm = KEY_EDDSA, .id = "a"}), ERR_EXISTS);
	key.algorithm = KEY_HS512;
	assert_int_equal(keys_add(ring, &key), ERR_EXISTS);
	key.id = NULL;
	assert_int_equal(keys_add(ring, &key), ERR_OK);
	assert_int_equal(keys_count(ring), 3);
	keys_free(&ring);
}

static void test_a_ring_has_an_end(void **state)
{
	struct keys *ring = keys_new();

	(void)state;
	for (int i = 0; i < KEYS_MAX; i++)
		assert_int_equal(keys_add(ring, &(struct key){.algorithm = KEY_EDDSA}), ERR_OK);
	assert_int_equal(keys_add(ring, &(struct key){.algorithm = KEY_EDDSA}), ERR_FULL);
	keys_free(&ring);
}

static void test_rings_change_places(void **state)
{
	struct keys *a = keys_new(), *b = keys_new();

	(void)state;
	assert_int_equal(keys_add(a, &(struct key){.algorithm = KEY_EDDSA, .id = "a"}), ERR_OK);
	keys_swap(a, b);
	assert_int_equal(keys_count(a), 0);
	assert_string_equal(keys_at(b, 0)->id, "a");
	keys_free(&a);
	keys_free(&b);
}

static void test_a_key_has_its_time(void **state)
{
	struct key key = {.from = {100}, .until = {200}}, always = {.algorithm = KEY_EDDSA};

	(void)state;
	assert_false(key_is_good_at(&key, (struct wall){99}));
	assert_true(key_is_good_at(&key, (struct wall){100}));
	assert_true(key_is_good_at(&key, (struct wall){199}));
	assert_false(key_is_good_at(&key, (struct wall){200}));
	assert_true(key_is_good_at(&always, (struct wall){1}));
}

/* Of its own algorithm only, and never where there is nothing to check with. */
static void test_verifying(void **state)
{
	struct key key = {.algorithm = KEY_HS256, .secret = str_bytes(STR(SECRET))};
	struct bytes data = str_bytes(STR("data"));
	uint8_t mac[CRYPTO_HS256_BYTES];

	(void)state;
	crypto_hs256(key.secret, data, mac);
	assert_true(key_verify(&key, data, bytes_of(mac, sizeof(mac))));
	for (enum key_algorithm a = KEY_HS384; a < KEY_ALGORITHMS; a++) {
		key.algorithm = a;
		assert_false(key_verify(&key, data, bytes_of(mac, sizeof(mac))));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_ring_keeps_copies),
	    cmocka_unit_test(test_a_kid_is_of_one_algorithm),
	    cmocka_unit_test(test_a_ring_has_an_end),
	    cmocka_unit_test(test_rings_change_places),
	    cmocka_unit_test(test_a_key_has_its_time),
	    cmocka_unit_test(test_verifying),
	};

	return crypto_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
