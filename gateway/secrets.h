#ifndef ROOMCAST_GATEWAY_SECRETS_H
#define ROOMCAST_GATEWAY_SECRETS_H
/*
 * The keys of a gateway, from the files that its configuration names: those that tokens are checked
 * with and those of the link. Owned by main.
 */
#include "common/buf.h"
#include "gateway/auth/keyring.h"
#include "gateway/config.h"

enum { SECRETS_WHY_SIZE = KEYRING_WHY_SIZE };

struct secrets {
	struct keyring *keyring;
	struct buf curve_secret, broker_public; /* empty = the link is of this machine */
};

/* Errors of keyring_open() and curve_key_read(); ret_why in words. To be freed in any case. */
MUST_USE enum err secrets_read(
    const struct config *c, char ret_why[SECRETS_WHY_SIZE], struct secrets *ret);
void secrets_free(struct secrets *s); /* wipes them */

/* Could they be read? Nothing is kept of them. */
MUST_USE enum err secrets_check(const struct config *c, char *ret_why, size_t why_size);

#endif
