#include "gateway/auth/claims.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "proto/limits.h"

/*
 * Times of claims are held within this many ms of 1970 (285,000 years), so that sums with the
 * leeway cannot overflow and doubles are exact.
 */
static const int64_t time_limit_ms = INT64_C(9000000000000000);

const struct token_finding token_accepted = {TOKEN_OK, "accepted"};

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

static struct token_finding check_times(
    const json_t *claims, uint64_t leeway_ms, int64_t now_ms, struct token_claims *c)
{
	const json_t *exp = json_object_get(claims, "exp");
	const json_t *nbf = json_object_get(claims, "nbf");
	const json_t *iat = json_object_get(claims, "iat");
	int64_t leeway = leeway_ms < (uint64_t)time_limit_ms ? (int64_t)leeway_ms : time_limit_ms;

	if (!json_is_number(exp))
		return token_refuse(TOKEN_MALFORMED, exp ? "exp is no number" : "exp is missing");
	if ((nbf && !json_is_number(nbf)) || (iat && !json_is_number(iat)))
		return token_refuse(TOKEN_MALFORMED, "nbf or iat is no number");
	if (now_ms >= date_ms(exp) + leeway)
		return token_refuse(TOKEN_EXPIRED, "exp is over");
	if (nbf && date_ms(nbf) > now_ms + leeway)
		return token_refuse(TOKEN_NOT_YET_VALID, "nbf is still to come");
	if (iat && date_ms(iat) > now_ms + leeway)
		return token_refuse(TOKEN_NOT_YET_VALID, "iat is in the future");
	c->expires.ms = date_ms(exp) > 0 ? date_ms(exp) : 1; /* 0 would be never */
	c->issued.ms = iat && date_ms(iat) > 0 ? date_ms(iat) : 0;
	return token_accepted;
}

static bool is_text(const json_t *value, const char *expected)
{
	const char *s = json_string_value(value);

	return s && strcmp(s, expected) == 0;
}

/* Is one of those that a token is for one of those that we are? */
static bool is_for_us(const json_t *aud, const char *expected)
{
	struct str rest = str_of(expected), word;
	const char *s = json_string_value(aud);

	while (s && (word = str_next_word(&rest, " ,")).len) {
		if (str_eqz(word, s))
			return true;
	}
	return false;
}

static bool has_audience(const json_t *aud, const char *expected)
{
	if (!json_is_array(aud))
		return is_for_us(aud, expected);
	for (size_t i = 0; i < json_array_size(aud); i++) {
		if (is_for_us(json_array_get(aud, i), expected))
			return true;
	}
	return false;
}

static struct token_finding check_issue(const json_t *claims, const struct token_rules *rules)
{
	if (rules->issuer[0] && !is_text(json_object_get(claims, "iss"), rules->issuer))
		return token_refuse(TOKEN_ISSUER, "iss is not the issuer we accept");
	if (rules->audience[0] && !has_audience(json_object_get(claims, "aud"), rules->audience))
		return token_refuse(TOKEN_AUDIENCE, "aud does not name us");
	return token_accepted;
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

static struct token_finding read_user(const json_t *claims, struct token_claims *c)
{
	const json_t *id = json_object_get(claims, "userId");
	const json_t *name = find_name(claims);

	if (!id)
		id = json_object_get(claims, "sub");
	c->user = json_is_number(id) ? copy_integer(id) : copy_text(id, LIMIT_USER);
	if (!c->user)
		return token_refuse(TOKEN_MALFORMED, "userId or sub is no id of a user");
	c->username = name ? copy_text(name, LIMIT_USERNAME) : xstrdup(c->user);
	if (!c->username)
		return token_refuse(TOKEN_MALFORMED, "username or name is no name of a user");
	return token_accepted;
}

static struct token_finding read_id(const json_t *claims, struct token_claims *c)
{
	const json_t *jti = json_object_get(claims, "jti");

	if (jti)
		c->id = copy_text(jti, LIMIT_TOKEN_ID);
	return !jti || c->id ? token_accepted
			     : token_refuse(TOKEN_MALFORMED, "jti is no id of a token");
}

static struct token_finding read_rooms(const json_t *claims, struct token_claims *c)
{
	const json_t *rooms = json_object_get(claims, "rooms");
	size_t count = json_array_size(rooms);

	if (rooms && !json_is_array(rooms))
		return token_refuse(TOKEN_MALFORMED, "rooms is no array");
	if (count > LIMIT_ROOMS_PER_SOCKET)
		return token_refuse(TOKEN_MALFORMED, "rooms has too many elements");
	if (count)
		c->rooms = xcalloc(count, sizeof(*c->rooms));
	for (size_t i = 0; i < count; i++) {
		c->rooms[i] = copy_text(json_array_get(rooms, i), LIMIT_ROOM);
		if (!c->rooms[i])
			return token_refuse(
			    TOKEN_MALFORMED, "an element of rooms is no name of a room");
		c->room_count++;
	}
	return token_accepted;
}

static struct token_finding read_all(
    const json_t *claims, const struct token_rules *rules, struct wall now, struct token_claims *c)
{
	struct token_finding f = check_times(claims, rules->leeway_ms, now.ms, c);

	if (!f.verdict)
		f = check_issue(claims, rules);
	if (!f.verdict)
		f = read_user(claims, c);
	if (!f.verdict)
		f = read_id(claims, c);
	if (!f.verdict)
		f = read_rooms(claims, c);
	return f;
}

struct token_finding token_refuse(enum token_verdict verdict, const char *detail)
{
	return (struct token_finding){verdict, detail};
}

struct token_finding claims_read(
    struct str json, const struct token_rules *rules, struct wall now, struct token_claims *ret)
{
	json_t *claims = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, NULL);
	struct token_claims c = {0};
	struct token_finding f = json_is_object(claims)
				     ? read_all(claims, rules, now, &c)
				     : token_refuse(TOKEN_MALFORMED, "claims are no JSON object");

	json_decref(claims);
	if (f.verdict)
		token_claims_free(&c);
	else
		*ret = c;
	return f;
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
	free(claims->id);
	for (size_t i = 0; i < claims->room_count; i++)
		free(claims->rooms[i]);
	free(claims->rooms);
	*claims = (struct token_claims){0};
}
