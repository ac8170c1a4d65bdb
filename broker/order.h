#ifndef ROOMCAST_BROKER_ORDER_H
#define ROOMCAST_BROKER_ORDER_H
/*
 * Orders: what application workers want done of their own, in the namespaces they serve: events
 * for clients, sockets into rooms and out of them, the end of a socket. An order that makes no
 * sense, or is about a namespace that the worker does not serve, is logged and not done; one about
 * a socket that is gone is nothing.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Handlers of the wire messages of the same name. */
void order_on_emit(struct broker *b, struct peer *p, const struct wire_message *m);
void order_on_join(struct broker *b, struct peer *p, const struct wire_message *m);
void order_on_leave(struct broker *b, struct peer *p, const struct wire_message *m);
void order_on_end(struct broker *b, struct peer *p, const struct wire_message *m);

#endif
