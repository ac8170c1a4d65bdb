/* What is minted must be accepted: checked with the gateway's own verifier. */
#include "broker/cli/mint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/crypto.h"
#include "gateway/auth/keydoc.h"
#include "gateway/auth/token.h"
#include "tests/common/tempdir.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define PRIVATE_PEM                                                          \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"
#define PUBLIC_PEM                                                       \
	"-----BEGIN PUBLIC KEY-----\n"                                   \
	"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" \
	"-----END PUBLIC KEY-----\n"
#define D "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""
#define X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\","

static const struct wall now = {INT64_C(1700000000750)};

struct fixture {
	struct tempdir *dir;
	struct mint_order order; /* good; a test changes what it is about */
	struct keys *keys;       /* what the gateway checks with */
	struct buf token;
	struct token_claims claims;
	struct wall expires;
	char why[KEYFILE_WHY_SIZE];
};

_Static_assert((int)MINT_MAX_BYTES == (int)TOKEN_MAX_BYTES, "what is minted is looked at");

static int set_up(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));

	x->dir = tempdir_new();
	x->order =
	    (struct mint_order){.user = "u-1", .username = "Анна", .now = now, .lifetime_s = 3600};
	*state = x;
	return crypto_init();
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	tempdir_free(&x->dir);
	keys_free(&x->keys);
	buf_free(&x->token);
	token_claims_free(&x->claims);
	free(x);
	return frame_live() != 0;
}

static const char *write_file(struct fixture *x, const char *name, const char *text)
{
	return tempdir_write(x->dir, name, text, strlen(text), 0600);
}

static void mint(struct fixture *x, const char *key)
{
	x->order.key_file = write_file(x, "sign", key);
	buf_reset(&x->token);
	if (mint_token(&x->order, &x->token, &x->expires, x->why))
		fail_msg("%s", x->why);
}

/* The gateway is given one of the two, "" = not. */
static void load_keys(struct fixture *x, const char *secret, const char *public)
{
	const struct keydoc doc = {.name = "public", .algorithms = ALGORITHMS_ALL};
	struct keydoc_found found;
	char why[KEYDOC_WHY_SIZE];

	keys_free(&x->keys);
	x->keys = keys_new();
	if (secret[0])
		assert_int_equal(keys_add(x->keys, &(struct key){.algorithm = KEY_HS256,
						       .secret = str_bytes(str_of(secret))}),
		    ERR_OK);
	if (public[0])
		assert_int_equal(keydoc_read(&doc, str_of(public), x->keys, &found, why), ERR_OK);
}

static enum token_verdict verify(struct fixture *x, struct wall at, const struct token_rules *rules)
{
	const char *detail;
	static const struct token_rules none = {"", "", 0};

	token_claims_free(&x->claims);
	return token_verify(
	    x->keys, rules ? rules : &none, buf_str(&x->token), at, &x->claims, &detail);
}

static void assert_claims(const struct fixture *x)
{
	assert_string_equal(x->claims.user, "u-1");
	assert_string_equal(x->claims.username, "Анна");
	assert_int_equal(x->claims.expires.ms, INT64_C(1700003600000));
	assert_int_equal(x->claims.expires.ms, x->expires.ms);
}

static void a_token_may_have_an_id(void **state)
{
	struct fixture *x = *state;

	load_keys(x, SECRET, "");
	mint(x, SECRET);
	assert_int_equal(verify(x, now, NULL), TOKEN_OK);
	assert_null(x->claims.id);
	assert_int_equal(x->claims.issued.ms, now.ms / 1000 * 1000);
	x->order.id = "t-1";
	mint(x, SECRET);
	assert_int_equal(verify(x, now, NULL), TOKEN_OK);
	assert_string_equal(x->claims.id, "t-1");
}

static void a_secret_mints_hs256(void **state)
{
	struct fixture *x = *state;

	mint(x, SECRET "\n");
	load_keys(x, SECRET, "");
	assert_int_equal(verify(x, now, NULL), TOKEN_OK);
	assert_claims(x);
	load_keys(x, SECRET "x", "");
	assert_int_equal(verify(x, now, NULL), TOKEN_SIGNATURE);
}

static void a_pem_key_mints_eddsa(void **state)
{
	struct fixture *x = *state;

	mint(x, PRIVATE_PEM);
	load_keys(x, "", PUBLIC_PEM);
	assert_int_equal(verify(x, now, NULL), TOKEN_OK);
	assert_claims(x);
}

static void a_jwk_mints_eddsa_with_its_kid(void **state)
{
	struct fixture *x = *state;

	load_keys(x, "", "{" OKP X ",\"kid\":\"k1\"}");
	mint(x, "{" OKP X "," D ",\"kid\":\"k1\"}");
	assert_int_equal(verify(x, now, NULL), TOKEN_OK);
	assert_claims(x);
	size_t with_kid = x->token.len;

	mint(x, "{" OKP X "," D "}");
	assert_int_equal(verify(x, now, NULL), TOKEN_OK);
	assert_true(x->token.len < with_kid);
}

static void a_token_is_valid_for_its_time(void **state)
{
	struct fixture *x = *state;

	mint(x, SECRET);
	load_keys(x, SECRET, "");
	assert_int_equal(
	    verify(x, (struct wall){INT64_C(1699999999999)}, NULL), TOKEN_NOT_YET_VALID);
	assert_int_equal(verify(x, (struct wall){INT64_C(1700000000000)}, NULL), TOKEN_OK);
	assert_int_equal(verify(x, (struct wall){INT64_C(1700003599999)}, NULL), TOKEN_OK);
	assert_int_equal(verify(x, (struct wall){INT64_C(1700003600000)}, NULL), TOKEN_EXPIRED);
}

static void rooms_issuer_and_audience_are_claims(void **state)
{
	struct fixture *x = *state;
	struct token_rules rules = {"shop", "chat", 0};

	load_keys(x, SECRET, "");
	mint(x, SECRET);
	assert_int_equal(verify(x, now, &rules), TOKEN_ISSUER);
	x->order.issuer = "shop";
	mint(x, SECRET);
	assert_int_equal(verify(x, now, &rules), TOKEN_AUDIENCE);
	x->order.audience = "chat";
	x->order.rooms = (const char *const[]){"staff", "Комната \"1\""};
	x->order.room_count = 2;
	mint(x, SECRET);
	assert_int_equal(verify(x, now, &rules), TOKEN_OK);
	assert_int_equal(x->claims.room_count, 2);
	assert_string_equal(x->claims.rooms[0], "staff");
	assert_string_equal(x->claims.rooms[1], "Комната \"1\"");
}

static void a_token_is_appended(void **state)
{
	struct fixture *x = *state;

	x->order.key_file = write_file(x, "sign", SECRET);
	buf_puts(&x->token, STR("Bearer "));
	assert_int_equal(mint_token(&x->order, &x->token, &x->expires, x->why), ERR_OK);
	assert_true(str_has_prefix(buf_str(&x->token), STR("Bearer eyJ")));
}

static void assert_refused(struct fixture *x, const char *key, enum err e, const char *words)
{
	x->order.key_file = write_file(x, "sign", key);
	buf_reset(&x->token);
	assert_int_equal(mint_token(&x->order, &x->token, &x->expires, x->why), e);
	if (!strstr(x->why, words))
		fail_msg("\"%s\" says nothing of \"%s\"", x->why, words);
	assert_int_equal(x->token.len, 0);
	assert_int_equal(x->expires.ms, 0);
}

static void what_cannot_sign_is_refused(void **state)
{
	static const char *const cases[][2] = {
	    {"0123456789abcdef0123456789abcde", "at least 32 bytes"},
	    {PUBLIC_PEM, "not one PEM block PRIVATE KEY"},
	    {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
		"not one PEM block PRIVATE KEY"},
	    {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "not an Ed25519 key"},
	    {"{" OKP X "}", "no private key"},
	    {"{" OKP X ",\"d\":\"AAAA\"}", "no private key"},
	    {"{" OKP X ",\"d\":7}", "no private key"},
	    {"{" OKP D "}", "not one pair"},
	    {"{" OKP D ",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", "not one pair"},
	    {"{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
		"not an Ed25519 key"},
	    {"{\"kty\":\"OKP\",\"crv\":\"X25519\"," X "," D "}", "not an Ed25519 key"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_refused(*state, cases[i][0], ERR_INVALID, cases[i][1]);
}

static void a_key_file_is_read_with_care(void **state)
{
	struct fixture *x = *state;

	x->order.key_file = tempdir_write(x->dir, "open", SECRET, strlen(SECRET), 0644);
	assert_int_equal(mint_token(&x->order, &x->token, &x->expires, x->why), ERR_DENIED);
	x->order.key_file = "/nowhere/token.key";
	assert_int_equal(mint_token(&x->order, &x->token, &x->expires, x->why), ERR_NOT_FOUND);
	assert_non_null(strstr(x->why, "/nowhere/token.key"));
	assert_refused(x, "\n", ERR_INVALID, "empty");
}

static void no_token_is_too_long_for_a_gateway(void **state)
{
	struct fixture *x = *state;
	const char *rooms[64];
	char name[129] = {0};

	memset(name, 'r', sizeof(name) - 1);
	for (size_t i = 0; i < ARRAY_LEN(rooms); i++)
		rooms[i] = name;
	x->order.rooms = rooms;
	x->order.room_count = ARRAY_LEN(rooms);
	assert_refused(x, SECRET, ERR_TOO_BIG, "fewer rooms");
	x->order.room_count = 40;
	mint(x, SECRET);
	load_keys(x, SECRET, "");
	assert_int_equal(verify(x, now, NULL), TOKEN_OK);
	assert_int_equal(x->claims.room_count, 40);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
	struct fixture *x = *state;

	x->order.username = "\xff";
	assert_refused(x, SECRET, ERR_INVALID, "not UTF-8");
	x->order.username = "n";
	x->order.rooms = (const char *const[]){"\xff"};
	x->order.room_count = 1;
	assert_refused(x, SECRET, ERR_INVALID, "not UTF-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_token_may_have_an_id, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_secret_mints_hs256, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_pem_key_mints_eddsa, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_jwk_mints_eddsa_with_its_kid, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_token_is_valid_for_its_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		rooms_issuer_and_audience_are_claims, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_token_is_appended, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_cannot_sign_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_key_file_is_read_with_care, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_token_is_too_long_for_a_gateway, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(text_that_is_not_utf8_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
