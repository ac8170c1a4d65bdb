#include "gateway/loop.h"

#include <assert.h>
#include <stdlib.h>
#include <uv.h>

enum { HOOKS_MAX = 8, SIGNALS_MAX = 8, SETTLE_TURNS_MAX = 1000 };

struct hook {
	void (*fn)(void *ctx);
	void *ctx;
};

struct signal_source {
	uv_signal_t uv;
	void (*on_signal)(void *ctx, int signo);
	void *ctx;
};

struct moment {
	struct mono at;
	bool is_known;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t turn_end;
	uv_idle_t restless; /* while it is active the loop does not sleep */
	bool again;
	bool is_settling;
	/* Apart: the first to ask for the time fixes it for the turn, and asking changes no loop.
	 */
	struct moment *now;
	struct hook hooks[HOOKS_MAX];
	size_t hook_count;
	struct signal_source signals[SIGNALS_MAX];
	size_t signal_count;
};

struct loop_watch {
	uv_poll_t uv;
	void (*on_ready)(void *ctx);
	void *ctx;
};

struct loop_timer {
	uv_timer_t uv;
	void (*on_due)(void *ctx);
	void *ctx;
};

static void do_nothing(uv_idle_t *handle)
{
	(void)handle;
}

static void end_turn(uv_prepare_t *handle)
{
	struct loop *l = handle->data;

	if (l->is_settling)
		return;
	for (size_t i = 0; i < l->hook_count; i++)
		l->hooks[i].fn(l->hooks[i].ctx);
	if (l->again)
		uv_idle_start(&l->restless, do_nothing);
	else
		uv_idle_stop(&l->restless);
	l->again = false;
	l->now->is_known = false;
}

struct loop *loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->now = xcalloc(1, sizeof(*l->now));
	/* Fails only without descriptors or memory, and a process without a loop is none. */
	if (uv_loop_init(&l->uv))
		abort();
	uv_prepare_init(&l->uv, &l->turn_end);
	uv_idle_init(&l->uv, &l->restless);
	l->turn_end.data = l;
	uv_prepare_start(&l->turn_end, end_turn);
	return l;
}

void loop_free(struct loop **l)
{
	struct loop *dead = *l;

	*l = NULL;
	if (!dead)
		return;
	uv_close((uv_handle_t *)&dead->turn_end, NULL);
	uv_close((uv_handle_t *)&dead->restless, NULL);
	for (size_t i = 0; i < dead->signal_count; i++)
		uv_close((uv_handle_t *)&dead->signals[i].uv, NULL);
	loop_settle(dead);

	int left = uv_loop_close(&dead->uv);

	assert(left == 0); /* else something made from the loop was not freed before it */
	(void)left;
	free(dead->now);
	free(dead);
}

void loop_run(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

static void find_closing(uv_handle_t *handle, void *found)
{
	if (uv_is_closing(handle))
		*(bool *)found = true;
}

void loop_settle(struct loop *l)
{
	bool is_closing = true;

	l->is_settling = true;
	for (int turn = 0; is_closing && turn < SETTLE_TURNS_MAX; turn++) {
		uv_run(&l->uv, UV_RUN_NOWAIT);
		is_closing = false;
		uv_walk(&l->uv, find_closing, &is_closing);
	}
	l->is_settling = false;
	l->now->is_known = false;
}

struct mono loop_now(const struct loop *l)
{
	if (!l->now->is_known)
		*l->now = (struct moment){clock_mono(), true};
	return l->now->at;
}

struct wall loop_wall(const struct loop *l)
{
	(void)l;
	return clock_wall();
}

void loop_on_turn(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	assert(l->hook_count < HOOKS_MAX);
	l->hooks[l->hook_count++] = (struct hook){fn, ctx};
}

void loop_turn_again(struct loop *l)
{
	l->again = true;
}

static void ready(uv_poll_t *handle, int status, int events)
{
	struct loop_watch *w = handle->data;

	/* An error too is news that the owner finds out by reading. */
	(void)status;
	(void)events;
	w->on_ready(w->ctx);
}

struct loop_watch *loop_watch_new(struct loop *l, int fd, void (*on_ready)(void *ctx), void *ctx)
{
	struct loop_watch *w = xcalloc(1, sizeof(*w));
	int failed = uv_poll_init(&l->uv, &w->uv, fd);

	assert(!failed); /* not a descriptor that can be polled */
	(void)failed;
	w->uv.data = w;
	w->on_ready = on_ready;
	w->ctx = ctx;
	loop_watch_resume(w);
	return w;
}

void loop_watch_pause(struct loop_watch *w)
{
	uv_poll_stop(&w->uv);
}

void loop_watch_resume(struct loop_watch *w)
{
	uv_poll_start(&w->uv, UV_READABLE, ready);
}

static void free_owner(uv_handle_t *handle)
{
	free(handle->data);
}

void loop_watch_free(struct loop_watch **w)
{
	struct loop_watch *dead = *w;

	*w = NULL;
	if (dead)
		uv_close((uv_handle_t *)&dead->uv, free_owner);
}

static void due(uv_timer_t *handle)
{
	struct loop_timer *t = handle->data;

	t->on_due(t->ctx);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*on_due)(void *ctx), void *ctx)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	t->on_due = on_due;
	t->ctx = ctx;
	return t;
}

void loop_timer_arm(struct loop_timer *t, uint64_t ms)
{
	loop_timer_arm_at(t, mono_add_ms(clock_mono(), ms));
}

void loop_timer_arm_at(struct loop_timer *t, struct mono at)
{
	/* libuv counts whole milliseconds of the clock that clock_mono() reads: rounded up, so that
	 * the deadline has passed when the timer fires. Relative to uv_now(), however old that is,
	 * because uv_timer_start() adds it again. */
	uint64_t at_ms = (at.us + 999) / 1000;
	uint64_t now_ms = uv_now(t->uv.loop);

	/* Never 0: re-armed in its own callback such a timer keeps libuv 1.44 from ever polling. */
	uv_timer_start(&t->uv, due, at_ms > now_ms ? at_ms - now_ms : 1, 0);
}

void loop_timer_disarm(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

void loop_timer_free(struct loop_timer **t)
{
	struct loop_timer *dead = *t;

	*t = NULL;
	if (dead)
		uv_close((uv_handle_t *)&dead->uv, free_owner);
}

static void signalled(uv_signal_t *handle, int signo)
{
	struct signal_source *s = handle->data;

	s->on_signal(s->ctx, signo);
}

enum err loop_on_signal(
    struct loop *l, int signo, void (*on_signal)(void *ctx, int signo), void *ctx)
{
	assert(l->signal_count < SIGNALS_MAX);
	struct signal_source *s = &l->signals[l->signal_count];

	if (uv_signal_init(&l->uv, &s->uv))
		return ERR_SYSTEM;
	l->signal_count++;
	s->uv.data = s;
	s->on_signal = on_signal;
	s->ctx = ctx;
	return uv_signal_start(&s->uv, signalled, signo) ? ERR_SYSTEM : ERR_OK;
}

void *loop_native(struct loop *l)
{
	return &l->uv;
}
