#ifndef ROOMCAST_BROKER_ADMIN_PRIV_H
#define ROOMCAST_BROKER_ADMIN_PRIV_H
/*
 * What the files of the operator's desk share: a command on its way. admin.c answers what asks for
 * the state, admin_history.c has what is about stored messages, operate.c what changes rights.
 */
#include "broker/admin.h"
#include "broker/decree.h"
#include "broker/why.h"

enum { ADMIN_NAME_SHOWN = 64 }; /* bytes of a name in a sentence about it */

struct waiting;

struct admin {
	struct broker *broker;
	struct waiting *waiting; /* bounded by the archive's queue */
	struct why *why;
	struct decrees *decrees;
};

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

void admin_send_answer(struct admin *a, const struct link_address *to, uint64_t request, enum err e,
    const char *why, struct bytes value);

/* Commands of admin_history.c; and whoever waits for a page is forgotten. */
enum err admin_on_history(struct command_call *call);
enum err admin_on_delete(struct command_call *call);
enum err admin_on_prune(struct command_call *call);
void admin_forget_pages(struct admin *a);

#endif
