#ifndef ROOMCAST_BROKER_REFRESH_H
#define ROOMCAST_BROKER_REFRESH_H
/*
 * A connected client shows a newer token of the same user, which its gateway has checked: what it
 * says takes the place of what the older one said.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Handler of WIRE_AUTH. */
void refresh_on_auth(struct broker *b, struct peer *p, const struct wire_message *m);

#endif
