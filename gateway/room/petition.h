#ifndef ROOMCAST_GATEWAY_ROOM_PETITION_H
#define ROOMCAST_GATEWAY_ROOM_PETITION_H
/*
 * A petition: an event of a client in a namespace of rooms on its way to the broker. Each becomes
 * one message of the link, and waits for its answer (desk.c). Used by the desk.
 */
#include "gateway/room/desk_priv.h"
#include "gateway/room/shape.h"

/* Who sent it, what it is, where its answer goes. */
struct petition {
	struct desk *desk;
	struct seat *seat;
	enum event event;
	struct answer_to to;
	struct shape_fields fields;
};

/* Is it an event that clients send? */
bool petition_is_for(enum event event);

/* Asks the broker; its fields have passed shape_check(). */
void petition_send(const struct petition *p);

void petition_fail(const struct petition *p, enum client_error error);

#endif
