/*
 * Tokens: as they come, and, so that claims are reached, header and payload (two lines) signed
 * with the right secret. What was not signed with it is never accepted.
 */
#include "tests/fuzz/fuzz.h"

#include "gateway/auth/keydoc.h"
#include "gateway/auth/token.h"
#include "proto/limits.h"

#include <string.h>

static const struct wall now = {INT64_C(1700000000000)};
static const struct token_rules rules = {"", "", 5000};

/* One of each kind whose secret half nobody has. */
static const char public_keys[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtPSegJCtVQlxJt0NqcR1\n"
    "5HnsFiRGlE5svajnMi5MTQ+2M0us9wKQgajO1VnGkUlkSRcCMJYwl0WaUtOCKsKW\n"
    "hCmQEAtbXSz1lcTYjsOmFNejpZuHsB8pJVAaHqFyEICqC6DbIyBsqiJiFBmtT12U\n"
    "yEeoPGADFk0PP8xnMAlSbUm9jzsaLKHuyrfSsSmRQGT6NTY/lP9Alb0IWZ3XTEox\n"
    "liSAg2J8OklKtz7dyzUvwrEc96OwFTW8EMCmpYxnoi5EWuPb1EBt/GaaUaC41k9O\n"
    "qSpA+//hlym0D5ytwN5ZGzdMWqzXySaKNLvrWcPbxNjni2rdrU2IuLWbPreAPL0T\n"
    "mwIDAQAB\n"
    "-----END PUBLIC KEY-----\n"
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIskKIgn7SKhyW3XDQ6/1zTeuyY2o\n"
    "8vQyJvsX0Fs5+GczVzceGvNGBGczHNtADGcfX68GYctrVXpULju7S3CQBg==\n"
    "-----END PUBLIC KEY-----\n"
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA3e7pmny5O7Yh1+s71B0FUQ+MxSSBTwOM1PZNSwdtUjA=\n"
    "-----END PUBLIC KEY-----\n";

static struct keys *the_keys(void)
{
	static const char secret[] = "a secret of more than thirty-two bytes, as it must be";
	static const enum key_algorithm shared[] = {KEY_HS256, KEY_HS384, KEY_HS512};
	const struct keydoc doc = {.name = "keys", .algorithms = ALGORITHMS_ALL};
	struct keydoc_found found;
	char why[KEYDOC_WHY_SIZE];
	static struct keys *keys;

	if (keys)
		return keys;
	enum err e = crypto_init();

	keys = keys_new();
	for (size_t i = 0; !e && i < ARRAY_LEN(shared); i++)
		e = keys_add(keys, &(struct key){.algorithm = shared[i],
				       .secret = bytes_of(secret, sizeof(secret) - 1)});
	if (!e)
		e = keydoc_read(&doc, STR(public_keys), keys, &found, why);
	assert(!e);
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
