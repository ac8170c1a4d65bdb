#ifndef ROOMCAST_BROKER_ROLL_H
#define ROOMCAST_BROKER_ROLL_H
/*
 * The roll: the sessions that can be recovered, as they stand in the database, so that a broker
 * that was killed still knows them. What happens to a session is put into the batch that gathers,
 * and who is told of it waits for that batch. What a batch that failed took along is put in again,
 * about once a second, until the disk takes it; a session that was never written before is then
 * not recoverable, and its gateway was not told that it is.
 *
 * All of them do nothing for a session without a pid.
 */
#include "broker/broker.h"

/* Stands in the database before the connection of a session that is away; no id begins with it. */
#define ROLL_AWAY "~"

/* May a session be promised to be there after a crash? Not while the disk is in trouble. */
bool roll_is_open(const struct broker *b);

/* A new session, or one whose connection has changed, or that went away or came back. */
void roll_put(struct broker *b, struct session *s);

/* It joined (at s->gseq of its member) or left; rooms that are never stored are left out. */
void roll_join(struct broker *b, struct session *s, struct room *r, uint64_t gseq);
void roll_leave(struct broker *b, struct session *s, const struct room *r);

/* It is over, and about to be forgotten. */
void roll_end(struct broker *b, struct session *s);

/* Would a broker that starts now know it? From the commit on that its client was told the pid with.
 */
bool roll_is_stored(const struct broker *b, const struct session *s);

/* The batch that what was put in last of it depends on; 0 = none any more. */
uint64_t roll_batch(const struct session *s);

void roll_on_committed(struct broker *b, uint64_t batch);
void roll_on_failed(struct broker *b);
void roll_on_tick(struct broker *b);

/* It goes on, and nobody gets it back. */
void roll_give_up(struct broker *b, struct session *s);

/* The broker stops. */
void roll_forget_all(struct broker *b);

#endif
