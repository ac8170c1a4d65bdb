#ifndef ROOMCAST_BROKER_PRESENCE_H
#define ROOMCAST_BROKER_PRESENCE_H
/*
 * Presence: telling those in a room who came and who went. Of users, not of sockets: a second tab
 * is nobody new.
 *
 * In a room of up to presence-detail-max users each is told of each, at once, by name. With more
 * in it that would be a flood, so only their number is told: what happens is gathered, and told in
 * one message a room at most every presence-tick-ms; and nothing is, when as many came as went.
 */
#include "broker/broker.h"
#include "broker/member.h"

void presence_init(struct broker *b);

/* Appends {roomId, userId, username}: whom an event in a room is about. */
void presence_put_user(struct buf *args, const struct room *r, const struct user *u);

/* m was just added. is_first: its user was not there before. */
void presence_entered(struct broker *b, struct member *m, bool is_first);

/* What is known of somebody who leaves, once his membership is gone. */
struct presence_parting {
	struct room *room;
	const struct session *session;
	bool is_last;   /* its user is not there any more */
	uint32_t round; /* member.round */
	uint64_t batch; /* that the database has it with: nobody hears of it before; 0 = none */
};

void presence_left(struct broker *b, const struct presence_parting *who);

/* For turn_every(), with the broker: tells what is due. */
void presence_on_pace(void *broker);

#endif
