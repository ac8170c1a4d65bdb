#ifndef ROOMCAST_BROKER_CENSUS_H
#define ROOMCAST_BROKER_CENSUS_H
/*
 * The census: when each user was here first, and last, in the database. It is written when a
 * user's first connection has come and when his last one has gone, once a second for each at
 * most, in the batch that gathers; nothing waits for it. Guests, whose names are good once, are
 * left out.
 */
#include "broker/broker.h"
#include "broker/reader_user.h"

struct census;

struct census *census_new(void);
void census_free(struct census **c);

/* He was seen just now. */
void census_note(struct broker *b, const struct user *u);

/* What becomes of batches; and about once a second. */
void census_on_committed(struct broker *b, uint64_t batch);
void census_on_failed(struct broker *b);
void census_on_tick(struct broker *b);

/* The broker ends: what is left goes into the batch. */
void census_flush(struct broker *b);

/* Calls fn, once. ERR_NOT_FOUND: nobody of that name was ever here; ERR_IO. */
MUST_USE enum err census_find(struct broker *b, struct str user,
    void (*fn)(void *ctx, const struct reader_user *user), void *ctx);

#endif
