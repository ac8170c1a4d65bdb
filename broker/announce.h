#ifndef ROOMCAST_BROKER_ANNOUNCE_H
#define ROOMCAST_BROKER_ANNOUNCE_H
/*
 * Announcements: a gateway whose link was broken says who is connected to it, and in which rooms.
 * What was said to it meanwhile it has not heard, so each session is compared with what is known of
 * it here, and where the two differ the gateway, or the session, is put right.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/*
 * rooms: what it says its client is in, an encoded array. Where the user may not be, or was put
 * out, the gateway is told so; where only the gateway has him he is entered without a word, unless
 * the others were told that the gateway's members left, and his session is not recovered any more,
 * for what it missed there could not be told; where only the broker has him he leaves,
 * for an answer was lost, but not what he is a member of: there the gateway is told that he is in.
 * was_live: the session lived on here meanwhile; otherwise memberships that are younger than
 * its connection may be new to it, and are entered as by CONNECT.
 */
void announce_compare(struct broker *b, struct session *s, struct bytes rooms, bool was_live);

/* There is no place for it here, or it is not what it was: its client shall come anew. */
void announce_send_away(struct broker *b, struct peer *p, const struct wire_connect *c);

/* True: somebody has ended that connection, and its gateway is told once more. */
bool announce_refuse_expelled(struct broker *b, struct peer *p, const struct wire_connect *c);

#endif
