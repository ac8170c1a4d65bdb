#include "gateway/auth/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/common/tempdir.h"

#define PEM_OF(body) "-----BEGIN PUBLIC KEY-----\n" body "\n-----END PUBLIC KEY-----\n"
#define PEM PEM_OF("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
#define X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define JWK(more) "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"" more "}"
#define SECRET "0123456789abcdef0123456789abcdef"

/* RFC 8037 appendix A.2. */
static const uint8_t public_key[] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b,
    0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02,
    0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

struct fixture {
	struct tempdir *dir;
	struct keys *keys;
	char why[KEYS_WHY_SIZE];
};

static int set_up(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));

	x->dir = tempdir_new();
	*state = x;
	return crypto_init();
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	tempdir_free(&x->dir);
	keys_free(&x->keys);
	free(x);
	return frame_live() != 0;
}

static const char *write_file(struct fixture *x, const char *name, const char *text, mode_t mode)
{
	return text ? tempdir_write(x->dir, name, text, strlen(text), mode) : "";
}

static enum err load(struct fixture *x, const char *secret, const char *public)
{
	struct keys_conf conf = {
	    write_file(x, "secret", secret, 0600), write_file(x, "public", public, 0644)};

	return keys_load(&conf, x->why, &x->keys);
}

/* The file is refused, nothing is handed out, and the words name the file and what is wrong. */
static void assert_refused(const struct fixture *x, enum err e, const char *file, const char *words)
{
	if (!strstr(x->why, words) || !strstr(x->why, file))
		fail_msg("\"%s\" speaks neither of %s nor of \"%s\"", x->why, file, words);
	assert_int_equal(e, ERR_INVALID);
	assert_null(x->keys);
}

static void no_key_at_all_is_refused(void **state)
{
	struct fixture *x = *state;

	assert_refused(x, load(x, NULL, NULL), "", "no key");
}

static void a_secret_is_the_text_of_its_file(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(load(x, SECRET "\n", NULL), ERR_OK);
	const struct key *key = keys_at(x->keys, 0);

	assert_int_equal(key->algorithm, KEY_HS256);
	assert_null(key->id);
	assert_true(str_eqz(bytes_str(key->secret), SECRET));
	assert_null(keys_at(x->keys, 1));
}

static void a_short_secret_is_refused(void **state)
{
	struct fixture *x = *state;

	assert_refused(
	    x, load(x, "0123456789abcdef0123456789abcde\n", NULL), "/secret: ", "32 bytes");
}

static void a_secret_that_others_can_read_is_refused(void **state)
{
	struct fixture *x = *state;
	struct keys_conf conf = {write_file(x, "secret", SECRET, 0644), ""};

	assert_int_equal(keys_load(&conf, x->why, &x->keys), ERR_DENIED);
	assert_null(x->keys);
}

static void a_missing_file_is_named(void **state)
{
	struct fixture *x = *state;
	struct keys_conf conf = {"/nowhere/token.secret", ""};

	assert_int_equal(keys_load(&conf, x->why, &x->keys), ERR_NOT_FOUND);
	assert_non_null(strstr(x->why, "/nowhere/token.secret"));
	conf = (struct keys_conf){"", "/nowhere/token.pub"};
	assert_int_equal(keys_load(&conf, x->why, &x->keys), ERR_NOT_FOUND);
	assert_non_null(strstr(x->why, "/nowhere/token.pub"));
}

static void a_public_key_is_no_secret(void **state)
{
	struct fixture *x = *state;

	assert_refused(x, load(x, PEM, NULL), "/secret: ", "not an HS256 secret");
	assert_refused(x, load(x, JWK(""), NULL), "/secret: ", "not an HS256 secret");
	assert_refused(
	    x, load(x, "-----BEGIN RSA PUBLIC KEY-----", NULL), "/secret: ", "not an HS256");
}

static void assert_public_key(const struct fixture *x, size_t n, const char *id)
{
	const struct key *key = keys_at(x->keys, n);

	assert_int_equal(key->algorithm, KEY_EDDSA);
	assert_memory_equal(key->public_key, public_key, sizeof(public_key));
	if (id)
		assert_string_equal(key->id, id);
	else
		assert_null(key->id);
	assert_int_equal(key->secret.len, 0);
}

static void a_public_key_may_be_pem(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(load(x, NULL, PEM), ERR_OK);
	assert_public_key(x, 0, NULL);
	assert_null(keys_at(x->keys, 1));
}

static void a_public_key_may_be_jwk(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(load(x, NULL, JWK("")), ERR_OK);
	assert_public_key(x, 0, NULL);
	keys_free(&x->keys);
	assert_int_equal(
	    load(x, NULL, JWK(",\"kid\":\"2024\",\"alg\":\"EdDSA\",\"use\":\"sig\"")), ERR_OK);
	assert_public_key(x, 0, "2024");
}

static void both_kinds_may_stand_together(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(load(x, SECRET, PEM), ERR_OK);
	assert_int_equal(keys_at(x->keys, 0)->algorithm, KEY_HS256);
	assert_public_key(x, 1, NULL);
	assert_null(keys_at(x->keys, 2));
	keys_free(&x->keys);
	/* One that is wrong is not made good by the other. */
	assert_refused(x, load(x, SECRET, "nonsense"), "/public: ", "neither");
}

static void other_files_are_no_public_keys(void **state)
{
	struct fixture *x = *state;

	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"nonsense", "neither"},
	    {"[]", "neither"},
	    {SECRET, "neither"},
	    {PEM "x", "PEM block"},
	    {PEM PEM, "not base64"},
	    {"-----BEGIN PUBLIC KEY-----\n", "PEM block"},
	    {"-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----\n", "not an Ed25519"},
	    {"-----BEGIN PRIVATE KEY-----\n"
	     "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	     "-----END PRIVATE KEY-----\n",
		"PEM block PUBLIC KEY"},
	    {PEM_OF("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUQ=="),
		"not an Ed25519"},
	    {PEM_OF("MCowBQYDK2VuAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
		"not an Ed25519"},
	    {PEM_OF("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"), "not an Ed25519"},
	    {PEM_OF("MCow*QYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="), "not base64"},
	    {JWK(",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""), "private"},
	    {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "not an Ed25519"},
	    {"{\"kty\":\"oct\",\"k\":\"" X "\"}", "not an Ed25519"},
	    {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X "\"}", "not an Ed25519"},
	    {"{\"kty\":\"OKP\",\"x\":\"" X "\"}", "not an Ed25519"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "x is not"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":1}", "x is not"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "x is not"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "=\"}", "x is not"},
	    {JWK(",\"x\":\"" X "\""), "neither"},
	    {JWK(",\"alg\":\"HS256\""), "another algorithm"},
	    {JWK(",\"use\":\"enc\""), "signatures"},
	    {JWK(",\"kid\":7"), "kid"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_refused(x, load(x, NULL, cases[i].text), "/public: ", cases[i].words);
}

static void a_ring_keeps_copies(void **state)
{
	struct fixture *x = *state;
	char secret[] = SECRET;
	char id[] = "one";
	struct key key = {KEY_HS256, id, bytes_of(secret, sizeof(secret) - 1), {0}};

	x->keys = keys_new();
	assert_null(keys_at(x->keys, 0));
	keys_add(x->keys, &key);
	keys_add(x->keys, &(struct key){.algorithm = KEY_EDDSA, .id = "two"});
	memset(secret, 'x', sizeof(secret) - 1);
	memset(id, 'x', sizeof(id) - 1);
	assert_string_equal(keys_at(x->keys, 0)->id, "one");
	assert_true(str_eqz(bytes_str(keys_at(x->keys, 0)->secret), SECRET));
	assert_string_equal(keys_at(x->keys, 1)->id, "two");
	keys_free(&x->keys);
	assert_null(x->keys);
	keys_free(&x->keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(no_key_at_all_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_secret_is_the_text_of_its_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_short_secret_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_secret_that_others_can_read_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_missing_file_is_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_public_key_is_no_secret, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_public_key_may_be_pem, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_public_key_may_be_jwk, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(both_kinds_may_stand_together, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(other_files_are_no_public_keys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_ring_keeps_copies, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
