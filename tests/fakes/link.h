#ifndef ROOMCAST_TESTS_FAKES_LINK_H
#define ROOMCAST_TESTS_FAKES_LINK_H
/*
 * The link in the hand of the test; see link.c.
 */
#include "broker/link.h"

struct fake_link {
	enum err fault;   /* what the test sets: ERR_FULL, ERR_CLOSED = nothing is taken */
	unsigned letters; /* taken */
	struct buf log;   /* a line for each: address, then its messages by wire_print */
	struct buf last;  /* body of the last one */
};

extern struct fake_link fake_link;

void fake_link_reset(void);

/* Empties the log. */
void fake_link_forget(void);

/* Is this in the log? */
bool fake_link_sent(const char *text);

/* A LINK_IPC address whose id is this text. */
struct link_address fake_link_address(const char *id);

#endif
