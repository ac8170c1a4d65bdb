#ifndef ROOMCAST_GATEWAY_ROOM_BEARER_H
#define ROOMCAST_GATEWAY_ROOM_BEARER_H
/*
 * The bearer of a token, while he is connected: he is warned when it expires soon, shows a newer
 * one with the event `auth`, and is sent away when it has expired.
 *
 * Where the namespace lets him say later who he is (`auth = deferred`) he begins bare: the gateway
 * lets him in by itself, and the broker learns of him when he has shown a token. He is told a pid
 * beforehand, which the session then gets, so that he can come back to it like everybody else; he
 * cannot say who he is before he is told whether he has his session again, so his pid is enough for
 * the broker while the token that it knows of lives.
 */
#include "gateway/room/desk_priv.h"

/* Who is connected without having said who he is: he is let in, and has some time to say it. */
void bearer_await(struct seat *seat);

/* Connected, with a token: it is watched from now on. */
void bearer_begin(struct seat *seat);

/* Is this event for us, and not for a worker? */
bool bearer_takes(const struct seat *seat, enum event event);

/* The event `auth`. */
void bearer_on_auth(struct seat *seat, const struct answer_to *to, struct str token);

/* The broker's answers to the CONNECT of one who was bare, and to AUTH. */
void bearer_on_connected(const struct pending_request *r, const struct wire_reply *reply);
void bearer_on_refreshed(const struct pending_request *r, const struct wire_reply *reply);
/* There was none in time to AUTH: the older token goes on. */
void bearer_give_up(struct seat *seat);

/* Who somebody is that came back with his pid alone, from the broker's answer. ERR_MALFORMED. */
MUST_USE enum err bearer_recognise(struct seat *seat, const struct wire_reply *reply);

/* Emits the error, then DISCONNECT. The seat is gone afterwards. */
void bearer_end(struct seat *seat, enum client_error error);

/* What is due. */
void bearer_expire(struct desk *d, struct mono now);

/* The seat goes. */
void bearer_free(struct seat *seat);

#endif
