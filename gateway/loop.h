#ifndef ROOMCAST_GATEWAY_LOOP_H
#define ROOMCAST_GATEWAY_LOOP_H
/*
 * The one event loop of the gateway (libuv). libwebsockets runs in it as a guest; the link to the
 * broker, timers and signals are ordinary sources. A "turn" is one round of the loop: sources are
 * served, then the turn hooks run, in the order of their registration, before the loop sleeps.
 * Hooks are where work gathered during the turn leaves (batches to the broker, frames to clients).
 */
#include "common/clock.h"
#include "common/err.h"

struct loop;

struct loop *loop_new(void);
/* Everything made from the loop is freed before it. */
void loop_free(struct loop **l);

/* Runs until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/*
 * Turns without sleeping and without hooks until nothing made from the loop, by us or by the
 * guest, is on its way out any more. A guest needs it between the halves of its destruction.
 */
void loop_settle(struct loop *l);

/* The time at which this turn began to serve sources. */
struct mono loop_now(const struct loop *l);

/* The time of day, which may jump. */
struct wall loop_wall(const struct loop *l);

/* Calls fn(ctx) at the end of every turn. For the life of the loop; at most 8. */
void loop_on_turn(struct loop *l, void (*fn)(void *ctx), void *ctx);

/* The next turn begins at once instead of sleeping (work is left over). Good for one turn. */
void loop_turn_again(struct loop *l);

/* Calls on_ready(ctx) in every turn in which fd is readable. */
struct loop_watch;
struct loop_watch *loop_watch_new(
    struct loop *l, int fd, void (*on_ready)(void *ctx), void *ctx);
void loop_watch_pause(struct loop_watch *w);
void loop_watch_resume(struct loop_watch *w);
void loop_watch_free(struct loop_watch **w); /* does not close fd */

/* One-shot timer, re-armed by calling arm again (also from its own callback). */
struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *l, void (*on_due)(void *ctx), void *ctx);
void loop_timer_arm(struct loop_timer *t, uint64_t ms); /* at least 1 ms */
void loop_timer_arm_at(struct loop_timer *t, struct mono due);
void loop_timer_disarm(struct loop_timer *t);
void loop_timer_free(struct loop_timer **t);

/* Calls on_signal(ctx, signo) in the loop. For the life of the loop; at most 8. */
MUST_USE enum err loop_on_signal(
    struct loop *l, int signo, void (*on_signal)(void *ctx, int signo), void *ctx);

/* The libuv loop, for the guest (libwebsockets foreign loop); NULL-free, owned by l. */
void *loop_native(struct loop *l);

#endif
