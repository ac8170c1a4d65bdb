#include "tests/broker/faults.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	atomic_int fault;
	int paused;
	atomic_int until; /* calls that still succeed */
	atomic_int times;
	atomic_int struck;
	int code;
} disk;

static int strikes(enum fault fault)
{
	if (atomic_load(&disk.fault) != (int)fault)
		return 0;
	if (atomic_fetch_sub(&disk.until, 1) > 0)
		return 0;
	int times = atomic_load(&disk.times);

	if (times == 0)
		return 0;
	if (times > 0)
		atomic_store(&disk.times, times - 1);
	atomic_fetch_add(&disk.struck, 1);
	errno = disk.code;
	return 1;
}

static ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	return strikes(FAULT_WRITE) ? -1 : pwrite(fd, bytes, len, offset);
}

/* Stands before the C library's, for SQLite too. */
int fdatasync(int fd)
{
	return strikes(FAULT_SYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static void replace_writes(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	sqlite3_syscall_ptr ours = (sqlite3_syscall_ptr)(void (*)(void))failing_pwrite;

	/* Which of the two is in use depends on how SQLite was built. */
	vfs->xSetSystemCall(vfs, "pwrite", ours);
	vfs->xSetSystemCall(vfs, "pwrite64", ours);
}

void faults_arm(enum fault fault, int nth, int times, int code)
{
	replace_writes();
	disk.code = code;
	atomic_store(&disk.struck, 0);
	atomic_store(&disk.until, nth - 1);
	atomic_store(&disk.times, times);
	atomic_store(&disk.fault, fault);
}

void faults_heal(void)
{
	atomic_store(&disk.fault, FAULT_NONE);
}

void faults_pause(void)
{
	disk.paused = atomic_exchange(&disk.fault, FAULT_NONE);
}

void faults_resume(void)
{
	atomic_store(&disk.fault, disk.paused);
}

int faults_struck(void)
{
	return atomic_load(&disk.struck);
}
