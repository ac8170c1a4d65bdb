#ifndef ROOMCAST_BROKER_REVIEW_H
#define ROOMCAST_BROKER_REVIEW_H
/*
 * Operators' commands that ask what rights there are, and change none. Part of the operator's desk;
 * in the table of operate.h, whose commands change what these show.
 */
#include "broker/admin_priv.h"

/* The room a command names, which has members and is stored: not a worker's. NULL, with why. */
struct room *review_find_room(struct command_call *call);

/* Has it named one? */
bool review_names_room(const struct command_call *call);

enum err review_room(struct command_call *call);
enum err review_memberships(struct command_call *call);
enum err review_sanctions(struct command_call *call); /* detail: enum sanction_kind */

#endif
