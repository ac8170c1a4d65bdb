/* What an authentic token says: times, issuer, audience, user, rooms. */
#include "gateway/auth/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "tests/gateway/auth/forge.h"

static void claims_are_one_json_object(void **state)
{
	struct forge *f = *state;
	static const char *const payloads[] = {
	    "",
	    "null",
	    "[]",
	    "\"" FORGE_CLAIMS "\"",
	    FORGE_CLAIMS "x",
	    FORGE_CLAIMS FORGE_CLAIMS,
	    "{\"sub\":\"anna\",\"sub\":\"ben\"," FORGE_TIMES "}",
	    "{\"sub\":\"anna\",\"exp\":1,\"exp\":1700003600}",
	    "{\"sub\":\"anna\"," FORGE_TIMES ",\"x\":{\"y\":1,\"y\":2}}",
	    "{\"sub\":\"an\\u0000na\"," FORGE_TIMES "}",
	    "{\"sub\":\"\xc3\x28\"," FORGE_TIMES "}",
	    "{\"sub\":\"\xed\xa0\x80\"," FORGE_TIMES "}",
	    "{\"sub\":\"\\ud83d\"," FORGE_TIMES "}",
	    "{\"sub\":\"anna\",\"exp\":1700003600,}",
	};

	assert_int_equal(forge_verdict(f, FORGE_CLAIMS), TOKEN_OK);
	for (size_t i = 0; i < ARRAY_LEN(payloads); i++)
		assert_int_equal(forge_verdict(f, payloads[i]), TOKEN_MALFORMED);
}

static void a_token_without_end_is_malformed(void **state)
{
	struct forge *f = *state;
	static const char *const payloads[] = {
	    "{\"sub\":\"anna\"}",
	    "{\"sub\":\"anna\",\"exp\":\"1700003600\"}",
	    "{\"sub\":\"anna\",\"exp\":null}",
	    "{\"sub\":\"anna\",\"exp\":true}",
	    "{\"sub\":\"anna\",\"exp\":1e999}",
	    "{\"sub\":\"anna\",\"exp\":99999999999999999999}",
	    "{\"sub\":\"anna\",\"exp\":1700003600,\"nbf\":\"1\"}",
	    "{\"sub\":\"anna\",\"exp\":1700003600,\"iat\":\"1\"}",
	};

	for (size_t i = 0; i < ARRAY_LEN(payloads); i++)
		assert_int_equal(forge_verdict(f, payloads[i]), TOKEN_MALFORMED);
}

/* Times with a leeway of two seconds, at the ms where the verdict changes. */
static void times_are_kept_to_the_millisecond(void **state)
{
	struct forge *f = *state;
	static const struct {
		const char *payload;
		int64_t now;
		enum token_verdict verdict;
	} cases[] = {
	    {"{\"sub\":\"a\",\"exp\":1000}", 1001999, TOKEN_OK},
	    {"{\"sub\":\"a\",\"exp\":1000}", 1002000, TOKEN_EXPIRED},
	    {"{\"sub\":\"a\",\"exp\":1000.5}", 1002499, TOKEN_OK},
	    {"{\"sub\":\"a\",\"exp\":1000.5}", 1002500, TOKEN_EXPIRED},
	    {"{\"sub\":\"a\",\"exp\":1e3}", 1001999, TOKEN_OK},
	    {"{\"sub\":\"a\",\"exp\":0}", 1, TOKEN_OK},
	    {"{\"sub\":\"a\",\"exp\":-5}", 1, TOKEN_EXPIRED},
	    {"{\"sub\":\"a\",\"exp\":-9223372036854775808}", 1, TOKEN_EXPIRED},
	    {"{\"sub\":\"a\",\"exp\":9223372036854775807}", INT64_C(1700000000000), TOKEN_OK},
	    {"{\"sub\":\"a\",\"exp\":1e300}", INT64_C(1700000000000), TOKEN_OK},
	    {"{\"sub\":\"a\",\"exp\":9000,\"nbf\":1000}", 998000, TOKEN_OK},
	    {"{\"sub\":\"a\",\"exp\":9000,\"nbf\":1000}", 997999, TOKEN_NOT_YET_VALID},
	    {"{\"sub\":\"a\",\"exp\":9000,\"nbf\":1000.25}", 998249, TOKEN_NOT_YET_VALID},
	    {"{\"sub\":\"a\",\"exp\":9000,\"nbf\":9223372036854775807}", 0, TOKEN_NOT_YET_VALID},
	    {"{\"sub\":\"a\",\"exp\":9000,\"iat\":1000}", 998000, TOKEN_OK},
	    {"{\"sub\":\"a\",\"exp\":9000,\"iat\":1000}", 997999, TOKEN_NOT_YET_VALID},
	    {"{\"sub\":\"a\",\"exp\":1000,\"nbf\":5000}", 1003000, TOKEN_EXPIRED},
	};
	struct token_rules rules = {"", "", 2000};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		forge_hs256(f, FORGE_HS256, cases[i].payload, forge_bytes(FORGE_SECRET));
		enum token_verdict v = forge_verify_with(f, f->keys, &rules, cases[i].now);

		if (v != cases[i].verdict)
			fail_msg(
			    "%s at %jd: %s", cases[i].payload, (intmax_t)cases[i].now, f->detail);
	}
	/* A leeway without bound accepts all times and overflows nothing. */
	rules.leeway_ms = UINT64_MAX;
	forge_hs256(f, FORGE_HS256, cases[7].payload, forge_bytes(FORGE_SECRET));
	assert_int_equal(forge_verify_with(f, f->keys, &rules, -1), TOKEN_OK);
	forge_hs256(f, FORGE_HS256, cases[13].payload, forge_bytes(FORGE_SECRET));
	assert_int_equal(forge_verify_with(f, f->keys, &rules, 0), TOKEN_OK);
}

static void issuer_and_audience_are_checked_when_asked_for(void **state)
{
	struct forge *f = *state;
	static const struct {
		const char *more;
		enum token_verdict verdict;
	} cases[] = {
	    {"\"iss\":\"shop\",\"aud\":\"chat\"", TOKEN_OK},
	    {"\"iss\":\"shop\",\"aud\":[\"mail\",\"chat\"]", TOKEN_OK},
	    {"\"iss\":\"shop\",\"aud\":[1,\"chat\"]", TOKEN_OK},
	    {"\"iss\":\"shop\"", TOKEN_AUDIENCE},
	    {"\"iss\":\"shop\",\"aud\":\"mail\"", TOKEN_AUDIENCE},
	    {"\"iss\":\"shop\",\"aud\":\"\"", TOKEN_AUDIENCE},
	    {"\"iss\":\"shop\",\"aud\":\"chat2\"", TOKEN_AUDIENCE},
	    {"\"iss\":\"shop\",\"aud\":[]", TOKEN_AUDIENCE},
	    {"\"iss\":\"shop\",\"aud\":[\"mail\"]", TOKEN_AUDIENCE},
	    {"\"iss\":\"shop\",\"aud\":{\"chat\":1}", TOKEN_AUDIENCE},
	    {"\"aud\":\"chat\"", TOKEN_ISSUER},
	    {"\"iss\":\"shop2\",\"aud\":\"chat\"", TOKEN_ISSUER},
	    {"\"iss\":[\"shop\"],\"aud\":\"chat\"", TOKEN_ISSUER},
	    {"\"iss\":null,\"aud\":\"mail\"", TOKEN_ISSUER},
	};
	struct token_rules rules = {"shop", "chat", 0};
	char payload[200];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(payload, sizeof(payload), "{\"sub\":\"anna\"," FORGE_TIMES ",%s}",
		    cases[i].more);
		assert_int_equal(
		    forge_verdict(f, payload), TOKEN_OK); /* with no rules any will do */
		enum token_verdict v = forge_verify_with(f, f->keys, &rules, FORGE_NOW);

		if (v != cases[i].verdict)
			fail_msg("%s: %s", cases[i].more, f->detail);
	}
}

/* user NULL: the token is malformed. */
static void the_user_is_read_from_either_claim(void **state)
{
	struct forge *f = *state;
	static const struct {
		const char *more, *user, *username;
	} cases[] = {
	    {"\"sub\":\"anna\"", "anna", "anna"},
	    {"\"userId\":\"7\",\"sub\":\"anna\"", "7", "7"},
	    {"\"sub\":\"anna\",\"name\":\"Anna K\"", "anna", "Anna K"},
	    {"\"sub\":\"anna\",\"name\":\"Anna K\",\"username\":\"ak\"", "anna", "ak"},
	    {"\"sub\":\"anna\",\"name\":\"Anna K\",\"username\":\"\"", "anna", "Anna K"},
	    {"\"sub\":\"anna\",\"name\":null,\"username\":\"\"", "anna", "anna"},
	    {"\"sub\":\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	    {"\"sub\":\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	    {"\"userId\":42", "42", "42"},
	    {"\"userId\":-1", "-1", "-1"},
	    {"\"userId\":9223372036854775807", "9223372036854775807", "9223372036854775807"},
	    {"\"userId\":42.0", "42", "42"},
	    {"\"userId\":4.2e1", "42", "42"},
	    {"\"userId\":-0.0", "0", "0"},
	    {"\"userId\":4.25", NULL, NULL},
	    {"\"userId\":1e300", NULL, NULL},
	    {"\"userId\":9007199254740993.0", NULL, NULL},
	    {"\"userId\":\"\",\"sub\":\"anna\"", NULL, NULL},
	    {"\"userId\":null,\"sub\":\"anna\"", NULL, NULL},
	    {"\"userId\":true,\"sub\":\"anna\"", NULL, NULL},
	    {"\"userId\":[\"anna\"]", NULL, NULL},
	    {"\"sub\":\"\"", NULL, NULL},
	    {"\"name\":\"Anna\"", NULL, NULL},
	    {"\"sub\":\"anna\",\"username\":7", NULL, NULL},
	    {"\"sub\":\"anna\",\"name\":{}", NULL, NULL},
	};
	char payload[200];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(payload, sizeof(payload), "{" FORGE_TIMES ",%s}", cases[i].more);
		enum token_verdict v = forge_verdict(f, payload);

		if (v != (cases[i].user ? TOKEN_OK : TOKEN_MALFORMED))
			fail_msg("%s: %s", cases[i].more, f->detail);
		if (cases[i].user) {
			assert_string_equal(f->claims.user, cases[i].user);
			assert_string_equal(f->claims.username, cases[i].username);
		}
	}
}

static void texts_end_at_their_limits(void **state)
{
	struct forge *f = *state;
	static const struct {
		const char *format;
		int max;
	} cases[] = {
	    {"{" FORGE_TIMES ",\"userId\":\"%0*d\"}", LIMIT_USER},
	    {"{" FORGE_TIMES ",\"sub\":\"%0*d\"}", LIMIT_USER},
	    {"{" FORGE_TIMES ",\"sub\":\"a\",\"username\":\"%0*d\"}", LIMIT_USERNAME},
	    {"{" FORGE_TIMES ",\"sub\":\"a\",\"name\":\"%0*d\"}", LIMIT_USERNAME},
	    {"{" FORGE_TIMES ",\"sub\":\"a\",\"rooms\":[\"b\",\"%0*d\"]}", LIMIT_ROOM},
	};
	char payload[600];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* The undefined-behaviour sanitizer makes gcc see a null that cannot be. */
#pragma GCC diagnostic ignored "-Wformat-truncation"
		snprintf(payload, sizeof(payload), cases[i].format, cases[i].max, 0);
		assert_int_equal(forge_verdict(f, payload), TOKEN_OK);
		snprintf(payload, sizeof(payload), cases[i].format, cases[i].max + 1, 0);
#pragma GCC diagnostic pop
		assert_int_equal(forge_verdict(f, payload), TOKEN_MALFORMED);
	}
}

static void rooms_are_an_array_of_names(void **state)
{
	struct forge *f = *state;
	static const char *const bad[] = {
	    "\"staff\"", "{}", "null", "[1]", "[\"\"]", "[\"staff\",null]", "[[\"staff\"]]"};
	char payload[200];

	assert_int_equal(
	    forge_verdict(f, "{\"sub\":\"a\"," FORGE_TIMES ",\"rooms\":[\"staff\",\"b:1\"]}"),
	    TOKEN_OK);
	assert_int_equal(f->claims.room_count, 2);
	assert_string_equal(f->claims.rooms[0], "staff");
	assert_string_equal(f->claims.rooms[1], "b:1");
	assert_int_equal(
	    forge_verdict(f, "{\"sub\":\"a\"," FORGE_TIMES ",\"rooms\":[]}"), TOKEN_OK);
	assert_int_equal(f->claims.room_count, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(payload, sizeof(payload), "{\"sub\":\"a\"," FORGE_TIMES ",\"rooms\":%s}",
		    bad[i]);
		assert_int_equal(forge_verdict(f, payload), TOKEN_MALFORMED);
	}
}

static void rooms_have_a_bound(void **state)
{
	struct forge *f = *state;
	struct buf payload = {0};

	for (unsigned count = LIMIT_ROOMS_PER_SOCKET; count <= LIMIT_ROOMS_PER_SOCKET + 1;
	     count++) {
		buf_reset(&payload);
		buf_puts(&payload, STR("{\"sub\":\"a\"," FORGE_TIMES ",\"rooms\":[\"r\""));
		for (unsigned i = 1; i < count; i++)
			buf_puts(&payload, STR(",\"r\""));
		buf_puts(&payload, STR("]}"));
		buf_putc(&payload, '\0');
		enum token_verdict v = forge_verdict(f, buf_str(&payload).p);

		assert_int_equal(v, count > LIMIT_ROOMS_PER_SOCKET ? TOKEN_MALFORMED : TOKEN_OK);
	}
	buf_free(&payload);
}

static void a_guest_has_an_id_and_nothing_else(void **state)
{
	struct token_claims claims;

	(void)state;
	token_claims_guest(STR("abc"), &claims);
	assert_string_equal(claims.user, "guest:abc");
	assert_string_equal(claims.username, "guest:abc");
	assert_int_equal(claims.room_count, 0);
	token_claims_free(&claims);
}

static void a_token_may_have_an_id(void **state)
{
	struct forge *f = *state;
	static const char *const bad[] = {"7", "null", "\"\"", "[\"a\"]", "{}"};
	char payload[LIMIT_TOKEN_ID + 100];

	assert_int_equal(forge_verdict(f, FORGE_CLAIMS), TOKEN_OK);
	assert_null(f->claims.id);
	assert_int_equal(f->claims.issued.ms, FORGE_NOW);
	for (int extra = 0; extra < 2; extra++) {
		snprintf(payload, sizeof(payload),
		    "{\"sub\":\"a\"," FORGE_TIMES ",\"jti\":\"%0*d\"}", LIMIT_TOKEN_ID + extra, 1);
		assert_int_equal(forge_verdict(f, payload), extra ? TOKEN_MALFORMED : TOKEN_OK);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(
		    payload, sizeof(payload), "{\"sub\":\"a\"," FORGE_TIMES ",\"jti\":%s}", bad[i]);
		assert_int_equal(forge_verdict(f, payload), TOKEN_MALFORMED);
	}
	assert_int_equal(
	    forge_verdict(f, "{\"sub\":\"a\"," FORGE_TIMES ",\"jti\":\"a\",\"jti\":\"b\"}"),
	    TOKEN_MALFORMED);
	assert_int_equal(forge_verdict(f, "{\"sub\":\"a\",\"exp\":1700003600}"), TOKEN_OK);
	assert_int_equal(f->claims.issued.ms, 0);
}

/* We may have many names; one of them is enough, and half of one is none. */
static void one_of_many_audiences_is_enough(void **state)
{
	struct forge *f = *state;
	struct token_rules rules = {"", "chat, mobile https://a.example/", 0};
	static const struct {
		const char *aud;
		enum token_verdict verdict;
	} cases[] = {
	    {"\"chat\"", TOKEN_OK},
	    {"\"mobile\"", TOKEN_OK},
	    {"[\"x\",\"https://a.example/\"]", TOKEN_OK},
	    {"\"chat, mobile\"", TOKEN_AUDIENCE},
	    {"\"cha\"", TOKEN_AUDIENCE},
	    {"\"\"", TOKEN_AUDIENCE},
	    {"[]", TOKEN_AUDIENCE},
	    {"[7,null]", TOKEN_AUDIENCE},
	    {"{\"chat\":1}", TOKEN_AUDIENCE},
	};
	char payload[200];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(payload, sizeof(payload), "{\"sub\":\"a\"," FORGE_TIMES ",\"aud\":%s}",
		    cases[i].aud);
		forge_hs256(f, FORGE_HS256, payload, forge_bytes(FORGE_SECRET));
		if (forge_verify_with(f, f->keys, &rules, FORGE_NOW) != cases[i].verdict)
			fail_msg("%s", cases[i].aud);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FORGE_TEST(claims_are_one_json_object),
	    FORGE_TEST(a_token_without_end_is_malformed),
	    FORGE_TEST(times_are_kept_to_the_millisecond),
	    FORGE_TEST(issuer_and_audience_are_checked_when_asked_for),
	    FORGE_TEST(the_user_is_read_from_either_claim),
	    FORGE_TEST(texts_end_at_their_limits),
	    FORGE_TEST(rooms_are_an_array_of_names),
	    FORGE_TEST(rooms_have_a_bound),
	    FORGE_TEST(a_guest_has_an_id_and_nothing_else),
	    FORGE_TEST(a_token_may_have_an_id),
	    FORGE_TEST(one_of_many_audiences_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
