/*
 * A disk that fails, is slow, or is watched, for a program that cannot be asked: preloaded into it
 * (LD_PRELOAD), it stands before the C library's calls on files. Used by iofault.js.
 *
 *  IOFAULT_PATH     part of the paths that are meant
 *  IOFAULT_CONTROL  file that holds a struct control; whoever writes into it is obeyed at once
 *  IOFAULT_JOURNAL  file that gets one struct entry, and its bytes, for each call that changed
 *                   something or made it durable, in the order in which they took effect
 */
#undef _FILE_OFFSET_BITS /* both names of each call are wanted */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum op { OP_OPEN = 1, OP_READ = 2, OP_WRITE = 4, OP_SYNC = 8, OP_TRUNCATE = 16, OP_UNLINK = 32 };

enum { FDS_MAX = 65536, MAGIC = 0x694f6661 };

/* iofault.js knows it. */
struct control {
	_Atomic uint32_t ops;      /* enum op, or'ed; 0 = all is well */
	_Atomic int32_t after;     /* so many of them still succeed */
	_Atomic int32_t times;     /* so many fail then, -1 = all */
	_Atomic int32_t code;      /* errno; 0 = they do not fail */
	_Atomic uint32_t delay;    /* ms that each of them takes */
	_Atomic uint32_t is_short; /* writes and reads do half of what was asked, and succeed */
	_Atomic uint32_t seen, struck;
};

struct entry {
	uint32_t magic, op;
	uint64_t inode, offset, length; /* length bytes follow if it is a write or an open (path) */
};

static struct {
	pthread_mutex_t mutex;
	struct control *control;
	const char *path;
	int journal;
	ino_t inodes[FDS_MAX]; /* of open files that are meant, else 0 */
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .journal = -1};

/* The next one of that name, as a function pointer of the type of `p`. */
#define NEXT(p, name) (*(void **)&(p) = dlsym(RTLD_NEXT, name))

static int real_open(const char *path, int flags, mode_t mode)
{
	static int (*next)(const char *, int, ...);

	if (!next)
		NEXT(next, "open64");
	return next(path, flags, mode);
}

static void start(void) __attribute__((constructor));

static void start(void)
{
	const char *control = getenv("IOFAULT_CONTROL"), *journal = getenv("IOFAULT_JOURNAL");

	disk.path = getenv("IOFAULT_PATH");
	if (!disk.path)
		return;
	if (control) {
		int fd = real_open(control, O_RDWR | O_CLOEXEC, 0);
		void *p = fd < 0 ? MAP_FAILED
				 : mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE,
				       MAP_SHARED, fd, 0);

		if (p == MAP_FAILED)
			abort();
		disk.control = p;
	}
	if (journal)
		disk.journal = real_open(journal, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static bool is_meant(int fd)
{
	return fd >= 0 && fd < FDS_MAX && disk.inodes[fd];
}

static void put(const void *bytes, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);

	if (!next)
		NEXT(next, "write");
	if (next(disk.journal, bytes, len) != (ssize_t)len)
		abort();
}

static void note(enum op op, ino_t inode, uint64_t offset, const void *bytes, uint64_t length)
{
	struct entry e = {MAGIC, op, inode, offset, length};

	if (disk.journal < 0)
		return;
	put(&e, sizeof(e));
	if (bytes)
		put(bytes, length);
}

/* What becomes of this call: 0, or -1 with errno. *len shrinks where it is to be short. */
static int fate(enum op op, size_t *len)
{
	struct control *c = disk.control;

	if (!c || !(atomic_load(&c->ops) & op))
		return 0;
	atomic_fetch_add(&c->seen, 1);
	if (atomic_load(&c->after) > 0 && atomic_fetch_sub(&c->after, 1) > 0)
		return 0;
	if (atomic_load(&c->times) == 0)
		return 0;
	if (atomic_load(&c->times) > 0)
		atomic_fetch_sub(&c->times, 1);
	atomic_fetch_add(&c->struck, 1);

	uint32_t ms = atomic_load(&c->delay);

	if (ms)
		nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
	if (len && *len > 1 && atomic_load(&c->is_short))
		*len /= 2;
	errno = atomic_load(&c->code);
	return errno ? -1 : 0;
}

static int opened(int fd, const char *path)
{
	struct stat st;

	if (fd < 0 || fd >= FDS_MAX)
		return fd;
	disk.inodes[fd] = disk.path && strstr(path, disk.path) && !fstat(fd, &st) ? st.st_ino : 0;
	if (disk.inodes[fd])
		note(OP_OPEN, disk.inodes[fd], 0, path, strlen(path));
	return fd;
}

static int do_open(const char *path, int flags, mode_t mode)
{
	if (disk.path && strstr(path, disk.path) && fate(OP_OPEN, NULL))
		return -1;
	pthread_mutex_lock(&disk.mutex);
	int fd = opened(real_open(path, flags, mode), path);

	pthread_mutex_unlock(&disk.mutex);
	return fd;
}

int open64(const char *path, int flags, ...)
{
	va_list rest;

	va_start(rest, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;

	va_end(rest);
	return do_open(path, flags, mode);
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

int close(int fd)
{
	static int (*next)(int);

	if (!next)
		NEXT(next, "close");
	if (fd >= 0 && fd < FDS_MAX)
		disk.inodes[fd] = 0;
	return next(fd);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t offset)
{
	static ssize_t (*next)(int, void *, size_t, off64_t);

	if (!next)
		NEXT(next, "pread64");
	if (is_meant(fd) && fate(OP_READ, NULL))
		return -1;
	return next(fd, bytes, len, offset);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset) __attribute__((alias("pread64")));

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
	static ssize_t (*next)(int, const void *, size_t, off64_t);

	if (!next)
		NEXT(next, "pwrite64");
	if (!is_meant(fd))
		return next(fd, bytes, len, offset);
	if (fate(OP_WRITE, &len))
		return -1;
	pthread_mutex_lock(&disk.mutex);
	ssize_t n = next(fd, bytes, len, offset);

	if (n > 0)
		note(OP_WRITE, disk.inodes[fd], (uint64_t)offset, bytes, (uint64_t)n);
	pthread_mutex_unlock(&disk.mutex);
	return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
    __attribute__((alias("pwrite64")));

ssize_t write(int fd, const void *bytes, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);

	if (!next)
		NEXT(next, "write");
	if (is_meant(fd) && fate(OP_WRITE, &len))
		return -1;
	return next(fd, bytes, len);
}

static int sync_by(const char *name, int fd)
{
	int (*next)(int);

	NEXT(next, name);
	if (!is_meant(fd))
		return next(fd);
	if (fate(OP_SYNC, NULL))
		return -1;
	pthread_mutex_lock(&disk.mutex);
	int status = next(fd);

	if (!status)
		note(OP_SYNC, disk.inodes[fd], 0, NULL, 0);
	pthread_mutex_unlock(&disk.mutex);
	return status;
}

int fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

int fsync(int fd)
{
	return sync_by("fsync", fd);
}

int ftruncate64(int fd, off64_t length)
{
	static int (*next)(int, off64_t);

	if (!next)
		NEXT(next, "ftruncate64");
	if (!is_meant(fd))
		return next(fd, length);
	if (fate(OP_TRUNCATE, NULL))
		return -1;
	pthread_mutex_lock(&disk.mutex);
	int status = next(fd, length);

	if (!status)
		note(OP_TRUNCATE, disk.inodes[fd], (uint64_t)length, NULL, 0);
	pthread_mutex_unlock(&disk.mutex);
	return status;
}

int ftruncate(int fd, off_t length) __attribute__((alias("ftruncate64")));

int unlink(const char *path)
{
	static int (*next)(const char *);
	struct stat st;

	if (!next)
		NEXT(next, "unlink");
	if (!disk.path || !strstr(path, disk.path))
		return next(path);
	if (fate(OP_UNLINK, NULL))
		return -1;
	pthread_mutex_lock(&disk.mutex);
	ino_t inode = stat(path, &st) ? 0 : st.st_ino;
	int status = next(path);

	if (!status && inode)
		note(OP_UNLINK, inode, 0, NULL, 0);
	pthread_mutex_unlock(&disk.mutex);
	return status;
}
