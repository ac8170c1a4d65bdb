#ifndef ROOMCAST_BROKER_MISSED_H
#define ROOMCAST_BROKER_MISSED_H
/*
 * Replays: what recovered sessions missed, page by page, for their gateways to ask for. All of it
 * is committed, and its range is fixed by the answer to CONNECT. The pages are read by the archive;
 * when many clients come back at once, their requests wait here for their turn.
 */
#include "broker/broker.h"
#include "proto/wire.h"

/* Handler of REPLAY. */
void missed_on_replay(struct broker *b, struct peer *p, const struct wire_message *m);

/* The archive has read a page, whoever asked for it. False: it was not asked for here. */
bool missed_on_page(struct broker *b, const struct archive_answer *answer);

/* The peer is gone (NULL: all of them): nobody waits for its pages. */
void missed_forget(struct broker *b, const struct peer *p);

#endif
