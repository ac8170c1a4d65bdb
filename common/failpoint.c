#include "common/failpoint.h"

#ifdef ROOMCAST_FAILPOINTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_armed(const char *name, unsigned long *ret_count)
{
	const char *armed = getenv("ROOMCAST_FAILPOINT");
	size_t len = strlen(name);

	if (!armed || strncmp(armed, name, len) != 0 || armed[len] != ':')
		return false;
	*ret_count = strtoul(armed + len + 1, NULL, 10);
	return true;
}

void failpoint(const char *name)
{
	/* One counter is enough: only one name is armed, and only that one counts. */
	static atomic_ulong passed;
	unsigned long deadly;

	if (!is_armed(name, &deadly))
		return;
	if (atomic_fetch_add(&passed, 1) + 1 == deadly)
		kill(getpid(), SIGKILL);
}

bool failpoint_mutation(const char *name)
{
	const char *chosen = getenv("ROOMCAST_MUTATION");

	return chosen && strcmp(chosen, name) == 0;
}

#else

/* A file without any declaration is not C. */
typedef int failpoint_is_not_compiled;

#endif
