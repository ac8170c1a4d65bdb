#ifndef ROOMCAST_BROKER_LIMIT_H
#define ROOMCAST_BROKER_LIMIT_H
/*
 * The limits of users, over all gateways: so many messages and so many connects in a window
 * (rate.h), as the configuration says. They are in memory: a broker that starts anew has seen
 * nobody.
 *
 * What was done before does not count again: who comes back to his session, announces himself, or
 * asks the same once more, is not to be asked about here.
 */
#include "broker/broker.h"
#include "proto/wire.h"

struct limits;

struct limits *limits_new(const struct config *c);
void limits_free(struct limits **l);

/* One more message, or one more session. false: the request was answered with rate_limited. */
MUST_USE bool limit_message(
    struct broker *b, const struct session *s, const struct room *r, uint64_t request);
MUST_USE bool limit_connect(struct broker *b, struct peer *p, const struct wire_connect *c);

/* About once a second. */
void limit_on_tick(struct broker *b);

/* Users of whom something is kept, and those who were forgotten before their time. */
size_t limit_users(const struct broker *b);
uint64_t limit_forgotten(const struct broker *b);

#endif
