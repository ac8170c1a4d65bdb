#ifndef ROOMCAST_TESTS_FAKES_TOKEN_H
#define ROOMCAST_TESTS_FAKES_TOKEN_H
/*
 * Tokens in the hand of the test: the text of a token is the id of its user, and the test says
 * what becomes of it and what it grants. No token is TOKEN_MISSING.
 */
#include "gateway/auth/token.h"

struct fake_token {
	/* what the test sets */
	enum token_verdict verdict;
	const char *detail;
	const char *username;        /* NULL = that of the user */
	const char *room;            /* the one it grants, NULL = none */
	const char *id;              /* of the token, NULL = none */
	struct wall issued, expires; /* 0 = it does not say, never */
	/* what was seen */
	unsigned checked;
	int living; /* claims given out and not freed */
	const struct keys *keys;
	struct token_rules rules;
	struct wall now;
};

extern struct fake_token fake_token;

#endif
