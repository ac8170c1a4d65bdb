/* Every algorithm, every confusion of one key with another, and keys that come and go. */
#include "gateway/auth/token.h"

#include "tests/check.h"
#include "tests/gateway/auth/forge.h"
#include "tests/gateway/auth/keysmith.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_SECRET FORGE_SECRET " and long enough for the longest of the hashes"

static const struct token_rules no_rules = {"", "", 0};

/* One key of each algorithm, public where there is a public half; `pem` and `jwk` are its text. */
struct kit {
	struct keysmith *smiths[KEY_ALGORITHMS];
	struct buf pem[KEY_ALGORITHMS];
	struct keys *ring; /* a key each, in the order of the algorithms, without kid */
};

static struct evp_key *evp_of(const struct keysmith *smith, struct buf *pem)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	struct buf der = {0};
	struct evp_key *key;
	const char *fault;

	keysmith_put_pem(smith, pem);
	struct str text = buf_str(pem);
	const char *end = memmem(text.p, text.len, "-----END", 8);
	struct str body = {
	    text.p + sizeof(begin) - 1, (size_t)(end - text.p) - (sizeof(begin) - 1)};

	assert_int_equal(crypto_base64_decode(body, &der), ERR_OK);
	assert_int_equal(evp_key_read(buf_bytes(&der), &key, &fault), ERR_OK);
	buf_free(&der);
	return key;
}

static struct key key_of(struct forge *f, struct kit *kit, enum key_algorithm a)
{
	struct key key = {.algorithm = a};

	if (a == KEY_EDDSA)
		key = *keys_at(f->keys, 1);
	else if (kit->smiths[a])
		key.evp = evp_of(kit->smiths[a], &kit->pem[a]);
	else
		key.secret = forge_bytes(LONG_SECRET);
	return key;
}

static void open_kit(struct forge *f, struct kit *kit)
{
	*kit = (struct kit){.ring = keys_new()};
	kit->smiths[KEY_RS256] = keysmith_rsa(2048);
	kit->smiths[KEY_ES256] = keysmith_ec("P-256");
	for (enum key_algorithm a = 0; a < KEY_ALGORITHMS; a++) {
		struct key key = key_of(f, kit, a);

		forge_add(kit->ring, &key);
		evp_key_unref(&key.evp);
	}
}

static void close_kit(struct kit *kit)
{
	for (enum key_algorithm a = 0; a < KEY_ALGORITHMS; a++) {
		keysmith_free(&kit->smiths[a]);
		buf_free(&kit->pem[a]);
	}
	keys_free(&kit->ring);
}

struct pen {
	const struct forge *forge;
	const struct kit *kit;
	enum key_algorithm algorithm;
	struct bytes secret; /* of HS* */
};

static void sign(const void *ctx, struct bytes text, struct buf *out)
{
	const struct pen *pen = ctx;
	uint8_t mac[CRYPTO_HS256_BYTES], ed[CRYPTO_ED25519_SIGNATURE_BYTES];

	switch (pen->algorithm) {
	case KEY_HS256:
		crypto_hs256(pen->secret, text, mac);
		buf_put(out, bytes_of(mac, sizeof(mac)));
		break;
	case KEY_HS384:
	case KEY_HS512:
		keysmith_mac(algorithm_row(pen->algorithm)->secret_bytes, pen->secret, text, out);
		break;
	case KEY_EDDSA:
		crypto_ed25519_sign(pen->forge->ed_secret, text, ed);
		buf_put(out, bytes_of(ed, sizeof(ed)));
		break;
	case KEY_RS256:
	case KEY_ES256:
	case KEY_ALGORITHMS:
		keysmith_sign(pen->kit->smiths[pen->algorithm], text, out);
	}
}

/* Signed by one algorithm, and saying another. */
static enum token_verdict verdict(struct forge *f, const struct keys *ring, const struct pen *pen,
    enum key_algorithm says, const char *more)
{
	char header[128];

	snprintf(header, sizeof(header), "{\"alg\":\"%s\"%s}", algorithm_row(says)->name, more);
	forge_with(f, header, FORGE_CLAIMS, sign, pen);
	return forge_verify_with(f, ring, &no_rules, FORGE_NOW);
}

static struct pen pen_of(const struct forge *f, const struct kit *kit, enum key_algorithm algorithm)
{
	return (struct pen){f, kit, algorithm, forge_bytes(LONG_SECRET)};
}

static void test_what_is_signed_and_what_is_said(void **state)
{
	struct forge *f = *state;
	struct kit kit;

	open_kit(f, &kit);
	for (enum key_algorithm a = 0; a < KEY_ALGORITHMS; a++) {
		struct pen pen = pen_of(f, &kit, a);

		for (enum key_algorithm says = 0; says < KEY_ALGORITHMS; says++) {
			enum token_verdict v = verdict(f, kit.ring, &pen, says, "");

			if (v != (says == a ? TOKEN_OK : TOKEN_SIGNATURE))
				fail_msg("signed %d, said %d: %d", a, says, v);
		}
	}
	close_kit(&kit);
}

/* What everybody knows of a key is no secret of it, in whatever form. */
static void test_public_keys_are_no_secrets(void **state)
{
	struct forge *f = *state;
	struct kit kit;

	open_kit(f, &kit);
	for (enum key_algorithm a = KEY_HS256; a <= KEY_HS512; a++) {
		for (enum key_algorithm of = KEY_RS256; of <= KEY_ES256; of++) {
			struct pen pen = {f, &kit, a, buf_bytes(&kit.pem[of])};

			for (enum key_algorithm says = 0; says < KEY_ALGORITHMS; says++)
				assert_int_equal(
				    verdict(f, kit.ring, &pen, says, ""), TOKEN_SIGNATURE);
			pen.secret.len--;
			assert_int_equal(verdict(f, kit.ring, &pen, a, ""), TOKEN_SIGNATURE);
		}
	}
	close_kit(&kit);
}

static void test_a_bit_and_a_cut(void **state)
{
	struct forge *f = *state;
	struct kit kit;

	open_kit(f, &kit);
	for (enum key_algorithm a = KEY_HS384; a <= KEY_ES256; a++) {
		struct pen pen = pen_of(f, &kit, a);

		assert_int_equal(verdict(f, kit.ring, &pen, a, ""), TOKEN_OK);
		uint8_t *text = buf_extend(&f->token, 0) - f->token.len;

		for (size_t i = 0; i < f->token.len; i += 7) {
			text[i] ^= 1;
			assert_int_not_equal(
			    forge_verify_with(f, kit.ring, &no_rules, FORGE_NOW), TOKEN_OK);
			text[i] ^= 1;
		}
		while (f->token.len > 3) {
			buf_truncate(&f->token, f->token.len - 3);
			assert_int_not_equal(
			    forge_verify_with(f, kit.ring, &no_rules, FORGE_NOW), TOKEN_OK);
		}
	}
	close_kit(&kit);
}

/* A kid is of one key; one that nobody has is of keys that have none. */
static void test_kid(void **state)
{
	struct forge *f = *state;
	struct keys *ring = keys_new();
	struct pen one = {f, NULL, KEY_HS256, forge_bytes("the secret of one")};
	struct pen bare = {f, NULL, KEY_HS256, forge_bytes("the secret without a name")};

	forge_add(ring, &(struct key){.algorithm = KEY_HS256, .id = "one", .secret = one.secret});
	forge_add(ring, &(struct key){.algorithm = KEY_HS256, .secret = bare.secret});
	assert_int_equal(verdict(f, ring, &one, KEY_HS256, ",\"kid\":\"one\""), TOKEN_OK);
	assert_int_equal(verdict(f, ring, &one, KEY_HS256, ",\"kid\":\"two\""), TOKEN_SIGNATURE);
	assert_int_equal(verdict(f, ring, &one, KEY_HS256, ""), TOKEN_OK);
	assert_int_equal(verdict(f, ring, &bare, KEY_HS256, ",\"kid\":\"one\""), TOKEN_SIGNATURE);
	assert_int_equal(verdict(f, ring, &bare, KEY_HS256, ",\"kid\":\"two\""), TOKEN_OK);
	assert_int_equal(verdict(f, ring, &bare, KEY_HS256, ""), TOKEN_OK);
	keys_free(&ring);
}

static void test_keys_come_and_go(void **state)
{
	struct forge *f = *state;
	struct keys *ring = keys_new();
	struct pen pen = {f, NULL, KEY_HS256, forge_bytes("a secret of its time")};
	struct key key = {.algorithm = KEY_HS256,
	    .secret = pen.secret,
	    .from = {FORGE_NOW - 1000},
	    .until = {FORGE_NOW + 1000}};

	forge_add(ring, &key);
	forge_with(f, FORGE_HS256, FORGE_CLAIMS, sign, &pen);
	static const struct {
		int64_t at;
		enum token_verdict verdict;
	} cases[] = {
	    {-1001, TOKEN_SIGNATURE}, {-1000, TOKEN_OK}, {999, TOKEN_OK}, {1000, TOKEN_SIGNATURE}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct token_rules rules = {"", "", 2000};

		assert_int_equal(
		    forge_verify_with(f, ring, &rules, FORGE_NOW + cases[i].at), cases[i].verdict);
	}
	keys_free(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FORGE_TEST(test_what_is_signed_and_what_is_said),
	    FORGE_TEST(test_public_keys_are_no_secrets),
	    FORGE_TEST(test_a_bit_and_a_cut),
	    FORGE_TEST(test_kid),
	    FORGE_TEST(test_keys_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
