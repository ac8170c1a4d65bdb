#ifndef ROOMCAST_BROKER_USHER_H
#define ROOMCAST_BROKER_USHER_H
/*
 * The usher: puts sessions out of rooms and out of the house, and into rooms, because somebody else
 * wants it so. Their clients are told, by room-left with a reason, room-joined, or the error event
 * and DISCONNECT; so are the others in the room. A session whose connection is lost loses the room
 * all the same, and its client hears of it when it comes back.
 *
 * What is done is done in memory at once, and in the batch that gathers. What must be in the
 * database together with the reason for it is put there before, by usher_prepare_*(): how many rows
 * that were is the answer, and nothing else changes.
 */
#include "broker/broker.h"
#include "broker/say.h"

/* The reasons of room-left. */
enum usher_reason {
	USHER_REMOVED,
	USHER_KICKED,
	USHER_BANNED,
	USHER_PRIVATE,
	USHER_ARCHIVED,
};

const char *usher_reason_text(enum usher_reason reason);

/* Tells the client of a session that it is not, or is, in a room, behind what waits to be said. */
void usher_tell_left(
    struct broker *b, const struct session *s, const struct room *r, enum usher_reason reason);
void usher_tell_joined(struct broker *b, const struct session *s, const struct room *r);

/* The gateway of a session does not know that it is in a room; nor does its client. */
void usher_tell_in(struct broker *b, const struct member *in);

/* The gateway of a session believes that it is in a room where it is not. */
void usher_keep_out(struct broker *b, const struct session *s, const struct room *r);

/* This session out of that room, whether it is there or comes back there when it wakes. */
void usher_out_of_room(
    struct broker *b, struct session *s, struct room *r, enum usher_reason reason);

/* The same of all sessions of a user; of all who may not be there any more. */
size_t usher_prepare_user(struct broker *b, const struct room *r, struct str user);
void usher_user_out_of_room(
    struct broker *b, struct room *r, struct str user, enum usher_reason reason);
void usher_strangers_out_of_room(struct broker *b, struct room *r, enum usher_reason reason);

/* Ends a session. ban: what its client is told of before DISCONNECT; NULL = nothing. The second
 * tells it that its token was revoked. */
void usher_end(struct broker *b, struct session *s, const struct sanction *ban);
void usher_end_revoked(struct broker *b, struct session *s);

/* The same of all sessions of a user in a namespace; an empty one is every namespace. */
size_t usher_prepare_end(struct broker *b, struct str nsp, struct str user);
void usher_end_user(struct broker *b, struct str nsp, struct str user, const struct sanction *ban);

/* A session into a room that its user is a member of, and it not yet; not where it was put out, and
 * nobody has told its client yet. True: it is in, and its gateway has to be told. */
bool usher_enter_membership(struct broker *b, struct session *s, struct room *r);

/* The living sessions of a user into the room, as when they connect. */
void usher_user_into_room(struct broker *b, struct room *r, struct str user);

#endif
