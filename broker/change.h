#ifndef ROOMCAST_BROKER_CHANGE_H
#define ROOMCAST_BROKER_CHANGE_H
/*
 * Changes of rights, on their way: what an operator or a moderator wants is put into the batch that
 * gathers, with the rooms that lost sessions lose by it, and takes effect when that batch is
 * committed: in memory, on open sockets, and in the log. Then whoever asked is answered. If the
 * batch fails nothing has changed, and he is answered so. Used by moderate.h and operate.h, which
 * have looked whether it may be.
 *
 * What is asked before an earlier change is committed is judged by what was before both, and takes
 * effect behind it.
 */
#include "broker/broker.h"
#include "broker/link.h"

enum change_kind {
	CHANGE_ROOM,   /* the room is public or not, archived or not */
	CHANGE_MEMBER, /* the user has that role in the room; ROLE_NONE: he does not belong to it */
	CHANGE_IMPOSE, /* a ban or a mute */
	CHANGE_LIFT,   /* its end */
	CHANGE_KICK,   /* the user leaves the room; without a room, all he has in the namespace */
	CHANGE_END,    /* one socket ends */
	CHANGE_KINDS
};

/* Who is answered, and how; never within change_put(). */
struct change_asker {
	void (*answer)(
	    struct broker *b, const struct change_asker *asker, enum err e, struct bytes value);
	struct peer *peer; /* of a client's request; NULL = an operator's, from: */
	struct link_address to;
	uint64_t request; /* 0 = nobody waits for it any more */
};

struct room_kind {
	bool is_public, is_archived;
};

/* All text is borrowed. */
struct change_order {
	enum change_kind kind;
	uint64_t room;  /* id; 0 = none */
	struct str nsp; /* without a room: empty = every namespace */
	struct str user;
	struct str socket; /* id of its connection; its session ends, whatever its next one is */
	struct str by;     /* the moderator; empty = an operator */
	struct str reason;
	struct room_kind room_kind;
	bool is_new; /* the room was made for this, and goes again if it fails */
	enum role role;
	enum sanction_kind sanction;
	struct wall until; /* 0 = for ever */
	struct change_asker asker;
	struct bytes answer; /* an encoded map, for him */
};

/* What the room is when all that is on its way has taken effect: what an order for a room starts
 * from, as it carries both. */
struct room_kind change_foresee(const struct broker *b, const struct room *r);

/* ERR_FULL: there are as many bans and mutes, or memberships, as there may be; ERR_UNAVAILABLE: the
 * disk cannot take it now. Nothing is answered then. */
MUST_USE enum err change_put(struct broker *b, const struct change_order *order);

/* Is this request of the peer on its way already? It is answered then, whoever asks again. */
bool change_is_asked(const struct broker *b, const struct peer *p, uint64_t request);

/* Those up to this batch take effect. At the end of a turn, with 0: those that need none. */
void change_on_committed(struct broker *b, uint64_t batch);
void change_on_failed(struct broker *b);

/* The peer is gone, or its conversation is: it is not answered. */
void change_forget(struct broker *b, const struct peer *p);
/* The broker stops. */
void change_forget_all(struct broker *b);

/* Takes bans and mutes that are over out of the database; about once a second. */
void change_on_tick(struct broker *b);

#endif
