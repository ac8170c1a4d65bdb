#include "tests/gateway/auth/forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct token_rules no_rules = {"", "", 0};

struct bytes forge_bytes(const char *z)
{
	return str_bytes(str_of(z));
}

void forge_add(struct keys *ring, const struct key *key)
{
	assert_int_equal(keys_add(ring, key), ERR_OK);
}

int forge_set_up(void **state)
{
	struct forge *f = xcalloc(1, sizeof(*f));
	struct key ed = {.algorithm = KEY_EDDSA};
	struct buf seed = {0};
	enum err e = crypto_init();

	*state = f;
	if (!e)
		e = crypto_base64url_decode(
		    STR("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"), &seed);
	if (!e)
		crypto_ed25519_from_seed(buf_bytes(&seed).p, ed.public_key, f->ed_secret);
	buf_free(&seed);
	f->keys = keys_new();
	forge_add(
	    f->keys, &(struct key){.algorithm = KEY_HS256, .secret = forge_bytes(FORGE_SECRET)});
	forge_add(f->keys, &ed);
	return e;
}

int forge_tear_down(void **state)
{
	struct forge *f = *state;

	keys_free(&f->keys);
	buf_free(&f->token);
	token_claims_free(&f->claims);
	free(f);
	return frame_live() != 0;
}

void forge_unsigned(struct forge *f, const char *header, const char *payload)
{
	buf_reset(&f->token);
	crypto_base64url_put(&f->token, forge_bytes(header));
	buf_putc(&f->token, '.');
	crypto_base64url_put(&f->token, forge_bytes(payload));
}

void forge_hs256(struct forge *f, const char *header, const char *payload, struct bytes secret)
{
	uint8_t mac[CRYPTO_HS256_BYTES];

	forge_unsigned(f, header, payload);
	crypto_hs256(secret, buf_bytes(&f->token), mac);
	buf_putc(&f->token, '.');
	crypto_base64url_put(&f->token, bytes_of(mac, sizeof(mac)));
}

void forge_with(struct forge *f, const char *header, const char *payload,
    void (*sign)(const void *ctx, struct bytes text, struct buf *out), const void *ctx)
{
	struct buf signature = {0};

	forge_unsigned(f, header, payload);
	sign(ctx, buf_bytes(&f->token), &signature);
	buf_putc(&f->token, '.');
	crypto_base64url_put(&f->token, buf_bytes(&signature));
	buf_free(&signature);
}

void forge_eddsa(struct forge *f, const char *header, const char *payload)
{
	uint8_t signature[CRYPTO_ED25519_SIGNATURE_BYTES];

	forge_unsigned(f, header, payload);
	crypto_ed25519_sign(f->ed_secret, buf_bytes(&f->token), signature);
	buf_putc(&f->token, '.');
	crypto_base64url_put(&f->token, bytes_of(signature, sizeof(signature)));
}

enum token_verdict forge_verify_with(
    struct forge *f, const struct keys *keys, const struct token_rules *rules, int64_t now_ms)
{
	const struct token_claims before = {.room_count = 77};
	struct token_claims out = before;
	struct wall now = {now_ms};
	enum token_verdict v = token_verify(keys, rules, buf_str(&f->token), now, &out, &f->detail);

	assert_non_null(f->detail);
	token_claims_free(&f->claims);
	if (v == TOKEN_OK)
		f->claims = out;
	else
		assert_memory_equal(&out, &before, sizeof(out));
	return v;
}

enum token_verdict forge_verify(struct forge *f)
{
	return forge_verify_with(f, f->keys, &no_rules, FORGE_NOW);
}

enum token_verdict forge_text_verdict(struct forge *f, const char *text)
{
	buf_reset(&f->token);
	buf_puts(&f->token, str_of(text));
	return forge_verify(f);
}

enum token_verdict forge_verdict(struct forge *f, const char *payload)
{
	forge_hs256(f, FORGE_HS256, payload, forge_bytes(FORGE_SECRET));
	return forge_verify(f);
}

enum token_verdict forge_header_verdict(struct forge *f, const char *header)
{
	forge_hs256(f, header, FORGE_CLAIMS, forge_bytes(FORGE_SECRET));
	return forge_verify(f);
}
