#ifndef ROOMCAST_BROKER_DORMANCY_H
#define ROOMCAST_BROKER_DORMANCY_H
/*
 * Dormancy: what becomes of a session whose connection is lost. Its user stays in the rooms for
 * presence-grace-ms; if nobody has come back by then he leaves, once, and the session only
 * remembers where it was. After recovery-window-ms it is over.
 *
 *	live --connection lost--> suspect --grace--> away --window--> over
 *	  ^------------------------- wake ------------'
 */
#include "broker/broker.h"

void dormancy_init(struct broker *b);

/* The connection of a live session with a pid is lost; why, in the words of the log. */
void dormancy_begin(struct broker *b, struct session *s, struct str reason);

/* One that is away, from the database: it was in that room, since that message. */
void dormancy_remind(struct session *s, struct room *r, uint64_t gseq);

/* A session from the database, when the broker starts: its gateway, or its client, is awaited.
 * One that is away is not said to leave once more. */
void dormancy_await(struct broker *b, struct session *s);

/*
 * It has a connection at that peer, whether it was dormant or not. Rooms that the user may not be
 * in any more it leaves (dormancy_tell_lost() says so); who was told that he left hears that he is
 * back.
 */
void dormancy_wake(struct broker *b, struct session *s, struct peer *to);

/*
 * A dormant session is put out of a room (an enum usher_reason). What its client has to be told
 * waits in its berths; it is told, behind the answer to CONNECT, when it is back.
 */
void dormancy_lose_room(struct broker *b, struct session *s, struct room *r, int reason);
/* still_in: an array of the names of rooms that its gateway, which announces it, has it in yet.
 * Whether it hears now that it is not in them, the next announcement says. */
void dormancy_tell_lost(struct broker *b, struct session *s, struct bytes still_in);
/*
 * A live session was put out of a room, and its gateway was told. Whether it has heard of that, the
 * next announcement says: until then, or until the client is back with another connection, the loss
 * stays with the session, and is told once more. No more than the rooms it may be in are kept.
 */
void dormancy_note_put_out(struct broker *b, struct session *s, struct room *r, int reason);
/* It enters the room again, or may: it was not lost. */
void dormancy_forget_lost(struct session *s, const struct room *r);
/* Was it put out of that room, and has not heard of it? */
bool dormancy_has_lost(const struct session *s, const struct room *r);

/* Ends the session that is dormant for the longest time. ERR_NOT_FOUND: none is. */
MUST_USE enum err dormancy_evict(struct broker *b);

/* For turn_every(), with the broker: ends what is due. */
void dormancy_on_pace(void *broker);

#endif
