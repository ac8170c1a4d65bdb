#ifndef ROOMCAST_BROKER_HANDLERS_H
#define ROOMCAST_BROKER_HANDLERS_H
/*
 * What gateways and workers say, and who hears it: the table of handlers, and the news of peers.
 * `up` is the struct broker. Used by main.
 */
#include "broker/broker.h"

extern const struct peers_events handlers_peers_events;

#endif
