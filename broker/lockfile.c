#include "broker/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct lockfile {
	int fd;
};

enum { PID_SIZE = 24 };

static enum err say_error(const char *path, char *ret_why, size_t why_size)
{
	int code = errno;

	snprintf(ret_why, why_size,
	    "cannot lock %s: %s; check that its directory exists and may be written by this user",
	    path, strerror(code));
	switch (code) {
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
		return ERR_DENIED;
	default:
		return ERR_IO;
	}
}

static enum err say_taken(int fd, const char *path, char *ret_why, size_t why_size)
{
	char pid[PID_SIZE] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
	snprintf(ret_why, why_size,
	    "%s is locked by process %s, which is using this database; end it first", path,
	    pid[0] ? pid : "(unknown)");
	return ERR_BUSY;
}

/* Best effort: the lock holds without the text, on a full disk too. */
static void write_pid(int fd)
{
	char pid[PID_SIZE];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) < 0)
		return;
}

enum err lockfile_take(const char *path, char *ret_why, size_t why_size, struct lockfile **ret)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return say_error(path, ret_why, why_size);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		enum err e = errno == EWOULDBLOCK ? say_taken(fd, path, ret_why, why_size)
						  : say_error(path, ret_why, why_size);

		close(fd);
		return e;
	}
	write_pid(fd);
	struct lockfile *l = xcalloc(1, sizeof(*l));

	l->fd = fd;
	*ret = l;
	return ERR_OK;
}

void lockfile_release(struct lockfile **l)
{
	struct lockfile *dead = *l;

	*l = NULL;
	if (!dead)
		return;
	close(dead->fd);
	free(dead);
}
