#ifndef ROOMCAST_GATEWAY_EIO_POLLING_H
#define ROOMCAST_GATEWAY_EIO_POLLING_H
/*
 * The long-polling side of sessions: a GET waits until there is something to say and takes all of
 * it along, a POST brings packets. There is one of each at a time; a second one, or one that is
 * broken off, ends the session, because nobody knows then what the client has got.
 *
 * For the server alone, which turns the callbacks of libwebsockets into these calls.
 */
#include "gateway/eio/http.h"
#include "gateway/eio/session_priv.h"

/* All polling sessions of one server, and all its plain requests. */
struct polls;

/*
 * A plain request that waits: a GET for news, one with a body for that, any other for the end of
 * the turn. None is answered in the callback that tells of it, because libwebsockets loses its
 * place, and may spin for ever, when requests come one behind the other and the first is over
 * before it has come back to where it reads. So a second request finds the first one waiting.
 */
struct exchange;

/* cookie: the name of one with the id of the session, set by its first answer; "" = none. It must
 * outlive them. */
struct polls *polls_new(struct eio_family *family, uint64_t max_body_bytes, const char *cookie);
/* Its exchanges are freed before it. */
void polls_free(struct polls **set);

/* What a sid stands for in a request of that revision; "" = EIO_SID_NONE. */
enum eio_sid polls_sid(const struct polls *set, struct str sid, enum eio_revision revision);

/* A request that may poll (eio_request_may_poll). */
MUST_USE struct exchange *polls_request(
    struct polls *set, struct wire *w, const struct http_request *r, struct mono now);

/* Any other, whose answer is known already; its body is read and forgotten. */
MUST_USE struct exchange *exchange_new_take(
    struct polls *set, struct wire *w, const struct http_request *r, struct frame **answer);

/* Some of the body came. false = hang up: it is too much, or has taken too long by now. */
MUST_USE bool exchange_receive(struct exchange *x, struct bytes chunk, struct mono now);

/* All of it came. false = hang up. */
MUST_USE bool exchange_complete(struct exchange *x, struct mono now);

/* Its request is over. true = it was waiting: it is broken off, and its session, if any, closed. */
bool exchange_drop(struct exchange *x);
/* The same, and frees. */
void exchange_free(struct exchange **x);

/*
 * The end of a turn: answers requests, polls if there is something to say, and frees what has
 * closed.
 * true = as with websockets_end_turn().
 */
MUST_USE bool polls_end_turn(struct polls *set, struct mono now);

/* Forgets the last words of closed sessions that nobody came for; when that is due next, false =
 * never. */
void polls_expire(struct polls *set, struct mono now);
bool polls_next_due(const struct polls *set, struct mono *ret_due);

/* As polls_end_turn(), and no client comes back for what it has not got. */
void polls_end_last_turn(struct polls *set);

#endif
