#include "tests/bench/proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/bench/die.h"

#define NS_PER_S UINT64_C(1000000000)

static bool read_clock(clockid_t clock, uint64_t *ret_ns)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		return false;
	*ret_ns = (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
	return true;
}

static bool read_cpu(pid_t pid, uint64_t *ret_ns)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) == 0 && read_clock(clock, ret_ns);
}

/* A line of /proc/PID/status that is in kB. */
static uint64_t read_memory(pid_t pid, const char *name)
{
	char path[64], line[256];
	unsigned long long kib = 0;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (!file)
		die("%s: %s", path, strerror(errno));
	while (!found && fgets(line, sizeof(line), file))
		found = strncmp(line, name, strlen(name)) == 0 &&
			sscanf(line + strlen(name), ": %llu kB", &kib) == 1;
	fclose(file);
	if (!found)
		die("process %d has no resident memory: has it ended?", (int)pid);
	return kib * 1024;
}

static uint64_t sum_of(const struct proc_set *set, const char *name)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set->count; i++)
		sum += read_memory(set->pids[i], name);
	return sum;
}

bool proc_exists(pid_t pid)
{
	uint64_t ns;

	return read_cpu(pid, &ns);
}

uint64_t proc_cpu_ns(const struct proc_set *set)
{
	uint64_t sum = 0, ns = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (!read_cpu(set->pids[i], &ns))
			die("process %d ended during the run", (int)set->pids[i]);
		sum += ns;
	}
	return sum;
}

uint64_t proc_rss_bytes(const struct proc_set *set)
{
	return sum_of(set, "VmRSS");
}

void proc_reset_peak(const struct proc_set *set)
{
	char path[64];
	FILE *file;

	for (size_t i = 0; i < set->count; i++) {
		snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)set->pids[i]);
		file = fopen(path, "we");
		if (!file || fputs("5", file) < 0 || fclose(file) != 0)
			die("%s: %s", path, strerror(errno));
	}
}

uint64_t proc_peak_bytes(const struct proc_set *set)
{
	return sum_of(set, "VmHWM");
}

uint64_t proc_own_cpu_ns(void)
{
	uint64_t ns = 0;

	if (!read_clock(CLOCK_PROCESS_CPUTIME_ID, &ns))
		die("own CPU clock: %s", strerror(errno));
	return ns;
}

void proc_need_files(size_t needed)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		die("open files limit: %s", strerror(errno));
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < needed)
		die("%zu open files needed, the hard limit is %llu: raise it or use fewer members",
		    needed, (unsigned long long)limit.rlim_max);
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		die("open files limit: %s", strerror(errno));
}
