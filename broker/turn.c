#include "broker/turn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

struct source {
	void (*fn)(void *ctx);
	void *ctx;
};

struct interval {
	struct source call;
	uint64_t length_ms;
	struct mono due;
};

struct turn {
	void *zmq_context;
	zmq_pollitem_t items[TURN_SOURCES_MAX];
	struct source sources[TURN_SOURCES_MAX];
	size_t source_count;
	struct source hooks[TURN_HOOKS_MAX];
	size_t hook_count;
	struct interval intervals[TURN_HOOKS_MAX];
	size_t interval_count;
	struct mono now;
	struct wall wall;
	bool again;
	bool stopped;
};

static void read_clock(struct turn *t)
{
	t->now = clock_mono();
	t->wall = clock_wall();
}

struct turn *turn_new(void)
{
	struct turn *t = xcalloc(1, sizeof(*t));

	t->zmq_context = zmq_ctx_new();
	assert(t->zmq_context);
	read_clock(t);
	return t;
}

void turn_free(struct turn **t)
{
	if (!*t)
		return;
	zmq_ctx_term((*t)->zmq_context);
	free(*t);
	*t = NULL;
}

void *turn_zmq_context(const struct turn *t)
{
	return t->zmq_context;
}

static void add_source(struct turn *t, zmq_pollitem_t item, struct source source)
{
	assert(t->source_count < TURN_SOURCES_MAX);
	t->items[t->source_count] = item;
	t->sources[t->source_count++] = source;
}

void turn_on_socket(struct turn *t, void *zmq_socket, void (*fn)(void *ctx), void *ctx)
{
	add_source(t, (zmq_pollitem_t){.socket = zmq_socket, .events = ZMQ_POLLIN},
	    (struct source){fn, ctx});
}

void turn_on_fd(struct turn *t, int fd, void (*fn)(void *ctx), void *ctx)
{
	add_source(t, (zmq_pollitem_t){.fd = fd, .events = ZMQ_POLLIN}, (struct source){fn, ctx});
}

void turn_on_end(struct turn *t, void (*fn)(void *ctx), void *ctx)
{
	assert(t->hook_count < TURN_HOOKS_MAX);
	t->hooks[t->hook_count++] = (struct source){fn, ctx};
}

void turn_every(struct turn *t, uint64_t interval_ms, void (*fn)(void *ctx), void *ctx)
{
	assert(t->interval_count < TURN_HOOKS_MAX);
	t->intervals[t->interval_count++] = (struct interval){
	    .call = {fn, ctx}, .length_ms = interval_ms, .due = mono_add_ms(t->now, interval_ms)};
}

void turn_again(struct turn *t)
{
	t->again = true;
}

void turn_stop(struct turn *t)
{
	t->stopped = true;
}

struct mono turn_now(const struct turn *t)
{
	return t->now;
}

struct wall turn_wall(const struct turn *t)
{
	return t->wall;
}

/* How long to sleep, ms: until the next interval is due. */
static long sleep_ms(const struct turn *t)
{
	uint64_t shortest = 60000;

	if (t->again)
		return 0;
	for (size_t i = 0; i < t->interval_count; i++) {
		uint64_t left = mono_us_between(t->now, t->intervals[i].due);

		left = (left + 999) / 1000;
		if (left < shortest)
			shortest = left;
	}
	return (long)shortest;
}

static void run_intervals(struct turn *t)
{
	for (size_t i = 0; i < t->interval_count; i++) {
		struct interval *in = &t->intervals[i];

		if (mono_before(t->now, in->due))
			continue;
		in->due = mono_add_ms(t->now, in->length_ms);
		in->call.fn(in->call.ctx);
	}
}

enum err turn_run(struct turn *t)
{
	while (!t->stopped) {
		read_clock(t);
		long timeout = sleep_ms(t);

		t->again = false;
		int ready = zmq_poll(t->items, (int)t->source_count, timeout);

		if (ready < 0 && errno != EINTR)
			return ERR_SYSTEM;
		read_clock(t);
		for (size_t i = 0; ready > 0 && i < t->source_count; i++) {
			if (t->items[i].revents)
				t->sources[i].fn(t->sources[i].ctx);
		}
		run_intervals(t);
		for (size_t i = 0; i < t->hook_count; i++)
			t->hooks[i].fn(t->hooks[i].ctx);
	}
	return ERR_OK;
}
