#ifndef ROOMCAST_BROKER_SAY_H
#define ROOMCAST_BROKER_SAY_H
/*
 * How the broker speaks: replies to requests and events to rooms, through the outbox. What
 * concerns a room keeps its order with what else is said of it. One encoding per message,
 * whatever the number of receivers.
 */
#include "broker/broker.h"
#include "broker/member.h"
#include "proto/wire.h"

/* An event for a room. args: an encoded array. */
struct say_event {
	uint64_t gseq; /* 0 = not stored */
	struct str name;
	struct bytes args;
	const struct session *except; /* NULL = nobody is left out */
	bool is_volatile;             /* dropped when it could not be said at once */
	uint64_t batch;               /* the batch it depends on, 0 = none */
	bool is_so_anyway;            /* said also when that batch fails */
};

/* To every peer that holds members of the room. Nothing when there is none. */
void say_to_room(struct broker *b, const struct room *room, const struct say_event *event);

/* An event of a worker or an operator to every peer that holds members of the room, at once. */
void say_cast(struct broker *b, const struct room *room, const struct wire_cast *cast);

/* The good answer to a request. */
struct say_reply {
	uint64_t request;        /* 0 is not answered */
	struct bytes value;      /* an encoded map, which the client's ack gets */
	uint64_t gseq;           /* see REPLY in wire.def */
	const struct room *room; /* said in order with what concerns it; NULL = at once */
	uint64_t batch;          /* the batch it depends on, 0 = none */
	struct bytes otherwise;  /* the value if that batch fails; empty = UNAVAILABLE */
	uint64_t otherwise_gseq;
};

void say_ok(struct broker *b, struct peer *to, const struct say_reply *reply);

/* The bad answer to CONNECT that the client hears as it is. */
struct say_refusal {
	enum client_error error; /* ACCESS_DENIED: by a worker; USER_BANNED, TOKEN_REVOKED */
	struct str message;
	struct bytes data; /* a value, or empty */
};

void say_refusal(
    struct broker *b, struct peer *to, uint64_t request, const struct say_refusal *refusal);

/* Said at once, whatever else waits. */
void say_now(struct broker *b, struct peer *to, const struct wire_message *m);

/* The batch that whatever counts on what is decided by now has to wait for; 0 = none. */
uint64_t say_newest(const struct broker *b);

/*
 * Said behind everything that waits now, for what is decided already may still put back what this
 * takes away; and what is said of the room from there on stands behind this. `instead` is said if
 * what waits fails; NULL: the same.
 */
void say_behind(struct broker *b, struct peer *to, const struct room *room,
    const struct wire_message *m, const struct wire_message *instead);

/* Why something is refused. text: NULL = that of the error's row; retry_after_ms: 0 = not said. */
struct say_fault {
	enum client_error error;
	const char *text;
	uint64_t retry_after_ms;
};

/* The bad answer to a request, said at once. */
void say_fault(struct broker *b, struct peer *to, uint64_t request, const struct say_fault *fault);

/* The same with less to say. */
void say_error(
    struct broker *b, struct peer *to, uint64_t request, enum client_error error, const char *text);

/* rate_limited, said at once. */
void say_limited(struct broker *b, struct peer *to, uint64_t request, uint64_t retry_after_ms);

#endif
