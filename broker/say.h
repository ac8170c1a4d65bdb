#ifndef ROOMCAST_BROKER_SAY_H
#define ROOMCAST_BROKER_SAY_H
/*
 * How the broker speaks: replies to requests and events to rooms, put into the outbox in the
 * order of the decisions. One encoding per message, whatever the number of receivers.
 */
#include "broker/broker.h"
#include "broker/member.h"

/* An event for a room. args: an encoded array. */
struct say_event {
	uint64_t gseq; /* 0 = not stored */
	struct str name;
	struct bytes args;
	const struct session *except; /* NULL = nobody is left out */
	bool is_volatile;
	uint64_t batch; /* the batch it depends on, 0 = none */
};

/* To every peer that holds members of the room. Nothing when there is none. */
void say_to_room(struct broker *b, const struct room *room, const struct say_event *event);

/* value: an encoded map, which the client's ack gets. batch 0 = depends on none. If that batch
 * fails the request is answered with UNAVAILABLE. request 0 is not answered. */
void say_ok(struct broker *b, struct peer *to, uint64_t request, struct bytes value,
    uint64_t batch);

/* text: NULL = that of the error's row. */
void say_error(struct broker *b, struct peer *to, uint64_t request, enum client_error error,
    const char *text);

#endif
