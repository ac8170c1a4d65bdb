#ifndef ROOMCAST_BROKER_MODERATE_H
#define ROOMCAST_BROKER_MODERATE_H
/*
 * Moderation: what moderators do to users in their rooms, by events. A moderator is a stored member
 * of the room with that role; he does not act on other moderators, and only where the namespace has
 * moderation. What he does becomes a change (change.h).
 *
 * A gateway whose link broke asks again, under the same number: what is on its way is not done
 * again, and the last answers are kept to be given again.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Handler of MODERATE. */
void moderate_on_message(struct broker *b, struct peer *p, const struct wire_message *m);

/* The broker stops. */
void moderate_forget_all(struct broker *b);

#endif
