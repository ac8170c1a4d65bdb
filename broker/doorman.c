#include "broker/doorman.h"

#include "common/files.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAP_US = 10000 };

static atomic_int favoured = -1;
static atomic_ullong turned_away;

void doorman_favour(int listening_fd)
{
	favoured = listening_fd;
}

uint64_t doorman_turned_away(void)
{
	return turned_away;
}

static uint64_t reserve_before(int listening_fd)
{
	int domain = AF_INET;
	socklen_t size = sizeof(domain);

	if (listening_fd == favoured)
		return 0;
	(void)!getsockopt(listening_fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	return domain == AF_UNIX ? DOORMAN_RESERVE_IPC : DOORMAN_RESERVE;
}

/* To who called it is a connection that broke before it was accepted, which everybody can bear. */
static int turn_away(void)
{
	turned_away++;
	errno = ECONNABORTED;
	return -1;
}

/* Takes the system's place: see the header. */
int accept4(int listening_fd, struct sockaddr *address, socklen_t *len, int flags)
{
	int fd = (int)syscall(SYS_accept4, listening_fd, address, len, flags);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
		/* It waits on and is asked for again at once: not without end at full speed. */
		usleep(NAP_US);
		return turn_away();
	}
	if (fd < 0 || (uint64_t)fd + reserve_before(listening_fd) < files_limit())
		return fd;
	close(fd);
	return turn_away();
}
