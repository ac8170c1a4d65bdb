#include "gateway/auth/token.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

/*
 * Times of claims are held within this many ms of 1970 (285,000 years), so that sums with the
 * leeway cannot overflow and doubles are exact.
 */
static const int64_t time_limit_ms = INT64_C(9000000000000000);

struct finding {
	enum token_verdict verdict;
	const char *detail;
};

static const struct finding nothing_wrong = {TOKEN_OK, "accepted"};

static struct finding refuse(enum token_verdict verdict, const char *detail)
{
	return (struct finding){verdict, detail};
}

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

static struct finding read_header(const json_t *header, struct header *ret)
{
	const char *alg = json_string_value(json_object_get(header, "alg"));
	const json_t *kid = json_object_get(header, "kid");

	if (json_object_get(header, "crit"))
		return refuse(TOKEN_MALFORMED, "header demands extensions (crit)");
	if (!alg)
		return refuse(TOKEN_MALFORMED, "header has no alg");
	if (kid && !json_is_string(kid))
		return refuse(TOKEN_MALFORMED, "kid is no string");
	if (strcmp(alg, "HS256") == 0)
		ret->algorithm = KEY_HS256;
	else if (strcmp(alg, "EdDSA") == 0)
		ret->algorithm = KEY_EDDSA;
	else
		return refuse(TOKEN_MALFORMED, "alg is neither HS256 nor EdDSA");
	ret->kid = json_string_value(kid);
	return nothing_wrong;
}

static bool has_id(const struct key *key, const char *kid)
{
	return kid && key->id && strcmp(key->id, kid) == 0;
}

static bool verifies(const struct key *key, struct str signed_text, struct bytes signature)
{
	struct bytes data = str_bytes(signed_text);

	if (key->algorithm == KEY_HS256)
		return crypto_hs256_verify(key->secret, data, signature);
	return crypto_ed25519_verify(key->public_key, data, signature);
}

/*
 * A kid that one of our keys has names that key alone; one that we do not know narrows nothing
 * down. Either way the key's own algorithm has to be the header's.
 */
static struct finding check_signature(const struct keys *keys, const struct header *header,
    const struct parts *parts, struct bytes signature)
{
	const struct key *key;
	bool named = false, tried = false;

	for (size_t i = 0; (key = keys_at(keys, i)); i++)
		named = named || has_id(key, header->kid);
	for (size_t i = 0; (key = keys_at(keys, i)); i++) {
		if (key->algorithm != header->algorithm || (named && !has_id(key, header->kid)))
			continue;
		tried = true;
		if (verifies(key, parts->signed_text, signature))
			return nothing_wrong;
	}
	return refuse(
	    TOKEN_SIGNATURE, tried ? "signature does not verify" : "no key fits alg and kid");
}

/* The claims of a token that one of the keys has signed. */
static struct finding authenticate(const struct keys *keys, struct str token, json_t **ret_claims)
{
	struct parts parts;
	struct header header;
	struct buf signature = {0};

	if (token.len == 0)
		return refuse(TOKEN_MISSING, "no token");
	if (token.len > TOKEN_MAX_BYTES)
		return refuse(TOKEN_MALFORMED, "longer than a token may be");
	if (!split(token, &parts))
		return refuse(TOKEN_MALFORMED, "not three parts");
	json_t *tree = decode_object(parts.header);
	struct finding f = refuse(TOKEN_MALFORMED, "header is no base64url of a JSON object");

	if (tree)
		f = read_header(tree, &header);
	if (!f.verdict && crypto_base64url_decode(parts.signature, &signature))
		f = refuse(TOKEN_MALFORMED, "signature is no base64url");
	if (!f.verdict)
		f = check_signature(keys, &header, &parts, buf_bytes(&signature));
	if (!f.verdict) {
		*ret_claims = decode_object(parts.claims);
		if (!*ret_claims)
			f = refuse(TOKEN_MALFORMED, "claims are no base64url of a JSON object");
	}
	buf_free(&signature);
	json_decref(tree);
	return f;
}

/* NumericDate (RFC 7519 section 2): seconds, perhaps with a fraction. */
static int64_t date_ms(const json_t *date)
{
	double ms = json_number_value(date) * 1000.0;

	if (ms >= (double)time_limit_ms)
		return time_limit_ms;
	if (ms <= -(double)time_limit_ms)
		return -time_limit_ms;
	return (int64_t)ms;
}

static struct finding check_times(
    const json_t *claims, uint64_t leeway_ms, int64_t now_ms, struct wall *ret_expires)
{
	const json_t *exp = json_object_get(claims, "exp");
	const json_t *nbf = json_object_get(claims, "nbf");
	const json_t *iat = json_object_get(claims, "iat");
	int64_t leeway = leeway_ms < (uint64_t)time_limit_ms ? (int64_t)leeway_ms : time_limit_ms;

	if (!json_is_number(exp))
		return refuse(TOKEN_MALFORMED, exp ? "exp is no number" : "exp is missing");
	if ((nbf && !json_is_number(nbf)) || (iat && !json_is_number(iat)))
		return refuse(TOKEN_MALFORMED, "nbf or iat is no number");
	if (now_ms >= date_ms(exp) + leeway)
		return refuse(TOKEN_EXPIRED, "exp is over");
	if (nbf && date_ms(nbf) > now_ms + leeway)
		return refuse(TOKEN_NOT_YET_VALID, "nbf is still to come");
	if (iat && date_ms(iat) > now_ms + leeway)
		return refuse(TOKEN_NOT_YET_VALID, "iat is in the future");
	ret_expires->ms = date_ms(exp);
	return nothing_wrong;
}

static bool is_text(const json_t *value, const char *expected)
{
	const char *s = json_string_value(value);

	return s && strcmp(s, expected) == 0;
}

static bool has_audience(const json_t *aud, const char *expected)
{
	if (!json_is_array(aud))
		return is_text(aud, expected);
	for (size_t i = 0; i < json_array_size(aud); i++) {
		if (is_text(json_array_get(aud, i), expected))
			return true;
	}
	return false;
}

static struct finding check_issue(const json_t *claims, const struct token_rules *rules)
{
	if (rules->issuer[0] && !is_text(json_object_get(claims, "iss"), rules->issuer))
		return refuse(TOKEN_ISSUER, "iss is not the issuer we accept");
	if (rules->audience[0] && !has_audience(json_object_get(claims, "aud"), rules->audience))
		return refuse(TOKEN_AUDIENCE, "aud does not name us");
	return nothing_wrong;
}

/*
 * A copy of a claim of 1..max bytes, NULL when it is anything else. jansson has refused what is
 * not UTF-8 and what contains U+0000 already.
 */
static char *copy_text(const json_t *value, size_t max)
{
	size_t len = json_string_length(value);

	return len >= 1 && len <= max ? xstrdup(json_string_value(value)) : NULL;
}

/* A number as an id is its decimal digits; a fraction, or one that a double blurs, is no id. */
static char *copy_integer(const json_t *value)
{
	char text[24];
	double real = json_real_value(value);

	if (json_is_integer(value))
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (real > -0x1p53 && real < 0x1p53 && real == (double)(int64_t)real)
		snprintf(text, sizeof(text), "%lld", (long long)real);
	else
		return NULL;
	return xstrdup(text);
}

/* Issuers write null or "" for a name that is not set: nobody is locked out for having none. */
static const json_t *find_name(const json_t *claims)
{
	static const char *const candidates[] = {"username", "name"};

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		const json_t *name = json_object_get(claims, candidates[i]);

		if (name && !json_is_null(name) && !is_text(name, ""))
			return name;
	}
	return NULL;
}

static struct finding read_user(const json_t *claims, struct token_claims *c)
{
	const json_t *id = json_object_get(claims, "userId");
	const json_t *name = find_name(claims);

	if (!id)
		id = json_object_get(claims, "sub");
	c->user = json_is_number(id) ? copy_integer(id) : copy_text(id, LIMIT_USER);
	if (!c->user)
		return refuse(TOKEN_MALFORMED, "userId or sub is no id of a user");
	c->username = name ? copy_text(name, LIMIT_USERNAME) : xstrdup(c->user);
	if (!c->username)
		return refuse(TOKEN_MALFORMED, "username or name is no name of a user");
	return nothing_wrong;
}

static struct finding read_rooms(const json_t *claims, struct token_claims *c)
{
	const json_t *rooms = json_object_get(claims, "rooms");
	size_t count = json_array_size(rooms);

	if (rooms && !json_is_array(rooms))
		return refuse(TOKEN_MALFORMED, "rooms is no array");
	if (count > LIMIT_ROOMS_PER_SOCKET)
		return refuse(TOKEN_MALFORMED, "rooms has too many elements");
	if (count)
		c->rooms = xcalloc(count, sizeof(*c->rooms));
	for (size_t i = 0; i < count; i++) {
		c->rooms[i] = copy_text(json_array_get(rooms, i), LIMIT_ROOM);
		if (!c->rooms[i])
			return refuse(TOKEN_MALFORMED, "an element of rooms is no name of a room");
		c->room_count++;
	}
	return nothing_wrong;
}

enum token_verdict token_verify(const struct keys *keys, const struct token_rules *rules,
    struct str token, struct wall now, struct token_claims *ret, const char **ret_detail)
{
	struct token_claims c = {0};
	json_t *claims = NULL;
	struct finding f = authenticate(keys, token, &claims);

	if (!f.verdict)
		f = check_times(claims, rules->leeway_ms, now.ms, &c.expires);
	if (!f.verdict)
		f = check_issue(claims, rules);
	if (!f.verdict)
		f = read_user(claims, &c);
	if (!f.verdict)
		f = read_rooms(claims, &c);
	json_decref(claims);
	if (f.verdict)
		token_claims_free(&c);
	else
		*ret = c;
	*ret_detail = f.detail;
	return f.verdict;
}

void token_claims_guest(struct str id, struct token_claims *ret)
{
	struct buf user = {0};

	buf_printf(&user, "guest:%.*s", STR_ARG(id));
	*ret = (struct token_claims){
	    .user = str_dup(buf_str(&user)), .username = str_dup(buf_str(&user))};
	buf_free(&user);
}

void token_claims_free(struct token_claims *claims)
{
	free(claims->user);
	free(claims->username);
	for (size_t i = 0; i < claims->room_count; i++)
		free(claims->rooms[i]);
	free(claims->rooms);
	*claims = (struct token_claims){0};
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
