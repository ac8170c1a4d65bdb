#ifndef ROOMCAST_BROKER_DOORWAY_H
#define ROOMCAST_BROKER_DOORWAY_H
/*
 * A door of the link as a source of the turn: what comes in by it goes to the operator's desk or
 * to the peers, so much a turn that the others have theirs.
 */
#include "broker/broker.h"

struct doorway {
	struct broker *broker;
	enum link_door door;
};

/* Reads the door from now on, if it is open; d lives as long as the turn. */
void doorway_open(struct doorway *d, struct broker *b, enum link_door door);

#endif
