#include "tests/bench/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/die.h"

#define NS_PER_S UINT64_C(1000000000)

enum { EVENTS_PER_TURN = 256, SCRATCH_BYTES = 256 * 1024 };

struct loop {
	int epoll_fd;
	uint8_t scratch[SCRATCH_BYTES];
};

static void control(struct loop *loop, int operation, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	if (epoll_ctl(loop->epoll_fd, operation, source->fd, &event) != 0)
		die("epoll_ctl: %s", strerror(errno));
}

struct loop *loop_new(void)
{
	struct loop *loop = need_memory(1, sizeof(*loop));

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		die("epoll_create1: %s", strerror(errno));
	return loop;
}

void loop_free(struct loop **loop)
{
	if (!*loop)
		return;
	close((*loop)->epoll_fd);
	free(*loop);
	*loop = NULL;
}

void loop_add(struct loop *loop, struct loop_source *source, uint32_t epoll_events)
{
	control(loop, EPOLL_CTL_ADD, source, epoll_events);
}

void loop_change(struct loop *loop, struct loop_source *source, uint32_t epoll_events)
{
	control(loop, EPOLL_CTL_MOD, source, epoll_events);
}

void loop_turn(struct loop *loop, uint64_t until_ns)
{
	struct epoll_event events[EVENTS_PER_TURN];
	uint64_t now_ns = loop_now_ns();
	uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	struct timespec wait = {
	    .tv_sec = (time_t)(wait_ns / NS_PER_S),
	    .tv_nsec = (long)(wait_ns % NS_PER_S),
	};
	int count = epoll_pwait2(loop->epoll_fd, events, EVENTS_PER_TURN, &wait, NULL);

	if (count < 0 && errno != EINTR)
		die("epoll_pwait2: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		struct loop_source *source = events[i].data.ptr;

		source->on_ready(source, events[i].events);
	}
}

uint8_t *loop_scratch(struct loop *loop, size_t *ret_size)
{
	*ret_size = sizeof(loop->scratch);
	return loop->scratch;
}

uint64_t loop_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void patience_renew(struct patience *patience, uint64_t now_ns)
{
	patience->last_ns = now_ns;
}

uint64_t patience_end_ns(const struct patience *patience)
{
	return patience->last_ns + patience->limit_ns;
}

bool patience_is_over(const struct patience *patience)
{
	return loop_now_ns() >= patience_end_ns(patience);
}
