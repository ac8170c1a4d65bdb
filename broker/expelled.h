#ifndef ROOMCAST_BROKER_EXPELLED_H
#define ROOMCAST_BROKER_EXPELLED_H
/*
 * The expelled: connections that somebody has ended, kept in mind for as long as their gateway may
 * come back with them, because it has not heard of it (announce.h). A session that could be found
 * again lives for the lease and the recovery window; so long they are kept, and the newest
 * EXPELLED_MAX of them.
 */
#include "broker/broker.h"

enum { EXPELLED_MAX = 1000 };

void expelled_note(struct broker *b, struct str socket);
bool expelled_has(const struct broker *b, struct str socket);

/* The same for connections that were put out of a room and whose session, which knew it, is over.
 */
void expelled_note_from(struct broker *b, struct str socket, const struct room *r);
bool expelled_has_from(const struct broker *b, struct str socket, const struct room *r);
/* It is in again. */
void expelled_forget_from(struct broker *b, struct str socket, const struct room *r);

/* The broker stops. */
void expelled_forget_all(struct broker *b);

#endif
