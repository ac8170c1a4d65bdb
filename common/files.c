#include "common/files.h"

#include "common/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>

enum {
	FILES_MAX = 1 << 20, /* tables are made of this size */
	AT_ONCE = 64,        /* not more than the least limit, or poll() refuses */
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

enum err files_require(uint64_t least, char *ret_why, size_t why_size)
{
	uint64_t limit = files_raise();

	if (limit >= least)
		return ERR_OK;
	snprintf(ret_why, why_size,
	    "this process may have %" PRIu64 " open files and needs %" PRIu64
	    ": raise the limit (LimitNOFILE of the unit, ulimit -n)",
	    limit, least);
	return ERR_SYSTEM;
}

uint64_t files_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : limit.rlim_cur;
}

/* How many numbers in [from, to) nothing is open under; not more than `enough`. */
static uint64_t count_free(uint64_t from, uint64_t to, uint64_t enough)
{
	struct pollfd some[AT_ONCE];
	uint64_t free = 0;

	while (from < to && free < enough) {
		nfds_t n = 0;

		for (; n < AT_ONCE && from < to; n++)
			some[n] = (struct pollfd){.fd = (int)from++};
		if (poll(some, n, 0) < 0)
			return free;
		for (nfds_t i = 0; i < n; i++)
			free += (some[i].revents & POLLNVAL) != 0;
	}
	return free;
}

bool files_are_short(uint64_t reserve)
{
	uint64_t limit = files_limit();

	if (limit <= reserve)
		return true;
	/* A new one gets the lowest number that is free: mostly none ever came up so high. */
	if (count_free(limit - reserve, limit, reserve) == reserve)
		return false;
	return count_free(0, limit, reserve) < reserve;
}

bool files_admit(struct files_watch *w, uint64_t reserve)
{
	if (!w->is_short)
		w->is_short = files_are_short(reserve);
	return !w->is_short;
}

void files_watch(struct files_watch *w, uint64_t reserve, struct mono now)
{
	w->is_short = files_are_short(reserve);
	if (w->is_short && !w->is_told &&
	    (!w->was_told || mono_ms_between(w->told, now) >= TELL_AGAIN_MS)) {
		log_warn("files.short", LOG_U(COUNT, files_limit()),
		    LOG_Z(HINT, "nobody else is let in; raise the limit of open files"));
		w->is_told = w->was_told = true;
		w->told = now;
	} else if (!w->is_short && w->is_told) {
		log_notice("files.enough", LOG_U(COUNT, files_limit()));
		w->is_told = false;
	}
}
