#ifndef ROOMCAST_BROKER_FAREWELL_H
#define ROOMCAST_BROKER_FAREWELL_H
/*
 * The end of the broker in order: nothing new is heard; what gathers is committed and said; every
 * gateway hears GOODBYE behind the rest and answers. All of it within FAREWELL_MS: who does not
 * answer, and a disk that does not take anything, are not waited for any longer.
 */
#include "broker/broker.h"

enum { FAREWELL_MS = 3000 };

/* The second time: at once. */
void farewell_begin(struct broker *b);

/* End of turn, before the peers are flushed. True: it is over, the turn may stop. */
bool farewell_is_over(struct broker *b);

#endif
