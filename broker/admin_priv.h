#ifndef ROOMCAST_BROKER_ADMIN_PRIV_H
#define ROOMCAST_BROKER_ADMIN_PRIV_H
/*
 * What the files of the operator's desk share: a command on its way. admin.c answers what asks for
 * the state, operate.c does what changes it.
 */
#include "broker/admin.h"

enum { ADMIN_NAME_SHOWN = 64 }; /* bytes of a name in a sentence about it */

/* A command as it is answered: args in, value or why out. */
struct command_call {
	struct broker *broker;
	const struct command *command;
	const struct link_address *from;
	uint64_t request;
	struct bytes args;
	struct buf value;
	char why[LIMIT_REASON];
	bool is_answered_later;
};

struct command {
	const char *name;
	enum err (*run)(struct command_call *call);
	int detail; /* run's own */
};

struct str admin_arg_str(const struct command_call *call, const char *name, const char *fallback);
uint64_t admin_arg_u64(const struct command_call *call, const char *name, uint64_t fallback);

/* Its beginning, cut between two characters: half of one would spoil the whole answer. */
struct str admin_cut(struct str s);

/* The room a command names, NULL with why when there is none. */
struct room *admin_find_room(struct command_call *call);

#endif
