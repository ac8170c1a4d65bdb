#ifndef ROOMCAST_BROKER_CLI_RUN_H
#define ROOMCAST_BROKER_CLI_RUN_H
/*
 * Runs one command from its options to the printed answer and the exit status.
 */
#include "broker/cli/commands.h"

enum run_exit {
#define EXIT(id, when) RUN_##id,
#include "broker/cli/exit.def"
#undef EXIT
};

/* The answer goes to out; what went wrong is one line on err. */
enum run_exit run_command(const struct command *c, const struct options *o, FILE *out, FILE *err);

#endif
