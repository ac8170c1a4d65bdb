#include "common/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_OTHERS = 077, MODE_CREDENTIAL = 0440, MODE_ALL = 07777 };

static enum err PRINTF(3, 4)
    fail(enum err e, char ret_why[KEYFILE_WHY_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, KEYFILE_WHY_SIZE, format, args);
	va_end(args);
	return e;
}

/*
 * Is it a credential that the service manager passed us? It grants us a file of root's by an
 * access list, which shows as readable by group.
 */
static bool is_credential(const char *path, const struct stat *st)
{
	const char *given = getenv("CREDENTIALS_DIRECTORY");
	char directory[PATH_MAX], file[PATH_MAX];

	if (!given || st->st_uid != 0 || (st->st_mode & MODE_ALL & ~(mode_t)MODE_CREDENTIAL) != 0)
		return false;
	if (!realpath(given, directory) || !realpath(path, file))
		return false;
	size_t len = strlen(directory);

	return strncmp(file, directory, len) == 0 && file[len] == '/';
}

static enum err check_file(
    const char *path, enum keyfile_kind kind, const struct stat *st, char ret_why[KEYFILE_WHY_SIZE])
{
	if (!S_ISREG(st->st_mode))
		return fail(ERR_INVALID, ret_why, "%s is not a regular file; name one", path);
	if (kind == KEYFILE_SECRET && (st->st_mode & MODE_OTHERS) && !is_credential(path, st))
		return fail(ERR_DENIED, ret_why,
		    "%s holds a secret but its mode %04o lets others at it; run: chmod 600 '%s'",
		    path, (unsigned)(st->st_mode & MODE_ALL), path);
	if (st->st_size > KEYFILE_MAX_BYTES)
		return fail(ERR_TOO_BIG, ret_why,
		    "%s is larger than the %d bytes a key may have; is it the right file?", path,
		    KEYFILE_MAX_BYTES);
	return ERR_OK;
}

static enum err open_checked(
    const char *path, enum keyfile_kind kind, char ret_why[KEYFILE_WHY_SIZE], int *ret_fd)
{
	/* Non-blocking, so that a fifo in its place is refused and not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return fail(ERR_NOT_FOUND, ret_why,
		    "%s does not exist; create it or correct the path", path);
	if (fd < 0 && errno == EACCES)
		return fail(ERR_DENIED, ret_why,
		    "%s may not be read by user id %u; mend owner or mode of it and its "
		    "directories",
		    path, (unsigned)geteuid());
	if (fd < 0 || fstat(fd, &st) < 0) {
		int saved_errno = errno;

		if (fd >= 0)
			close(fd);
		return fail(
		    ERR_IO, ret_why, "%s cannot be opened: %s", path, strerror(saved_errno));
	}
	enum err e = check_file(path, kind, &st, ret_why);

	if (e)
		close(fd);
	else
		*ret_fd = fd;
	return e;
}

/* Reads up to size bytes; -1 with errno. */
static ssize_t read_whole(int fd, uint8_t *p, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, p + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static size_t trimmed(const uint8_t *p, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", p[len - 1]) && p[len - 1] != '\0')
		len--;
	return len;
}

enum err keyfile_read(
    const char *path, enum keyfile_kind kind, struct buf *out, char ret_why[KEYFILE_WHY_SIZE])
{
	size_t start = buf_bytes(out).len;
	int fd = -1;
	enum err e = open_checked(path, kind, ret_why, &fd);

	if (e)
		return e;
	/* One byte more than may be, to notice a file that grew since it was checked. */
	uint8_t *p = buf_extend(out, KEYFILE_MAX_BYTES + 1);
	ssize_t len = read_whole(fd, p, KEYFILE_MAX_BYTES + 1);
	size_t kept = len > 0 && len <= KEYFILE_MAX_BYTES ? trimmed(p, (size_t)len) : 0;

	if (len < 0)
		e = fail(ERR_IO, ret_why, "%s cannot be read: %s", path, strerror(errno));
	else if (len > KEYFILE_MAX_BYTES)
		e = fail(ERR_TOO_BIG, ret_why, "%s is larger than the %d bytes a key may have",
		    path, KEYFILE_MAX_BYTES);
	else if (kept == 0)
		e = fail(ERR_INVALID, ret_why, "%s is empty; put the key into it", path);
	close(fd);
	explicit_bzero(p + kept, KEYFILE_MAX_BYTES + 1 - kept);
	buf_truncate(out, start + kept);
	return e;
}

static int write_whole(int fd, struct str text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.p, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text = (struct str){text.p + n, text.len - (size_t)n};
	}
	return 0;
}

enum err keyfile_write(
    const char *path, enum keyfile_kind kind, struct str text, char ret_why[KEYFILE_WHY_SIZE])
{
	mode_t mode = kind == KEYFILE_SECRET ? 0600 : 0644;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return fail(ERR_EXISTS, ret_why,
		    "%s exists and is never overwritten; move it away or choose another name",
		    path);
	if (fd < 0)
		return fail(ERR_IO, ret_why, "%s cannot be created: %s", path, strerror(errno));
	/* fchmod: the umask must not decide who can read a public key. */
	int failed = fchmod(fd, mode) < 0 || write_whole(fd, text) < 0 ||
		     write_whole(fd, STR("\n")) < 0 || fsync(fd) < 0;
	int saved_errno = errno;

	if (close(fd) < 0 && !failed) {
		failed = 1;
		saved_errno = errno;
	}
	if (!failed)
		return ERR_OK;
	unlink(path);
	return fail(ERR_IO, ret_why, "%s cannot be written: %s", path, strerror(saved_errno));
}
