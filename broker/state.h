#ifndef ROOMCAST_BROKER_STATE_H
#define ROOMCAST_BROKER_STATE_H
/*
 * What the broker knows in memory of what is in the database: rooms, memberships, sessions,
 * numbers.
 */
#include "broker/broker.h"

/* At start: fills the empty tables. Errors of the reader; ret_why says it in words. */
MUST_USE enum err state_load(struct broker *b, char *ret_why, size_t why_size);

/*
 * After a batch that was not committed: the numbers given out are void, the database alone knows
 * which ones count. Clears is_numbering_stale when that is settled; errors of the reader.
 */
MUST_USE enum err state_read_numbers(struct broker *b);

#endif
