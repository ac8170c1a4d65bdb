#include "common/failpoint.h"

#ifdef ROOMCAST_FAILPOINTS

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ARMED_SIZE = 100 };

/* The file that arms; NULL = the environment does it by itself. */
static const char *arming_file(void)
{
	const char *armed = getenv("ROOMCAST_FAILPOINT");

	return armed && armed[0] == '@' ? armed + 1 : NULL;
}

/* What is armed now; empty = nothing. */
static void read_armed(char ret[ARMED_SIZE])
{
	const char *file = arming_file(), *armed = getenv("ROOMCAST_FAILPOINT");
	ssize_t len = 0;

	if (file) {
		int fd = open(file, O_RDONLY | O_CLOEXEC);

		if (fd >= 0) {
			len = read(fd, ret, ARMED_SIZE - 1);
			close(fd);
		}
	} else if (armed) {
		len = (ssize_t)strnlen(armed, ARMED_SIZE - 1);
		memcpy(ret, armed, (size_t)len);
	}
	ret[len > 0 ? len : 0] = '\0';
}

static bool is_armed(const char *name, unsigned long *ret_count, unsigned long *ret_ms)
{
	char armed[ARMED_SIZE], *end;
	size_t len = strlen(name);

	read_armed(armed);
	if (strncmp(armed, name, len) != 0 || armed[len] != ':')
		return false;
	*ret_count = strtoul(armed + len + 1, &end, 10);
	*ret_ms = *end == ':' ? strtoul(end + 1, NULL, 10) : 0;
	return true;
}

/* Several processes may be armed by one file: the one that takes it away is struck. */
static bool is_struck(void)
{
	const char *file = arming_file();

	return !file || unlink(file) == 0;
}

void failpoint(const char *name)
{
	/* One counter is enough: only one name is armed, and only that one counts. */
	static atomic_ulong passed;
	unsigned long deadly, ms;

	if (!is_armed(name, &deadly, &ms))
		return;
	if (atomic_fetch_add(&passed, 1) + 1 != deadly || !is_struck())
		return;
	struct timespec still = {
	    .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&still, NULL);
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
