/*
 * The ledger says what each member ought to have received, and so finds what was lost, doubled or
 * out of order. Used by trial, which enters every delivery. Pure.
 *
 * The rule: the room stood at seq `base` when all had joined; message number n (from 0, one
 * publisher) has seq base + 1 + n, and every member gets each of them once, in that order.
 */
#ifndef BENCH_LEDGER_H
#define BENCH_LEDGER_H

#include <stddef.h>
#include <stdint.h>

struct ledger;

enum ledger_finding {
	LEDGER_RIGHT,
	LEDGER_AGAIN, /* this member has had it, or one behind it */
	LEDGER_GAP,   /* at least one before it never came */
	LEDGER_SEQ,   /* the seq is not the one that this message has */
};

struct ledger *ledger_new(size_t members);
void ledger_free(struct ledger **);

/* All have joined, and the room stands at this seq. */
void ledger_begin(struct ledger *, uint64_t base);
uint64_t ledger_seq_of(const struct ledger *, uint64_t number);

enum ledger_finding ledger_enter(struct ledger *, size_t member, uint64_t number, uint64_t seq);

/* The number of the message that the member waits for. */
uint64_t ledger_awaited(const struct ledger *, size_t member);
/* Deliveries entered, those that were found wrong among them not counted. */
uint64_t ledger_right(const struct ledger *);
uint64_t ledger_wrong(const struct ledger *);

const char *ledger_finding_text(enum ledger_finding);

#endif
