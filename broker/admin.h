#ifndef ROOMCAST_BROKER_ADMIN_H
#define ROOMCAST_BROKER_ADMIN_H
/*
 * The operator's desk: answers the commands of roomcastctl from the state in memory, history from
 * the archive, what became of a message with the help of the gateways (why.h), and what clients
 * say to an event (emit.h).
 */
#include "broker/broker.h"
#include "proto/wire.h"

struct admin;

struct admin *admin_new(struct broker *b);
void admin_free(struct admin **a);

/* A letter from LINK_CONTROL: one ASK. Answers at once or, where somebody else has to be asked,
 * when that one has answered. */
void admin_receive(struct admin *a, const struct link_letter *letter);

/* The answer to a command that had to wait for the database: a map, or its error. */
void admin_answer(struct admin *a, const struct link_address *to, uint64_t request, enum err e,
    struct bytes value);

/* What became of a batch. */
void admin_on_stored(struct admin *a, uint64_t batch, enum err error);

/* archive_events. */
void admin_on_page(struct admin *a, const struct archive_answer *answer);
/* False: it was not asked for here. */
bool admin_on_log(struct admin *a, const struct archive_log *log);

/* Handler of WHY_ANSWER. */
void admin_on_why_answer(struct broker *b, struct peer *p, const struct wire_message *m);

/* Ends what has waited long enough; several times a second. admin: the struct admin. */
void admin_on_pace(void *admin);

#endif
