#ifndef ROOMCAST_BROKER_PUBLISH_H
#define ROOMCAST_BROKER_PUBLISH_H
/*
 * The way of a message through the broker: may it, is it new, which number, into the batch; and
 * what happens when the batch is committed or not.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Handler of PUBLISH. */
void publish_on_message(struct broker *b, struct peer *p, const struct wire_message *m);

/* The store's news (store_events). */
void publish_on_committed(struct broker *b, uint64_t batch);
void publish_on_failed(struct broker *b, const char *why);

/* Why messages cannot be stored now, in words; "" when they can. */
const char *publish_fault(const struct broker *b);

/* Nothing more can be put into the batch that gathers now. */
bool publish_is_refusing(const struct broker *b);

/* Tries to take up publishing again after a fault; about once a second. */
void publish_on_tick(struct broker *b);

#endif
