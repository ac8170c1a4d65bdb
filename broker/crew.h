#ifndef ROOMCAST_BROKER_CREW_H
#define ROOMCAST_BROKER_CREW_H
/*
 * The crew: the application workers (hands) that serve worker namespaces, the sockets each of them
 * serves (wards), and what it was given and has not answered (tasks). A ward keeps its hand as long
 * as that lives, so that its tasks are done in order. Used by work.c and order.c. Pure bookkeeping.
 */
#include "broker/session.h"
#include "common/frame.h"
#include "proto/wire.h"

struct crew;
struct peer;

struct hand {
	struct peer *peer;
	char **namespaces; /* namespace_count of them */
	size_t namespace_count;
	struct ward *wards; /* list */
	size_t ward_count;
	size_t task_count, task_bytes;
	bool is_gone; /* gets no more wards */
	struct hand *prev, *next;
};

struct ward {
	struct session *session;
	struct hand *hand;     /* NULL: nobody serves it now */
	struct task *tasks;    /* list, in the order of asking */
	uint64_t last_request; /* of its events */
	bool is_admitted;      /* a worker has accepted it */
	struct ward *prev, *next;
};

struct task {
	uint64_t number;
	struct ward *ward;
	enum wire_type type;   /* WIRE_WORK_CONNECT or WIRE_WORK_EVENT */
	uint64_t request;      /* of the gateway */
	struct frame *message; /* encoded, for another hand */
	struct task *prev, *next;
	UT_hash_handle hh;
};

struct crew *crew_new(void);
/* Every ward must be gone. */
void crew_free(struct crew **c);

/* The peer serves these (an encoded array of strings). ERR_INVALID; ERR_EXISTS: it serves already.
 */
MUST_USE enum err crew_add(struct crew *c, struct peer *peer, struct bytes namespaces);
/* Is there one for it? */
bool crew_serves(const struct crew *c, struct str nsp);
/* NULL when the peer is no worker. */
struct hand *crew_find(const struct crew *c, const struct peer *peer);
bool hand_serves(const struct hand *h, struct str nsp);
/* Its wards must have parted from it. Leaves NULL. */
void crew_remove(struct crew *c, struct hand **h);

/* The session's ward, from now until ward_free. */
struct ward *ward_new(struct session *s);
/* Ends its tasks. Leaves NULL, in the session too. */
void ward_free(struct crew *c, struct ward **w);

/* Gives the ward the hand of its namespace that has the fewest wards. False: there is none. */
bool crew_hire(struct crew *c, struct ward *w);
void crew_part(struct ward *w);

/* The number of the next task; each call gives another. */
uint64_t crew_next_task(struct crew *c);
/* Copies the facts and takes its own reference of the message. ERR_FULL: the hand has too much. */
MUST_USE enum err crew_add_task(struct crew *c, const struct task *facts);
/* A task that this hand was given; NULL when there is none. */
struct task *crew_find_task(const struct crew *c, const struct hand *h, uint64_t number);
/* The task of a ward that came with that request; NULL when there is none. */
struct task *ward_find_task(const struct ward *w, uint64_t request);
void crew_end_task(struct crew *c, struct task **t);

#endif
