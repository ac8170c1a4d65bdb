#include "tests/fakes/token.h"

#include <stdio.h>
#include <stdlib.h>

struct fake_token fake_token;

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

const char *token_verdict_code(enum token_verdict v)
{
	return codes[v];
}

enum token_verdict token_verify(const struct keys *keys, const struct token_rules *rules,
    struct str token, struct wall now, struct token_claims *ret, const char **ret_detail)
{
	enum token_verdict verdict = token.len ? fake_token.verdict : TOKEN_MISSING;

	fake_token.checked++;
	fake_token.keys = keys;
	fake_token.rules = *rules;
	fake_token.now = now;
	*ret_detail = fake_token.detail ? fake_token.detail : "";
	if (verdict != TOKEN_OK)
		return verdict;
	*ret = (struct token_claims){.user = str_dup(token),
	    .username = fake_token.username ? xstrdup(fake_token.username) : str_dup(token),
	    .id = fake_token.id ? xstrdup(fake_token.id) : NULL,
	    .issued = fake_token.issued,
	    .expires = fake_token.expires,
	    .room_count = fake_token.room ? 1 : 0};
	if (fake_token.room) {
		ret->rooms = xcalloc(1, sizeof(*ret->rooms));
		ret->rooms[0] = xstrdup(fake_token.room);
	}
	fake_token.living++;
	return TOKEN_OK;
}

void token_claims_guest(struct str id, struct token_claims *ret)
{
	char user[64];

	snprintf(user, sizeof(user), "guest:%.*s", STR_ARG(id));
	*ret = (struct token_claims){.user = xstrdup(user), .username = xstrdup(user)};
	fake_token.living++;
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
	fake_token.living--;
}
