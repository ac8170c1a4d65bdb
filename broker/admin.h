#ifndef ROOMCAST_BROKER_ADMIN_H
#define ROOMCAST_BROKER_ADMIN_H
/*
 * The operator's desk: answers the commands of roomcastctl from the state in memory, and history
 * from the archive.
 */
#include "broker/broker.h"

struct admin;

struct admin *admin_new(struct broker *b);
void admin_free(struct admin **a);

/* A letter from LINK_CONTROL: one ASK. Answers at once or, for history, when the page is read. */
void admin_receive(struct admin *a, const struct link_letter *letter);

/* archive_events. */
void admin_on_page(struct admin *a, const struct archive_answer *answer);

#endif
