#ifndef ROOMCAST_BROKER_REVOKE_H
#define ROOMCAST_BROKER_REVOKE_H
/*
 * What follows from a revocation: the sessions of such tokens end at once, dormant ones too, and no
 * token of that kind opens one or goes on with one, on whatever gateway. Revocations are in force
 * as soon as they are put; what the disk does not take now is written as soon as it does.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Makes them, with those of the database, when the broker starts. */
MUST_USE enum err revoke_load(struct broker *b);

/*
 * Puts one in force and into the batch that gathers. ERR_FULL, ERR_INVALID as of revocations_put();
 * ret_ended: so many sessions ended.
 */
MUST_USE enum err revoke_put(
    struct broker *b, const struct revocation_facts *facts, uint64_t *ret_ended);

/* Takes one back; what has ended has ended. False: there was none (it is put into the batch all the
 * same: the database may have one of a batch that failed). */
bool revoke_lift(struct broker *b, const struct revocation_facts *facts);

/* May nobody come in with the token that this CONNECT is about? */
bool revoke_has(const struct broker *b, const struct wire_connect *c);
bool revoke_has_token(const struct broker *b, const struct revocation_token *token);

/* What became of the batches; and, about once a second, what is left to do. */
void revoke_on_committed(struct broker *b, uint64_t batch);
void revoke_on_failed(struct broker *b);
void revoke_on_tick(struct broker *b);

#endif
