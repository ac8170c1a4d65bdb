#include "gateway/auth/token.h"

#include <jansson.h>
#include <string.h>

#include "gateway/auth/claims.h"

struct parts {
	struct str header, claims, signature;
	struct str signed_text; /* header and claims with the dot between them */
};

static bool split(struct str token, struct parts *ret)
{
	const char *end = token.p + token.len;
	const char *first = memchr(token.p, '.', token.len);
	const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	ret->header = (struct str){token.p, (size_t)(first - token.p)};
	ret->claims = (struct str){first + 1, (size_t)(second - first - 1)};
	ret->signature = (struct str){second + 1, (size_t)(end - second - 1)};
	ret->signed_text = (struct str){token.p, (size_t)(second - token.p)};
	return true;
}

/* The JSON object in one part, NULL when it is none. The caller ends it with json_decref. */
static json_t *decode_object(struct str part)
{
	struct buf text = {0};
	json_t *object = NULL;

	if (!crypto_base64url_decode(part, &text))
		object = json_loadb(buf_str(&text).p, text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		object = NULL;
	}
	buf_free(&text);
	return object;
}

/* What the header may say: which algorithm it agrees with and which key it means. */
struct header {
	enum key_algorithm algorithm;
	const char *kid; /* NULL = none; owned by the header's tree */
};

static struct token_finding read_header(const json_t *header, struct header *ret)
{
	const char *alg = json_string_value(json_object_get(header, "alg"));
	const json_t *kid = json_object_get(header, "kid");

	if (json_object_get(header, "crit"))
		return token_refuse(TOKEN_MALFORMED, "header demands extensions (crit)");
	if (!alg)
		return token_refuse(TOKEN_MALFORMED, "header has no alg");
	if (kid && !json_is_string(kid))
		return token_refuse(TOKEN_MALFORMED, "kid is no string");
	ret->algorithm = algorithm_find(str_of(alg));
	if (ret->algorithm == KEY_ALGORITHMS)
		return token_refuse(TOKEN_MALFORMED, "alg is none that a token may have");
	ret->kid = json_string_value(kid);
	return token_accepted;
}

static bool has_id(const struct key *key, const char *kid)
{
	return kid && key->id && strcmp(key->id, kid) == 0;
}

/*
 * A kid that one of our keys has names that key alone. One that we do not know is not that of any
 * key which has a kid; what is left are keys without. Without a kid every key may be meant. In any
 * case the key's own algorithm has to be the header's.
 */
static bool is_meant(const struct key *key, const struct header *header, bool is_known)
{
	if (key->algorithm != header->algorithm)
		return false;
	if (is_known)
		return has_id(key, header->kid);
	return !header->kid || !key->id;
}

static struct token_finding check_signature(const struct keys *keys, const struct header *header,
    const struct parts *parts, struct bytes signature, struct wall now)
{
	const struct key *key;
	bool is_known = false, was_tried = false;

	for (size_t i = 0; (key = keys_at(keys, i)); i++)
		is_known = is_known || has_id(key, header->kid);
	for (size_t i = 0; (key = keys_at(keys, i)); i++) {
		if (!is_meant(key, header, is_known) || !key_is_good_at(key, now))
			continue;
		was_tried = true;
		if (key_verify(key, str_bytes(parts->signed_text), signature))
			return token_accepted;
	}
	return token_refuse(
	    TOKEN_SIGNATURE, was_tried ? "signature does not verify" : "no key fits alg and kid");
}

/* The claims, as text, of a token that one of the keys has signed. Appends. */
static struct token_finding authenticate(
    const struct keys *keys, struct str token, struct wall now, struct buf *claims)
{
	struct parts parts;
	struct header header = {.algorithm = KEY_ALGORITHMS};
	struct buf signature = {0};

	if (token.len == 0)
		return token_refuse(TOKEN_MISSING, "no token");
	if (token.len > TOKEN_MAX_BYTES)
		return token_refuse(TOKEN_MALFORMED, "longer than a token may be");
	if (!split(token, &parts))
		return token_refuse(TOKEN_MALFORMED, "not three parts");
	json_t *tree = decode_object(parts.header);
	struct token_finding f =
	    token_refuse(TOKEN_MALFORMED, "header is no base64url of a JSON object");

	if (tree)
		f = read_header(tree, &header);
	if (!f.verdict && crypto_base64url_decode(parts.signature, &signature))
		f = token_refuse(TOKEN_MALFORMED, "signature is no base64url");
	if (!f.verdict)
		f = check_signature(keys, &header, &parts, buf_bytes(&signature), now);
	if (!f.verdict && crypto_base64url_decode(parts.claims, claims))
		f = token_refuse(TOKEN_MALFORMED, "claims are no base64url");
	buf_free(&signature);
	json_decref(tree);
	return f;
}

enum token_verdict token_verify(const struct keys *keys, const struct token_rules *rules,
    struct str token, struct wall now, struct token_claims *ret, const char **ret_detail)
{
	struct buf claims = {0};
	struct token_finding f = authenticate(keys, token, now, &claims);

	if (!f.verdict)
		f = claims_read(buf_str(&claims), rules, now, ret);
	*ret_detail = f.detail;
	buf_free(&claims);
	return f.verdict;
}

const char *token_verdict_code(enum token_verdict v)
{
	static const char *const codes[TOKEN_VERDICTS] = {
	    [TOKEN_OK] = "",
	    [TOKEN_MISSING] = "token_missing",
	    [TOKEN_MALFORMED] = "token_malformed",
	    [TOKEN_SIGNATURE] = "token_signature",
	    [TOKEN_EXPIRED] = "token_expired",
	    [TOKEN_NOT_YET_VALID] = "token_not_yet_valid",
	    [TOKEN_AUDIENCE] = "token_audience",
	    [TOKEN_ISSUER] = "token_issuer",
	};

	return codes[v];
}
