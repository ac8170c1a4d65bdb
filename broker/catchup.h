#ifndef ROOMCAST_BROKER_CATCHUP_H
#define ROOMCAST_BROKER_CATCHUP_H
/*
 * Catching up: gateways that are BEHIND (replay.h) are sent what they missed, read from the log by
 * the archive, a page at a time and as their credit allows, of the rooms that they hold now. What
 * a gateway missed may be too much; then it begins anew where the log ends, and its clients with
 * it.
 */
#include "broker/broker.h"

/* End of turn, before the peers are flushed: asks for the pages that are wanted. */
void catchup_on_turn_end(struct broker *b);

/* A page has been read. */
void catchup_on_log(struct broker *b, const struct archive_log *log);

/* Tries again what could not be read; about once a second. */
void catchup_on_tick(struct broker *b);

#endif
