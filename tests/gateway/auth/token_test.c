/* Is it authentic? Form, header, keys and signature; token_claims_test.c goes on from there. */
#include "gateway/auth/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/gateway/auth/forge.h"

static const struct token_rules no_rules = {"", "", 0};

static void tokens_of_another_maker_are_accepted(void **state)
{
	struct forge *f = *state;
	/* Both made by Node's crypto module. */
	static const char eddsa[] =
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJuYW1lIjoi0JDQvdC90LAiLCJpYXQi"
	    "OjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMCwicm9vbXMiOlsic3RhZmYiXX0.d2SFoSUxQP0xzSyaOidrx"
	    "FKmmHRPU6BpBwYSYNquaURozKLC6U1bVZmhCWpaXjRl5RWRGhEhZJigKB22ttvxDQ";
	static const char hs256[] =
	    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOjQyLCJ1c2VybmFtZSI6IkJlbiIsImlhdCI6"
	    "MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwfQ.tOKjPNOL6_5NBy56wkJ9hjEqNKcR0LxHCmNMj8u8i-c";

	assert_int_equal(forge_text_verdict(f, eddsa), TOKEN_OK);
	assert_string_equal(f->claims.user, "u-1");
	assert_string_equal(f->claims.username, "Анна");
	assert_int_equal(f->claims.expires.ms, INT64_C(1700003600000));
	assert_int_equal(f->claims.room_count, 1);
	assert_string_equal(f->claims.rooms[0], "staff");
	assert_int_equal(forge_text_verdict(f, hs256), TOKEN_OK);
	assert_string_equal(f->claims.user, "42");
	assert_string_equal(f->claims.username, "Ben");
	assert_int_equal(f->claims.room_count, 0);
}

/*
 * RFC 7515 appendix A.1. Its claims name no user, so a good signature shows in the verdict: only
 * a token that was verified can be expired or lack its user.
 */
static void the_vector_of_rfc7515_verifies(void **state)
{
	struct forge *f = *state;
	static const char vector[] =
	    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsD"
	    "QogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_"
	    "wW1gFWFOEjXk";
	static const char secret_text[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aK"
					  "tMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
	struct token_rules rules = {"joe", "", 0};
	struct keys *ring = keys_new();
	struct buf secret = {0};

	assert_int_equal(crypto_base64url_decode(str_of(secret_text), &secret), ERR_OK);
	forge_add(ring, &(struct key){.algorithm = KEY_HS256, .secret = buf_bytes(&secret)});
	buf_free(&secret);
	assert_int_equal(forge_text_verdict(f, vector), TOKEN_SIGNATURE);
	assert_int_equal(forge_verify_with(f, ring, &rules, INT64_C(1300819380000)), TOKEN_EXPIRED);
	assert_int_equal(
	    forge_verify_with(f, ring, &rules, INT64_C(1300819379999)), TOKEN_MALFORMED);
	assert_string_equal(f->detail, "userId or sub is no id of a user");
	keys_free(&ring);
}

/* RFC 8037 appendix A.4: the signed text is no claims, which only a verified token can reveal. */
static void the_vector_of_rfc8037_verifies(void **state)
{
	struct forge *f = *state;
	static const char vector[] =
	    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-0"
	    "9PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

	assert_int_equal(forge_text_verdict(f, vector), TOKEN_MALFORMED);
	assert_string_equal(f->detail, "claims are no JSON object");
	*(buf_extend(&f->token, 0) - 3) ^= 1;
	assert_int_equal(forge_verify(f), TOKEN_SIGNATURE);
}

static void no_token_is_missing(void **state)
{
	struct forge *f = *state;
	struct token_claims none;

	assert_int_equal(forge_text_verdict(f, ""), TOKEN_MISSING);
	assert_int_equal(
	    token_verify(f->keys, &no_rules, str_of(NULL), (struct wall){0}, &none, &f->detail),
	    TOKEN_MISSING);
}

static void a_token_has_exactly_three_parts(void **state)
{
	struct forge *f = *state;
	static const char *const cases[] = {".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", " ",
	    "\n", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "eyJhbGciOiJIUzI1NiJ9.e30",
	    "eyJhbGciOiJIUzI1NiJ9.e30.AA=", "eyJhbGciOiJIUzI1NiJ9.e30.AA==",
	    "eyJhbGciOiJIUzI1NiJ9.e30.AAB", "eyJhbGciOiJIUzI1NiJ9.e30.A", "\xff.\xff.\xff",
	    "eyJhbGciOiJIUzI1NiJ9.e30.AAA\xff"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (forge_text_verdict(f, cases[i]) != TOKEN_MALFORMED)
			fail_msg("case %zu: %s", i, f->detail);
	}
	/* Parts that are there and empty are a signature that does not verify. */
	assert_int_equal(forge_text_verdict(f, "eyJhbGciOiJIUzI1NiJ9.."), TOKEN_SIGNATURE);
	assert_int_equal(forge_verdict(f, FORGE_CLAIMS), TOKEN_OK);
	buf_puts(&f->token, STR(".e30"));
	assert_int_equal(forge_verify(f), TOKEN_MALFORMED);
	assert_string_equal(f->detail, "not three parts");
}

static void an_oversized_token_is_not_looked_at(void **state)
{
	struct forge *f = *state;
	char payload[TOKEN_MAX_BYTES];
	size_t largest = 0;

	/* Three bytes of claims are four of token: go up through the limit. */
	for (int pad = 5900; f->token.len <= TOKEN_MAX_BYTES; pad++) {
		snprintf(payload, sizeof(payload),
		    "{\"sub\":\"anna\"," FORGE_TIMES ",\"x\":\"%*s\"}", pad, "");
		if (forge_verdict(f, payload) == TOKEN_OK)
			largest = f->token.len;
	}
	assert_in_range(largest, TOKEN_MAX_BYTES - 2, TOKEN_MAX_BYTES);
	assert_int_equal(forge_verify(f), TOKEN_MALFORMED);
	assert_string_equal(f->detail, "longer than a token may be");
	for (const char *c = "a."; *c; c++) {
		buf_reset(&f->token);
		memset(buf_extend(&f->token, 64 * 1024), *c, 64 * 1024);
		assert_int_equal(forge_verify(f), TOKEN_MALFORMED);
	}
}

static void none_is_no_algorithm(void **state)
{
	struct forge *f = *state;
	static const char *const headers[] = {"{\"alg\":\"none\"}", "{\"alg\":\"None\"}",
	    "{\"alg\":\"\"}", "{\"alg\":null}", "{}", "{\"alg\":[\"HS256\"]}", "{\"alg\":1}"};

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		forge_unsigned(f, headers[i], FORGE_CLAIMS);
		buf_putc(&f->token, '.');
		assert_int_equal(forge_verify(f), TOKEN_MALFORMED);
		assert_int_equal(forge_header_verdict(f, headers[i]), TOKEN_MALFORMED);
	}
	/* The right algorithm without a signature. */
	forge_unsigned(f, FORGE_HS256, FORGE_CLAIMS);
	buf_putc(&f->token, '.');
	assert_int_equal(forge_verify(f), TOKEN_SIGNATURE);
}

static void unknown_algorithms_are_malformed(void **state)
{
	struct forge *f = *state;
	static const char *const names[] = {
	    "HS1", "RS384", "RS512", "ES384", "PS256", "hs256", "EDDSA", "HS256 ", "Ed448"};
	char header[64];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", names[i]);
		assert_int_equal(forge_header_verdict(f, header), TOKEN_MALFORMED);
	}
}

/* The public key is known to all; a MAC made with it must not pass for a signature. */
static void a_public_key_is_never_a_secret(void **state)
{
	struct forge *f = *state;
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
				  "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
				  "-----END PUBLIC KEY-----\n";
	struct keys *ring = keys_new();
	const struct key *ed = keys_at(f->keys, 1);

	forge_add(ring, ed);
	forge_hs256(f, FORGE_HS256, FORGE_CLAIMS, forge_bytes(pem));
	assert_int_equal(forge_verify_with(f, ring, &no_rules, FORGE_NOW), TOKEN_SIGNATURE);
	forge_hs256(f, FORGE_HS256, FORGE_CLAIMS, bytes_of(ed->public_key, sizeof(ed->public_key)));
	assert_int_equal(forge_verify_with(f, ring, &no_rules, FORGE_NOW), TOKEN_SIGNATURE);
	/* An empty secret, as a careless implementation would have for that key. */
	forge_hs256(f, FORGE_HS256, FORGE_CLAIMS, forge_bytes(""));
	assert_int_equal(forge_verify_with(f, ring, &no_rules, FORGE_NOW), TOKEN_SIGNATURE);
	forge_hs256(f, FORGE_EDDSA, FORGE_CLAIMS, bytes_of(ed->public_key, sizeof(ed->public_key)));
	assert_int_equal(forge_verify_with(f, ring, &no_rules, FORGE_NOW), TOKEN_SIGNATURE);
	keys_free(&ring);
}

static void a_header_agrees_with_the_key(void **state)
{
	struct forge *f = *state;

	forge_eddsa(f, FORGE_HS256, FORGE_CLAIMS);
	assert_int_equal(forge_verify(f), TOKEN_SIGNATURE);
	forge_hs256(f, FORGE_EDDSA, FORGE_CLAIMS, forge_bytes(FORGE_SECRET));
	assert_int_equal(forge_verify(f), TOKEN_SIGNATURE);
	forge_eddsa(f, FORGE_EDDSA, FORGE_CLAIMS);
	assert_int_equal(forge_verify(f), TOKEN_OK);
}

static void no_key_accepts_nothing(void **state)
{
	struct forge *f = *state;
	struct keys *ring = keys_new();

	forge_hs256(f, FORGE_HS256, FORGE_CLAIMS, forge_bytes(""));
	assert_int_equal(forge_verify_with(f, ring, &no_rules, FORGE_NOW), TOKEN_SIGNATURE);
	assert_string_equal(f->detail, "no key fits alg and kid");
	keys_free(&ring);
}

/* One ring for the tests of kid: "a" and "b" are secrets, "e" is the Ed25519 key. */
static struct keys *named_ring(const struct forge *f)
{
	struct keys *ring = keys_new();
	struct key ed = *keys_at(f->keys, 1);

	ed.id = "e";
	forge_add(ring,
	    &(struct key){.algorithm = KEY_HS256, .id = "a", .secret = forge_bytes("secret of a")});
	forge_add(ring,
	    &(struct key){.algorithm = KEY_HS256, .id = "b", .secret = forge_bytes("secret of b")});
	forge_add(ring, &ed);
	return ring;
}

static void a_kid_that_is_known_names_the_only_key(void **state)
{
	struct forge *f = *state;
	static const struct {
		const char *header, *secret;
		enum token_verdict verdict;
	} cases[] = {
	    {"{\"alg\":\"HS256\",\"kid\":\"a\"}", "secret of a", TOKEN_OK},
	    {"{\"alg\":\"HS256\",\"kid\":\"b\"}", "secret of b", TOKEN_OK},
	    {"{\"alg\":\"HS256\",\"kid\":\"a\"}", "secret of b", TOKEN_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":\"b\"}", "secret of a", TOKEN_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":\"e\"}", "secret of a", TOKEN_SIGNATURE},
	    {"{\"alg\":\"EdDSA\",\"kid\":\"a\"}", "secret of a", TOKEN_SIGNATURE},
	    {"{\"alg\":\"HS256\"}", "secret of b", TOKEN_OK},
	    {"{\"alg\":\"HS256\",\"kid\":\"z\"}", "secret of b", TOKEN_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":\"z\"}", "secret of c", TOKEN_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":\"\"}", "secret of b", TOKEN_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":null}", "secret of b", TOKEN_MALFORMED},
	    {"{\"alg\":\"HS256\",\"kid\":1}", "secret of b", TOKEN_MALFORMED},
	};
	struct keys *ring = named_ring(f);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		forge_hs256(f, cases[i].header, FORGE_CLAIMS, forge_bytes(cases[i].secret));
		assert_int_equal(
		    forge_verify_with(f, ring, &no_rules, FORGE_NOW), cases[i].verdict);
	}
	forge_eddsa(f, "{\"alg\":\"EdDSA\",\"kid\":\"e\"}", FORGE_CLAIMS);
	assert_int_equal(forge_verify_with(f, ring, &no_rules, FORGE_NOW), TOKEN_OK);
	keys_free(&ring);
}

static void header_faults_are_malformed(void **state)
{
	struct forge *f = *state;
	static const char *const headers[] = {
	    "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
	    "{\"alg\":\"HS256\",\"crit\":[]}",
	    "{\"alg\":\"HS256\",\"crit\":null}",
	    "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
	    "{\"alg\":\"none\",\"alg\":\"HS256\"}",
	    "{\"alg\":\"HS256\"} ",
	    "{\"alg\":\"HS256\"}x",
	    "{\"alg\":\"HS256\"",
	    "[\"HS256\"]",
	    "\"HS256\"",
	    "",
	    "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
	};

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		bool is_spaced = i == 5; /* white space around JSON is JSON */

		assert_int_equal(
		    forge_header_verdict(f, headers[i]), is_spaced ? TOKEN_OK : TOKEN_MALFORMED);
	}
}

static void a_flipped_bit_is_refused_wherever_it_is(void **state)
{
	struct forge *f = *state;

	for (int round = 0; round < 2; round++) {
		if (round)
			forge_eddsa(f, FORGE_EDDSA, FORGE_CLAIMS);
		else
			forge_hs256(f, FORGE_HS256, FORGE_CLAIMS, forge_bytes(FORGE_SECRET));
		assert_int_equal(forge_verify(f), TOKEN_OK);
		uint8_t *text = buf_extend(&f->token, 0) - f->token.len;

		for (size_t bit = 0; bit < 8 * f->token.len; bit++) {
			text[bit / 8] ^= (uint8_t)(1 << bit % 8);
			enum token_verdict v = forge_verify(f);

			if (v != TOKEN_MALFORMED && v != TOKEN_SIGNATURE)
				fail_msg("bit %zu flipped: verdict %d", bit, v);
			text[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void a_cut_token_is_refused_wherever_it_is_cut(void **state)
{
	struct forge *f = *state;

	forge_eddsa(f, FORGE_EDDSA, FORGE_CLAIMS);
	assert_int_equal(forge_verify(f), TOKEN_OK);
	while (f->token.len > 0) {
		buf_truncate(&f->token, f->token.len - 1);
		assert_int_not_equal(forge_verify(f), TOKEN_OK);
	}
}

/* Deep nesting must not exhaust the stack, in the header nobody has vouched for least of all. */
static void deep_nesting_is_refused(void **state)
{
	struct forge *f = *state;
	char deep[6001];

	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	forge_unsigned(f, deep, "{}");
	buf_puts(&f->token, STR(".AAAA"));
	assert_int_equal(forge_verify(f), TOKEN_MALFORMED);
	assert_string_equal(f->detail, "header is no base64url of a JSON object");
}

static void every_verdict_has_its_code(void **state)
{
	static const char *const codes[] = {"", "token_missing", "token_malformed",
	    "token_signature", "token_expired", "token_not_yet_valid", "token_audience",
	    "token_issuer"};

	(void)state;
	assert_int_equal(ARRAY_LEN(codes), TOKEN_VERDICTS);
	for (unsigned v = 0; v < TOKEN_VERDICTS; v++)
		assert_string_equal(token_verdict_code((enum token_verdict)v), codes[v]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FORGE_TEST(tokens_of_another_maker_are_accepted),
	    FORGE_TEST(the_vector_of_rfc7515_verifies),
	    FORGE_TEST(the_vector_of_rfc8037_verifies),
	    FORGE_TEST(no_token_is_missing),
	    FORGE_TEST(a_token_has_exactly_three_parts),
	    FORGE_TEST(an_oversized_token_is_not_looked_at),
	    FORGE_TEST(none_is_no_algorithm),
	    FORGE_TEST(unknown_algorithms_are_malformed),
	    FORGE_TEST(a_public_key_is_never_a_secret),
	    FORGE_TEST(a_header_agrees_with_the_key),
	    FORGE_TEST(no_key_accepts_nothing),
	    FORGE_TEST(a_kid_that_is_known_names_the_only_key),
	    FORGE_TEST(header_faults_are_malformed),
	    FORGE_TEST(a_flipped_bit_is_refused_wherever_it_is),
	    FORGE_TEST(a_cut_token_is_refused_wherever_it_is_cut),
	    FORGE_TEST(deep_nesting_is_refused),
	    FORGE_TEST(every_verdict_has_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
