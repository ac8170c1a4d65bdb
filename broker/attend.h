#ifndef ROOMCAST_BROKER_ATTEND_H
#define ROOMCAST_BROKER_ATTEND_H
/*
 * Being in rooms: joining, leaving, typing, and telling the others who came and went.
 */
#include "broker/broker.h"
#include "broker/member.h"
#include "proto/wire.h"

/* Handlers of the wire messages of the same name. */
void attend_on_join(struct broker *b, struct peer *p, const struct wire_message *m);
void attend_on_leave(struct broker *b, struct peer *p, const struct wire_message *m);
void attend_on_typing(struct broker *b, struct peer *p, const struct wire_message *m);

/* The session of a request, NULL after the request was answered with an error. */
struct session *attend_session(
    struct broker *b, struct peer *p, struct str socket, uint64_t request);

/* Whether the others in the room hear of it. */
enum attend_notice { ATTEND_SILENT, ATTEND_TOLD };

/* Puts the session into the room; nothing when it is there already. */
void attend_enter(struct broker *b, struct session *s, struct room *r, enum attend_notice notice);

/* The same for one that was there before, since gseq; the others hear of it. */
void attend_return(struct broker *b, struct session *s, struct room *r, uint64_t gseq);

/* The same without a word, at start: nobody has left yet. */
void attend_board(struct broker *b, struct session *s, struct room *r, uint64_t gseq);

/* Ends one membership and tells those who stay; the room may be gone afterwards. */
void attend_leave(struct broker *b, struct member *m);
void attend_leave_all(struct broker *b, struct session *s);

/*
 * The room of that name, made if the namespace makes rooms by joining. ERR_NOT_FOUND: there is none
 * and none is made; ERR_FULL: there are as many rooms as there may be.
 */
MUST_USE enum err attend_find_or_create(
    struct broker *b, struct str nsp, struct str name, struct room **ret);

/* Puts a room that has no row yet into the batch that gathers. */
void attend_store_room(struct broker *b, struct room *r);

/* What it was made for has failed, and nothing of it is stored: it goes, unless somebody came to it
 * meanwhile; then it is what he would have made by entering. */
void attend_undo_room(struct broker *b, struct room *r);

#endif
