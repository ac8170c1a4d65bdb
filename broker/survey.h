#ifndef ROOMCAST_BROKER_SURVEY_H
#define ROOMCAST_BROKER_SURVEY_H
/*
 * Surveys: one event that a number of sockets are asked to acknowledge, each within the same time,
 * and what they answered. Who is silent is asked again now and then; whose connection broke before
 * he answered is asked again when he is back. So a client may hear the event more than once, and
 * of its answers the first counts. Nothing of it is stored: a survey ends with its broker.
 *
 * Owned by the operator's desk (admin.h), which begins them through emit.h. A session that ends is
 * forgotten by its surveys; until then they point to it.
 */
#include "broker/broker.h"
#include "proto/wire.h"

struct surveys;

/* Numbers of acks below this one are the workers'; from it on, up to what stock clients can count
 * to, they are given here. */
#define SURVEY_ACK_FIRST (UINT64_C(1) << 52)

enum {
	SURVEYS_MAX = 64,             /* at a time */
	SURVEY_SOCKETS_MAX = 1000,    /* asked by one */
	SURVEYS_SOCKETS_MAX = 10000,  /* by all of them */
	SURVEY_BYTES_MAX = 32 << 20,  /* the event's arguments, times the sockets */
	SURVEY_ANSWER_MAX = 16 << 10, /* an answer that is longer is counted, and not kept */
	SURVEY_ANSWERS_MAX = 2 << 20, /* the same of all answers to one */
	SURVEY_TEXT_SIZE = LIMIT_REASON,
};

/* Who asked, and under which number. */
struct survey_asker {
	struct link_address to;
	uint64_t request;
};

struct survey_order {
	struct survey_asker asker;
	struct str event;
	struct bytes args;   /* an encoded array */
	uint64_t timeout_ms; /* for everything */
	uint64_t retries;    /* evenly over it */
	uint64_t gateways;   /* how many the sockets are at */
};

struct survey_events {
	/* A survey is over: everybody has answered or is gone, or its time is up. value: a map
	 * {sockets, gateways, answered, answers: [{userId, socketId, gateway, outcome, args, tries,
	 * ms}]}. */
	void (*on_result)(void *up, const struct survey_asker *asker, struct bytes value);
};

struct surveys *surveys_new(struct broker *b, const struct survey_events *events, void *up);
/* Those under way are dropped. */
void surveys_free(struct surveys **ss);

/* Is there room for so many sockets, and an event of that size? ERR_TOO_BIG, ERR_FULL; ret_text in
 * words. */
MUST_USE enum err surveys_check(
    const struct surveys *ss, size_t sockets, size_t bytes, char ret_text[SURVEY_TEXT_SIZE]);

/* Asks these sessions, which are live and are at least one; only after surveys_check. */
void survey_begin(struct surveys *ss, const struct survey_order *order,
    struct session *const *sessions, size_t count);

/* A client acknowledges. False: the number is not ours. */
bool survey_on_ack(struct broker *b, const struct peer *p, const struct wire_ack *ack);
/* A session has a connection again, or its gateway a new link: nobody knows whether it was asked.
 */
void survey_on_back(struct broker *b, struct session *s);
/* It is over. */
void survey_on_gone(struct broker *b, struct session *s);

/* Asks again, and ends what is due; several times a second. */
void surveys_on_pace(struct surveys *ss, struct mono now);

#endif
