#ifndef ROOMCAST_BROKER_READER_USER_H
#define ROOMCAST_BROKER_READER_USER_H
/*
 * What a reader finds of a user.
 */
#include "broker/reader.h"

/* A user who was ever here (census.h). */
struct reader_user {
	struct str username;
	struct wall first_seen, last_seen;
};

/* Calls fn, once. ERR_NOT_FOUND, ERR_IO. */
MUST_USE enum err reader_user(struct reader *r, struct str id,
    void (*fn)(void *ctx, const struct reader_user *user), void *ctx);

#endif
