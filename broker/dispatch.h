#ifndef ROOMCAST_BROKER_DISPATCH_H
#define ROOMCAST_BROKER_DISPATCH_H
/*
 * What gateways and workers say, and who hears it.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* A message that is not about the conversation itself. */
void dispatch_on_message(struct broker *b, struct peer *p, const struct wire_message *m);

#endif
