#include "gateway/drain.h"

#include "common/bucket.h"
#include "common/log.h"

#include <stdlib.h>

/* Often enough that clients leave one by one, as far as they notice. */
enum { STEP_MS = 20 };

struct drain {
	struct loop *loop;
	struct eio_server *server;
	struct drain_conf conf;
	struct loop_timer *step;
	struct bucket pace;
	struct mono deadline;
	bool is_on;
};

static void close_next(void *ctx, struct eio_session *s)
{
	struct drain *d = ctx;

	if (bucket_take(&d->pace, loop_now(d->loop)))
		eio_session_close(s, EIO_CLOSE_SHUTDOWN);
}

static void on_step(void *ctx)
{
	struct drain *d = ctx;

	eio_server_each(d->server, close_next, d);
	if (eio_server_sessions(d->server) && mono_before(loop_now(d->loop), d->deadline))
		loop_timer_arm(d->step, STEP_MS);
	else
		d->conf.on_over(d->conf.ctx);
}

struct drain *drain_new(struct loop *loop, struct eio_server *server, const struct drain_conf *conf)
{
	struct drain *d = xcalloc(1, sizeof(*d));

	d->loop = loop;
	d->server = server;
	d->conf = *conf;
	d->step = loop_timer_new(loop, on_step, d);
	return d;
}

void drain_free(struct drain **d)
{
	struct drain *dead = *d;

	*d = NULL;
	if (!dead)
		return;
	loop_timer_free(&dead->step);
	free(dead);
}

static void start(struct drain *d)
{
	d->is_on = true;
	d->deadline = mono_add_ms(loop_now(d->loop), d->conf.deadline_ms);
	eio_server_stop_listening(d->server);
	/* Not from here: whoever is told of the end may be the one that calls. */
	loop_timer_arm(d->step, 1);
}

void drain_begin(struct drain *d, uint64_t per_second)
{
	uint64_t sessions = eio_server_sessions(d->server);
	uint64_t needed = sessions * 1000 / d->conf.deadline_ms + 1;

	if (!d->is_on)
		start(d);
	if (!per_second)
		per_second = d->conf.per_second;
	if (per_second < needed)
		per_second = needed;
	bucket_init(&d->pace, per_second, per_second * STEP_MS / 1000 * 2, loop_now(d->loop));
	log_notice("gateway.draining", LOG_U(COUNT, sessions), LOG_U(RATE, per_second));
}

void drain_set(struct drain *d, uint64_t per_second, uint64_t deadline_ms)
{
	d->conf.per_second = per_second;
	d->conf.deadline_ms = deadline_ms;
}

bool drain_is_on(const struct drain *d)
{
	return d->is_on;
}
