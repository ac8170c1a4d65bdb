#ifndef ROOMCAST_BROKER_CLI_EMISSION_H
#define ROOMCAST_BROKER_CLI_EMISSION_H
/*
 * An emit of roomcastctl: from the command line to what the broker is asked, and what its answer
 * means. The event's arguments are the words behind its name, each a JSON text.
 */
#include "broker/cli/options.h"
#include "common/buf.h"

/*
 * Appends the map that the broker is asked with. ERR_INVALID: a word is no JSON (ret_why tells
 * where), is nested too deep, or options do not go together. Only after command_check.
 */
MUST_USE enum err emission_put_args(
    const struct options *o, struct buf *out, char ret_why[OPTIONS_WHY_SIZE]);

/* How long the broker may take to answer. */
uint64_t emission_wait_ms(const struct options *o);

/* Has everybody answered who was asked? True when nobody was. */
bool emission_is_answered(struct bytes answer);

#endif
