#ifndef ROOMCAST_BROKER_EMIT_H
#define ROOMCAST_BROKER_EMIT_H
/*
 * Emits: an event that an operator wants said, to one socket, to all sockets of a user, or to a
 * room. Without an ack it is sent and forgotten; with one it becomes a survey (survey.h). Used by
 * the operator's desk.
 */
#include "broker/broker.h"
#include "broker/survey.h"

enum { EMIT_TEXT_SIZE = SURVEY_TEXT_SIZE, EMIT_TIMEOUT_MAX_MS = 600000, EMIT_RETRIES_MAX = 100 };

struct emit_order {
	struct str nsp, event;
	struct bytes args;             /* an encoded array */
	struct str socket, user, room; /* one of them; the others are empty */
	bool has_ack;
	struct survey_asker asker; /* with an ack, as these */
	uint64_t timeout_ms, retries;
};

/*
 * Without an ack appends {sockets, gateways}: how many it was sent to, at how many gateways; with
 * one the result follows as that of a survey. ERR_NOT_FOUND: no such namespace, room or socket;
 * ERR_UNAVAILABLE: nobody is connected who could hear it; ERR_INVALID, ERR_TOO_BIG, ERR_FULL.
 * ret_text in words.
 */
MUST_USE enum err emit_run(struct broker *b, const struct emit_order *order, struct buf *ret_value,
    char ret_text[EMIT_TEXT_SIZE]);

/* The command `emit`: an order from its arguments, with an ack when it has a timeout. */
struct command_call;
enum err emit_on_command(struct command_call *call);

#endif
