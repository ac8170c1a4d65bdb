#include "gateway/secrets.h"

#include "common/curve.h"
#include "common/moment.h"

#include <stdio.h>

static enum err open_keyring(const struct config *c, char *why, struct keyring **ret)
{
	struct keyring_conf conf = {
	    .hs256_secret_file = c->token_hs256_secret_file,
	    .eddsa_public_key_file = c->token_eddsa_public_key_file,
	    .keys_file = c->token_keys_file,
	    .previous_hs256_secret_file = c->token_previous_secret_file,
	    .previous_keys_file = c->token_previous_keys_file,
	};
	struct str bad;

	/* Both were checked when the configuration was read; no time means none. */
	(void)!moment_parse(str_of(c->token_previous_until), &conf.previous_until);
	(void)!algorithm_set(str_of(c->token_algorithms), &conf.algorithms, &bad);
	return keyring_open(&conf, clock_wall(), why, ret);
}

enum err secrets_read(const struct config *c, char ret_why[SECRETS_WHY_SIZE], struct secrets *ret)
{
	enum err e = open_keyring(c, ret_why, &ret->keyring);

	if (!e && c->curve_secret_file[0])
		e = curve_key_read(
		    c->curve_secret_file, KEYFILE_SECRET, &ret->curve_secret, ret_why);
	if (!e && c->curve_secret_file[0])
		e = curve_key_read(
		    c->broker_public_key_file, KEYFILE_PUBLIC, &ret->broker_public, ret_why);
	return e;
}

void secrets_free(struct secrets *s)
{
	keyring_free(&s->keyring);
	curve_key_wipe(&s->curve_secret);
	curve_key_wipe(&s->broker_public);
}

enum err secrets_check(const struct config *c, char *ret_why, size_t why_size)
{
	char why[SECRETS_WHY_SIZE] = "";
	struct secrets s = {0};
	enum err e = secrets_read(c, why, &s);

	secrets_free(&s);
	if (e)
		snprintf(ret_why, why_size, "%s", why);
	return e;
}
