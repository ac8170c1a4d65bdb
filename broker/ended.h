#ifndef ROOMCAST_BROKER_ENDED_H
#define ROOMCAST_BROKER_ENDED_H
/*
 * The names of gateways whose conversation was ended, and whose members left with it. Bounded:
 * after ENDED_MAX names no other is noted. Used by peers.
 */
#include "common/str.h"

struct ended;

enum { ENDED_MAX = 1000 };

struct ended *ended_new(void);
void ended_free(struct ended **e);

void ended_note(struct ended *e, const char *name);
bool ended_has(const struct ended *e, const char *name);

#endif
