#ifndef ROOMCAST_BROKER_TURN_H
#define ROOMCAST_BROKER_TURN_H
/*
 * The turn loop of the broker: waits for ZeroMQ sockets and file descriptors, calls whose turn it
 * is, then the end-of-turn hooks in the order of their registration (release what committed,
 * send what gathered, hand the next batch to the store), then sleeps. The thread that runs it
 * owns all state of the broker in memory.
 */
#include "common/clock.h"
#include "common/err.h"

struct turn;

enum { TURN_SOURCES_MAX = 16, TURN_HOOKS_MAX = 8 };

struct turn *turn_new(void);
/* Every socket of its context must be closed before. */
void turn_free(struct turn **t);

/* The ZeroMQ context of this process, owned by the turn. */
void *turn_zmq_context(const struct turn *t);

/* fn(ctx) in every turn in which the source is readable. For the life of the loop. */
void turn_on_socket(struct turn *t, void *zmq_socket, void (*fn)(void *ctx), void *ctx);
void turn_on_fd(struct turn *t, int fd, void (*fn)(void *ctx), void *ctx);

/* fn(ctx) at the end of every turn. */
void turn_on_end(struct turn *t, void (*fn)(void *ctx), void *ctx);

/* fn(ctx) about every interval_ms, for the life of the loop. */
void turn_every(struct turn *t, uint64_t interval_ms, void (*fn)(void *ctx), void *ctx);

/* Work is left over: the next turn does not sleep. Good for one turn. */
void turn_again(struct turn *t);

/* Runs until turn_stop(). ERR_SYSTEM when waiting fails. */
MUST_USE enum err turn_run(struct turn *t);
void turn_stop(struct turn *t);

/* When this turn began. */
struct mono turn_now(const struct turn *t);
struct wall turn_wall(const struct turn *t);

#endif
