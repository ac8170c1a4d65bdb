#ifndef ROOMCAST_BROKER_REPLAY_H
#define ROOMCAST_BROKER_REPLAY_H
/*
 * Where a peer stands in the log of stored messages, and how it comes to its end. Pure.
 *
 *	LIVE      what is released is queued for the peer at once
 *	BEHIND    only its place (a gseq) is kept; what was stored after it is read from the log,
 *	          a page at a time, when the peer has taken in enough
 *
 * A peer is BEHIND when it begins a conversation, and when its queue is full. While a page is being
 * read, what is released meanwhile is kept aside (the tail, bounded). A page that reaches all that
 * was released when it was asked for closes the gap: the tail follows it and the peer is LIVE, with
 * nothing left out and nothing twice.
 */
#include "common/frame.h"

struct replay;

enum { REPLAY_TAIL_MAX_BYTES = 1 << 20 };

/* BEHIND at place 0, and waiting for replay_begin. */
struct replay *replay_new(void);
void replay_free(struct replay **r);

/* BEHIND at this place. A page that is being read is not waited for any more. */
void replay_begin(struct replay *r, uint64_t place);

/*
 * Its rooms are known from now on. Messages numbered before, up to `upto`, may not have been said
 * to it: it is not LIVE before they are read from the log.
 */
void replay_require(struct replay *r, uint64_t upto);
/* No number above this one counts any more: what was numbered was not committed. */
void replay_void(struct replay *r, uint64_t above);

/* A stored message is released. True: to be queued now; else the log has it, or the tail. */
bool replay_pass(struct replay *r, uint64_t gseq, struct frame *message, bool is_full);

/* Everything up to this gseq is behind a peer that is LIVE, whether or not it concerned it. */
void replay_advance(struct replay *r, uint64_t gseq);

bool replay_is_live(const struct replay *r);
uint64_t replay_place(const struct replay *r);

/* BEHIND, no page is being read, and what is required is released: the next may be asked for. */
bool replay_wants_page(const struct replay *r, uint64_t released);

/* A page up to this gseq, all that is released now, was asked for; the ticket names it. */
void replay_ask(struct replay *r, uint64_t ticket, uint64_t upto);
bool replay_is_waiting_for(const struct replay *r, uint64_t ticket);

/* The page could not be read: the same may be asked again. */
void replay_fail(struct replay *r);

/*
 * The page was read and queued up to `reached`. When the peer is LIVE with it, the messages of the
 * tail are to be queued now: replay_next_of_tail() gives one after the other, with a reference that
 * is the caller's.
 */
void replay_reach(struct replay *r, uint64_t reached);
struct frame *replay_next_of_tail(struct replay *r);

#endif
