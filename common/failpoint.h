#ifndef ROOMCAST_COMMON_FAILPOINT_H
#define ROOMCAST_COMMON_FAILPOINT_H
/*
 * Named places where a test makes the process die as if struck by kill -9. They exist only in
 * code compiled with ROOMCAST_FAILPOINTS; in every other build a failpoint is nothing at all.
 *
 * The environment variable ROOMCAST_FAILPOINT=name:N arms one of them: the N-th time the process
 * comes to it (from 1), it sends itself SIGKILL. With name:N:MS it stands still for so many ms
 * before, so that what its other threads have in hand leaves.
 *
 * ROOMCAST_FAILPOINT=@FILE arms living processes: whatever stands in FILE by then counts. Who is
 * struck takes the file away, so that it strikes one process, once.
 *
 * A mutation is a wrong behaviour that a test switches on (ROOMCAST_MUTATION=name) to show that
 * it would be caught. It exists in the same builds only.
 */
#include "common/base.h"

#ifdef ROOMCAST_FAILPOINTS
void failpoint(const char *name);
bool failpoint_mutation(const char *name);
#else
static inline void failpoint(const char *name)
{
	(void)name;
}
static inline bool failpoint_mutation(const char *name)
{
	(void)name;
	return false;
}
#endif

#endif
