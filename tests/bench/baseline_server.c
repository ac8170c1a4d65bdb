#include "tests/bench/baseline_server.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/die.h"
#include "tests/bench/growbuf.h"

enum { EVENTS_PER_TURN = 256, FULL_TIMEOUT_MS = 30000 };

struct server {
	int control_fd;
	int epoll_fd;
	const int *client_fds;
	size_t count;
	struct growbuf frames; /* the frame, as often as the longest burst so far needs it */
	size_t frame_len;
	struct baseline_command command;
};

static void watch(struct server *s, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		die("baseline: epoll_ctl: %s", strerror(errno));
}

static void wait_for_room(int fd)
{
	struct pollfd full = {.fd = fd, .events = POLLOUT};

	if (poll(&full, 1, FULL_TIMEOUT_MS) != 1)
		die("baseline: a client does not read");
}

static void send_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

		if (sent >= 0) {
			data += sent;
			len -= (size_t)sent;
		} else if (errno == EAGAIN) {
			wait_for_room(fd);
		} else if (errno != EINTR) {
			die("baseline: send: %s", strerror(errno));
		}
	}
}

static void load(struct server *s)
{
	growbuf_clear(&s->frames);
	s->frame_len = s->command.frame_len;
	for (uint32_t i = 0; i < s->command.burst; i++)
		growbuf_append(&s->frames, s->command.frame, s->frame_len);
}

static void send_to_all(struct server *s, size_t len)
{
	for (size_t i = 0; i < s->count; i++)
		send_all(s->client_fds[i], s->frames.data, len);
}

static void obey(struct server *s)
{
	switch (s->command.verb) {
	case BASELINE_LOAD:
		load(s);
		break;
	case BASELINE_ONE_SEND:
		for (uint32_t i = 0; i < s->command.burst; i++)
			send_to_all(s, s->frame_len);
		break;
	case BASELINE_COALESCED:
		send_to_all(s, s->frame_len * s->command.burst);
		break;
	}
}

static void read_command(struct server *s)
{
	ssize_t len = recv(s->control_fd, &s->command, sizeof(s->command), 0);

	if (len < 0 && errno == EINTR)
		return;
	if (len <= 0)
		_exit(EXIT_SUCCESS);
	obey(s);
}

void baseline_serve(int control_fd, const int *client_fds, size_t count)
{
	static struct server server;
	struct epoll_event events[EVENTS_PER_TURN];
	struct server *s = &server;

	s->control_fd = control_fd;
	s->client_fds = client_fds;
	s->count = count;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		die("baseline: epoll_create1: %s", strerror(errno));
	watch(s, control_fd);
	for (size_t i = 0; i < count; i++)
		watch(s, client_fds[i]);
	for (;;) {
		int ready = epoll_wait(s->epoll_fd, events, EVENTS_PER_TURN, -1);

		for (int i = 0; i < ready; i++) {
			/* The clients have nothing to say; they are watched as any server must. */
			if (events[i].data.fd == control_fd)
				read_command(s);
		}
	}
}
