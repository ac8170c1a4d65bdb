/*
 * A loop waits for many sockets at once (one epoll) and tells each that is ready. Used by the
 * WebSocket clients; whoever waits for something turns the loop until it has come.
 * One thread. Nobody may free a source from inside a turn.
 */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* A socket in the loop. Stands first in the struct that owns the socket. */
struct loop_source {
	int fd;
	void (*on_ready)(struct loop_source *, uint32_t epoll_events);
};

/* How long a wait may go without anything happening. */
struct patience {
	uint64_t limit_ns;
	uint64_t last_ns;
};

struct loop *loop_new(void);
void loop_free(struct loop **);

void loop_add(struct loop *, struct loop_source *, uint32_t epoll_events);
void loop_change(struct loop *, struct loop_source *, uint32_t epoll_events);

/* Waits until something is ready or the time has come, and dispatches it. */
void loop_turn(struct loop *, uint64_t until_ns);

/* One buffer that every source borrows to read into, for the length of its callback. */
uint8_t *loop_scratch(struct loop *, size_t *ret_size);

/* CLOCK_MONOTONIC. */
uint64_t loop_now_ns(void);

void patience_renew(struct patience *, uint64_t now_ns);
uint64_t patience_end_ns(const struct patience *);
bool patience_is_over(const struct patience *);

#endif
