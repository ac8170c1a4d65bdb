#include "common/files.h"

#include "common/log.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	FILES_MAX = 1 << 20, /* tables are made of this size */
	TELL_AGAIN_MS = 60000,
};

uint64_t files_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	rlim_t wanted = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;

	/* A sandbox may forbid it: then it is what it is. */
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted;
		(void)!setrlimit(RLIMIT_NOFILE, &limit);
	}
	return files_limit();
}

uint64_t files_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : limit.rlim_cur;
}

bool files_are_short(uint64_t reserve)
{
	/* A new one gets the lowest number that is free: all below it are in use. */
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return true;
	close(fd);
	return (uint64_t)fd + reserve >= files_limit();
}

void files_watch(struct files_watch *w, uint64_t reserve, struct mono now)
{
	bool is_short = files_are_short(reserve);

	if (is_short && !w->is_told &&
	    (!w->was_told || mono_ms_between(w->told, now) >= TELL_AGAIN_MS)) {
		log_warn("files.short", LOG_U(COUNT, files_limit()),
		    LOG_Z(HINT, "nobody else is let in; raise the limit of open files"));
		*w = (struct files_watch){.is_told = true, .was_told = true, .told = now};
	} else if (!is_short && w->is_told) {
		log_notice("files.enough", LOG_U(COUNT, files_limit()));
		w->is_told = false;
	}
}
