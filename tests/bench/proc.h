/*
 * proc reads what the kernel has booked on a process: processor time and resident memory. Used for
 * the gateways, the broker, the baseline and ourselves, so that all are measured by one ruler.
 *
 * Processor time is the process's CPU clock: the sum of utime and stime of /proc/PID/stat, all
 * threads, but in nanoseconds instead of steps of 10 ms.
 */
#ifndef BENCH_PROC_H
#define BENCH_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROC_SET_MAX = 64 };

/* The processes that together play one part, for example all gateways. */
struct proc_set {
	size_t count;
	pid_t pids[PROC_SET_MAX];
};

bool proc_exists(pid_t pid);

/* These die when one of the processes is gone. */
uint64_t proc_cpu_ns(const struct proc_set *);
uint64_t proc_rss_bytes(const struct proc_set *);

/* The most that was resident since the last reset, each at its time. */
void proc_reset_peak(const struct proc_set *);
uint64_t proc_peak_bytes(const struct proc_set *);

uint64_t proc_own_cpu_ns(void);

/* Raises the soft limit of open files to the hard one; dies if that is less than `needed`. */
void proc_need_files(size_t needed);

#endif
