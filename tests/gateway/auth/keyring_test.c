#include "gateway/auth/keyring.h"

#include "tests/check.h"
#include "tests/common/tempdir.h"
#include "tests/fakes/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define PEM                                                              \
	"-----BEGIN PUBLIC KEY-----\n"                                   \
	"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" \
	"-----END PUBLIC KEY-----\n"
#define JWK(kid) "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"kid\":\"" kid "\"}"
#define SECRET "0123456789abcdef0123456789abcdef"
#define OCT "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"" X "\"}"

static const struct wall now = {1700000000000};

struct fixture {
	struct tempdir *dir;
	struct keyring_conf conf;
	struct keyring *ring;
	char why[KEYRING_WHY_SIZE];
};

static int set_up(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));

	x->dir = tempdir_new();
	x->conf.algorithms = ALGORITHMS_ALL;
	fake_log_forget();
	*state = x;
	return crypto_init();
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	keyring_free(&x->ring);
	tempdir_free(&x->dir);
	free(x);
	return frame_live() != 0;
}

static const char *put(struct fixture *x, const char *name, const char *text, mode_t mode)
{
	return tempdir_write(x->dir, name, text, strlen(text), mode);
}

static enum err open_ring(struct fixture *x)
{
	keyring_free(&x->ring);
	return keyring_open(&x->conf, now, x->why, &x->ring);
}

static void assert_refused(struct fixture *x, enum err e, const char *file, const char *words)
{
	assert_int_equal(open_ring(x), e);
	if (!strstr(x->why, words) || !strstr(x->why, file))
		fail_msg("\"%s\" speaks neither of %s nor of \"%s\"", x->why, file, words);
	assert_null(x->ring);
}

static const struct key *key_at(const struct fixture *x, size_t n)
{
	return keys_at(keyring_keys(x->ring), n);
}

static void test_no_key_at_all(void **state)
{
	assert_refused(*state, ERR_INVALID, "", "no key");
}

static void test_a_secret(void **state)
{
	struct fixture *x = *state;

	x->conf.hs256_secret_file = put(x, "secret", SECRET "\n", 0600);
	assert_int_equal(open_ring(x), ERR_OK);
	assert_int_equal(key_at(x, 0)->algorithm, KEY_HS256);
	assert_str_is(bytes_str(key_at(x, 0)->secret), SECRET);
	assert_null(key_at(x, 1));
	put(x, "secret", "0123456789abcdef0123456789abcde\n", 0600);
	assert_refused(x, ERR_INVALID, "/secret: ", "32 bytes");
	put(x, "secret", SECRET, 0644);
	assert_refused(x, ERR_DENIED, "/secret", "0644");
}

/* A MAC made with what everybody knows would let everybody sign. */
static void test_a_public_key_is_no_secret(void **state)
{
	struct fixture *x = *state;
	static const char *const texts[] = {PEM, JWK("a"), "-----BEGIN RSA PUBLIC KEY-----"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		x->conf.hs256_secret_file = put(x, "secret", texts[i], 0600);
		assert_refused(x, ERR_INVALID, "/secret: ", "not an HS256 secret");
	}
}

static void test_a_missing_file(void **state)
{
	struct fixture *x = *state;

	x->conf.keys_file = "/nowhere/keys.json";
	assert_refused(x, ERR_NOT_FOUND, "/nowhere/keys.json", "");
}

static void test_the_option_for_eddsa(void **state)
{
	struct fixture *x = *state;

	x->conf.eddsa_public_key_file = put(x, "public", PEM, 0644);
	assert_int_equal(open_ring(x), ERR_OK);
	assert_int_equal(key_at(x, 0)->algorithm, KEY_EDDSA);
	put(x, "public", OCT, 0600);
	assert_refused(x, ERR_INVALID, "/public: ", "not an Ed25519");
}

/* Who could read it could sign. */
static void test_a_set_with_a_secret_is_for_nobody_else(void **state)
{
	struct fixture *x = *state;

	x->conf.keys_file = put(x, "keys", "{\"keys\":[" OCT "]}", 0644);
	assert_refused(x, ERR_DENIED, "/keys", "0644");
	put(x, "keys", "{\"keys\":[" OCT "]}", 0600);
	assert_int_equal(open_ring(x), ERR_OK);
	put(x, "keys", PEM, 0644);
	assert_int_equal(open_ring(x), ERR_OK);
}

static void test_all_kinds_together(void **state)
{
	struct fixture *x = *state;

	x->conf.hs256_secret_file = put(x, "secret", SECRET, 0600);
	x->conf.eddsa_public_key_file = put(x, "public", PEM, 0644);
	x->conf.keys_file = put(x, "keys", JWK("a"), 0644);
	assert_int_equal(open_ring(x), ERR_OK);
	assert_int_equal(keys_count(keyring_keys(x->ring)), 3);
	/* One that is wrong is not made good by the others. */
	put(x, "keys", "nonsense", 0644);
	assert_refused(x, ERR_INVALID, "/keys: ", "neither");
}

static void test_only_some_algorithms(void **state)
{
	struct fixture *x = *state;

	x->conf.hs256_secret_file = put(x, "secret", SECRET, 0600);
	x->conf.eddsa_public_key_file = put(x, "public", PEM, 0644);
	x->conf.algorithms = ALGORITHM_BIT(KEY_EDDSA);
	assert_int_equal(open_ring(x), ERR_OK);
	assert_int_equal(keys_count(keyring_keys(x->ring)), 1);
	assert_int_equal(key_at(x, 0)->algorithm, KEY_EDDSA);
	x->conf.algorithms = ALGORITHM_BIT(KEY_RS256);
	assert_refused(x, ERR_INVALID, "", "no key");
}

static void test_keys_of_before(void **state)
{
	struct fixture *x = *state;

	x->conf.keys_file = put(x, "keys", JWK("new"), 0644);
	x->conf.previous_keys_file = put(x, "old", JWK("old"), 0644);
	x->conf.previous_hs256_secret_file = put(x, "secret", SECRET, 0600);
	x->conf.previous_until.ms = now.ms + 1;
	assert_int_equal(open_ring(x), ERR_OK);
	assert_int_equal(key_at(x, 0)->until.ms, 0);
	assert_int_equal(key_at(x, 1)->until.ms, now.ms + 1);
	assert_int_equal(key_at(x, 2)->until.ms, now.ms + 1);
	/* Afterwards their files may be gone. */
	x->conf.previous_until = now;
	x->conf.previous_keys_file = x->conf.previous_hs256_secret_file = "/nowhere";
	assert_int_equal(open_ring(x), ERR_OK);
	assert_int_equal(keys_count(keyring_keys(x->ring)), 1);
	/* Alone they are not enough. */
	x->conf.keys_file = NULL;
	x->conf.previous_keys_file = put(x, "old", JWK("old"), 0644);
	x->conf.previous_hs256_secret_file = NULL;
	x->conf.previous_until.ms = now.ms + 1;
	assert_refused(x, ERR_INVALID, "", "no key");
}

/* As a careful administrator puts a new one in its place. */
static void exchange(struct fixture *x, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s", tempdir_path(x->dir, name));
	assert_int_equal(rename(put(x, "fresh", text, 0644), path), 0);
}

static void test_a_changed_file_is_read(void **state)
{
	struct fixture *x = *state;

	x->conf.keys_file = put(x, "keys", JWK("a"), 0644);
	assert_int_equal(open_ring(x), ERR_OK);
	const struct keys *keys = keyring_keys(x->ring);

	keyring_look(x->ring, now);
	assert_int_equal(fake_log_count("keys."), 0);
	exchange(x, "keys", JWK("b"));
	assert_string_equal(keys_at(keys, 0)->id, "a");
	keyring_look(x->ring, now);
	assert_ptr_equal(keyring_keys(x->ring), keys);
	assert_string_equal(keys_at(keys, 0)->id, "b");
	assert_int_equal(fake_log_count("notice keys.renewed count=1"), 1);
	/* Written in place, too. */
	put(x, "keys", "{\"keys\":[" JWK("c") "," JWK("d") "]}", 0644);
	keyring_look(x->ring, now);
	assert_string_equal(keys_at(keys, 1)->id, "d");
	keyring_look(x->ring, now);
	assert_int_equal(fake_log_count("keys.renewed"), 2);
}

static void test_a_broken_file_changes_nothing(void **state)
{
	struct fixture *x = *state;

	x->conf.keys_file = put(x, "keys", JWK("a"), 0644);
	assert_int_equal(open_ring(x), ERR_OK);
	exchange(x, "keys", "{\"keys\":[");
	keyring_look(x->ring, now);
	keyring_look(x->ring, now);
	assert_string_equal(key_at(x, 0)->id, "a");
	/* Said once for each change. */
	assert_int_equal(fake_log_count("warn keys.kept"), 1);
	assert_int_equal(unlink(tempdir_path(x->dir, "keys")), 0);
	keyring_look(x->ring, now);
	assert_string_equal(key_at(x, 0)->id, "a");
	assert_int_equal(fake_log_count("warn keys.kept"), 2);
	put(x, "keys", JWK("b"), 0644);
	keyring_look(x->ring, now);
	assert_string_equal(key_at(x, 0)->id, "b");
}

static void test_asked_to_read_again(void **state)
{
	struct fixture *x = *state;

	x->conf.keys_file = put(x, "keys", JWK("a"), 0644);
	assert_int_equal(open_ring(x), ERR_OK);
	keyring_reload(x->ring, now);
	assert_int_equal(fake_log_count("notice keys.renewed"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_no_key_at_all),
	    TEST(test_a_secret),
	    TEST(test_a_public_key_is_no_secret),
	    TEST(test_a_missing_file),
	    TEST(test_the_option_for_eddsa),
	    TEST(test_a_set_with_a_secret_is_for_nobody_else),
	    TEST(test_all_kinds_together),
	    TEST(test_only_some_algorithms),
	    TEST(test_keys_of_before),
	    TEST(test_a_changed_file_is_read),
	    TEST(test_a_broken_file_changes_nothing),
	    TEST(test_asked_to_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
