#ifndef ROOMCAST_BROKER_SHARE_H
#define ROOMCAST_BROKER_SHARE_H
/*
 * Admission over the whole cluster: when everybody comes back at once, the gateways together let
 * in no more clients a second than `connect-rate` says. Each is told its even share.
 */
#include "broker/broker.h"

/* A gateway can be talked to (again). */
void share_on_resumed(struct broker *b, struct peer *p);

/* Now and then: gateways may have gone, and the others may take more. */
void share_on_tick(struct broker *b);

#endif
