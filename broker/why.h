#ifndef ROOMCAST_BROKER_WHY_H
#define ROOMCAST_BROKER_WHY_H
/*
 * Questions of operators about one stored message: its row is read from the database by the
 * archive, then every gateway on the link is asked what became of it there, and the answers are
 * gathered until all are in or WHY_WAIT_MS have passed. Nothing is kept for a message that nobody
 * asks about. Owned by the operator's desk (admin.h).
 */
#include "broker/broker.h"
#include "proto/wire.h"

struct why;

enum { WHY_QUESTIONS_MAX = 16, WHY_WAIT_MS = 1000, WHY_TEXT_SIZE = LIMIT_REASON };

/* Who asked, and under which number. */
struct why_asker {
	struct link_address to;
	uint64_t request;
};

/* The answer to a question that why_ask() took: a map, or an error in words. Views. */
struct why_answer {
	enum err error;
	const char *text;
	struct bytes value;
};

struct why_events {
	void (*on_answer)(void *up, const struct why_asker *asker, const struct why_answer *answer);
};

struct why *why_new(struct broker *b, const struct why_events *events, void *up);
/* Questions that wait are dropped. */
void why_free(struct why **w);

/*
 * Asks about the message with this id; on_answer follows, {id, nsp, room, members, seq, gseq,
 * userId, username, type, timestamp, gateways: [{id, state, outcome, sockets, written, lagging,
 * recovered, at}]}; of a gateway that does not say `delivered` the first three. ERR_INVALID: that
 * is no id; ERR_NOT_FOUND: it was never given; ERR_UNAVAILABLE: it is not committed yet; ERR_FULL.
 */
MUST_USE enum err why_ask(
    struct why *w, const struct why_asker *asker, struct str id, char ret_text[WHY_TEXT_SIZE]);

/* The archive has read a page of the log, whoever asked for it. False: it was not asked for here.
 */
bool why_on_log(struct why *w, const struct archive_log *log);

/* A gateway has answered. */
void why_on_answer(struct why *w, const struct peer *p, const struct wire_why_answer *answer);

/* Ends the questions whose time is over. */
void why_expire(struct why *w, struct mono now);

#endif
