#ifndef ROOMCAST_BROKER_OPERATE_H
#define ROOMCAST_BROKER_OPERATE_H
/*
 * Operators' commands about rooms, their members, and users who misbehave: they become changes
 * (change.h), and are answered when those are in the database. Part of the operator's desk.
 */
#include "broker/admin_priv.h"

/* The n-th command or NULL. */
const struct command *operate_command(size_t n);

#endif
