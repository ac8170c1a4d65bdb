#ifndef ROOMCAST_BROKER_CLI_HELP_H
#define ROOMCAST_BROKER_CLI_HELP_H
/*
 * What --help prints, made from the tables of commands and options.
 */
#include "broker/cli/commands.h"

/* Of one command, or of the program when c is NULL. */
void help_print(FILE *out, const struct command *c);

#endif
