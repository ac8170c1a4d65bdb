/*
 * Tokens: as they come, and, so that claims are reached, header and payload (two lines) signed
 * with the right secret. What was not signed with it is never accepted.
 */
#include "tests/fuzz/fuzz.h"

#include "gateway/auth/token.h"
#include "proto/limits.h"

#include <string.h>

static const struct wall now = {INT64_C(1700000000000)};
static const struct token_rules rules = {"", "", 5000};

static struct keys *the_keys(void)
{
	static const char secret[] = "a secret of more than thirty-two bytes, as it must be";
	static struct keys *keys;

	if (keys)
		return keys;
	assert(crypto_init() == ERR_OK);
	keys = keys_new();
	keys_add(keys,
	    &(struct key){.algorithm = KEY_HS256, .secret = bytes_of(secret, sizeof(secret) - 1)});
	return keys;
}

static enum token_verdict verdict(struct str token)
{
	struct token_claims claims = {0};
	const char *detail;
	enum token_verdict v = token_verify(the_keys(), &rules, token, now, &claims, &detail);

	if (v == TOKEN_OK) {
		assert(claims.user[0] && strlen(claims.user) <= LIMIT_USER && claims.username);
		token_claims_free(&claims);
	}
	return v;
}

static void sign(struct bytes header, struct bytes payload, struct buf *out)
{
	const struct key *key = keys_at(the_keys(), 0);
	uint8_t mac[CRYPTO_HS256_BYTES];

	crypto_base64url_put(out, header);
	buf_putc(out, '.');
	crypto_base64url_put(out, payload);
	crypto_hs256(key->secret, buf_bytes(out), mac);
	buf_putc(out, '.');
	crypto_base64url_put(out, bytes_of(mac, sizeof(mac)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	struct buf token = {0};

	assert(verdict(bytes_str(bytes_of(data, size))) != TOKEN_OK);
	if (!line)
		return 0;
	size_t header = (size_t)(line - data);

	sign(bytes_of(data, header), bytes_of(line + 1, size - header - 1), &token);
	(void)verdict(buf_str(&token));
	buf_free(&token);
	return 0;
}
