#include "gateway/link/uplink.h"

#include "common/log.h"
#include "gateway/link/dealer.h"
#include "gateway/link/place.h"
#include "gateway/link/pulse.h"
#include "proto/channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TICK_MS = 100,
	HELLO_AGAIN_MS = 1000,     /* no WELCOME so long after HELLO: say it again */
	OPEN_AGAIN_MS = 1000,      /* the socket could not be made: try it again */
	BYTES_A_TURN = 128 * 1024, /* well under what one client may have queued */
	GOODBYE_LINGER_MS = 200,
	GOODBYE_WAIT_MS = 2000, /* for the answer to ours */
};

enum state { DOWN, GREETED, UP };

struct uplink {
	struct loop *loop;
	char *endpoint, *gateway;
	uint64_t boot;
	size_t queue_max_bytes;
	const struct uplink_events *events;
	void *up;
	struct dealer *dealer;
	struct loop_timer *tick;
	struct channel *channel;
	enum state state;
	char why[LIMIT_REASON + 64]; /* why it is not up */
	struct mono hello_at, opened_at;
	size_t taken_bytes; /* in this turn */
	struct pulse pulse;
	struct place place;
	bool is_leaving;
	struct mono leave_by;
};

static void reopen(struct uplink *u)
{
	u->opened_at = loop_now(u->loop);
	if (dealer_open(u->dealer)) {
		snprintf(
		    u->why, sizeof(u->why), "no socket for the link: %s", dealer_strerror(errno));
		log_error("link.socket", LOG_Z(ERR, u->why));
	}
}

/* The conversation is over. The socket is made anew: what is under way in the old one belongs to
 * a conversation that nobody remembers. */
static void go_down(struct uplink *u, const char *why)
{
	bool was_up = u->state == UP;

	u->state = DOWN;
	u->hello_at = (struct mono){0};
	snprintf(u->why, sizeof(u->why), "%s", why);
	channel_reset(u->channel);
	dealer_close(u->dealer);
	reopen(u);
	if (was_up) {
		log_warn("link.down", LOG_Z(REASON, why), LOG_Z(ENDPOINT, u->endpoint));
		u->events->on_down(u->up, why);
	}
}

static void flush(struct uplink *u)
{
	struct bytes batch;

	while (channel_next(u->channel, &batch)) {
		if (dealer_send(u->dealer, batch))
			return;
		channel_sent(u->channel);
	}
}

static void say_hello(struct uplink *u, struct mono now)
{
	struct wire_message m = {.type = WIRE_HELLO};

	m.as.hello = (struct wire_hello){
	    .version = WIRE_VERSION,
	    .gateway = str_of(u->gateway),
	    .boot = u->boot,
	    .epoch = u->place.epoch,
	    .last_gseq = u->place.gseq,
	    .credit_messages = LIMIT_WINDOW_MESSAGES,
	    .credit_bytes = LIMIT_WINDOW_BYTES,
	};
	channel_reset(u->channel);
	channel_put_control(u->channel, &m);
	u->hello_at = now;
	flush(u);
}

static void on_welcome(struct uplink *u, const struct wire_welcome *w)
{
	struct wire_message m = {.type = WIRE_RESUMED};

	pulse_begin(&u->pulse, w->heartbeat_ms);
	u->state = GREETED;
	channel_set_window(
	    u->channel, (struct channel_window){w->credit_messages, w->credit_bytes});
	if (!place_begin(&u->place, w))
		u->events->on_gap(u->up);
	m.as.resumed.sockets = u->events->on_linked(u->up);
	channel_put(u->channel, &m);
	u->state = UP;
	u->why[0] = '\0';
	log_notice("link.up", LOG_Z(ENDPOINT, u->endpoint), LOG_U(BOOT, w->boot),
	    LOG_U(COUNT, m.as.resumed.sockets));
	u->events->on_up(u->up);
}

static void on_refused(struct uplink *u, const struct wire_refused *r)
{
	char why[sizeof(u->why)];

	snprintf(why, sizeof(why), "refused by the broker: %.*s", STR_ARG(r->reason));
	/* Told once: it is tried again and again. */
	bool is_news = strcmp(u->why, why) != 0;

	if (is_news && r->version != WIRE_VERSION)
		log_error("link.version", LOG_Z(REASON, why), LOG_U(VERSION, r->version));
	else if (is_news && u->state != UP)
		log_warn("link.refused", LOG_Z(REASON, why));
	struct mono asked = u->hello_at;

	go_down(u, why);
	u->hello_at = asked;
}

/* Behind all that waits. */
static void say_last(struct uplink *u, const struct wire_message *m)
{
	flush(u);
	channel_put_control(u->channel, m);
	flush(u);
}

/* The broker stops. What it sent before was taken in; this is the last that it hears of us. */
static void on_goodbye(struct uplink *u)
{
	struct wire_message m = {.type = WIRE_GOODBYE_OK};

	say_last(u, &m);
	dealer_close_after(u->dealer, GOODBYE_LINGER_MS);
	go_down(u, "the broker stops");
}

/* False: the conversation is over, nothing more of this batch counts. */
static bool on_message(struct uplink *u, const struct wire_message *m)
{
	switch (m->type) {
	case WIRE_HEARTBEAT:
		return true;
	case WIRE_CREDIT:
		channel_on_credit(u->channel, &m->as.credit);
		return true;
	case WIRE_WELCOME:
		on_welcome(u, &m->as.welcome);
		return true;
	case WIRE_REFUSED:
		on_refused(u, &m->as.refused);
		return false;
	case WIRE_GOODBYE:
		on_goodbye(u);
		return false;
	case WIRE_GOODBYE_OK:
		u->leave_by = loop_now(u->loop);
		return true;
	case WIRE_POSITION:
		place_reach(&u->place, m->as.position.gseq);
		return true;
	case WIRE_DELIVER:
		if (m->as.deliver.gseq && !place_reach(&u->place, m->as.deliver.gseq))
			return true;
		break;
	default:
		break;
	}
	if (u->state == UP)
		u->events->on_message(u->up, m);
	return u->state == UP;
}

static void take_batch(struct uplink *u, struct bytes batch)
{
	struct wire_reader body;
	struct wire_message m;

	/* A first batch stands outside a running one: WELCOME begins one, REFUSED ends it. */
	enum wire_type opening = channel_opening(batch, &m);

	if (opening == WIRE_REFUSED) {
		on_refused(u, &m.as.refused);
		return;
	}
	if (opening == WIRE_WELCOME)
		channel_restart_receiving(u->channel);
	else if (u->state == DOWN)
		return;
	enum err e = channel_receive(u->channel, batch, &body);

	pulse_hear(&u->pulse, loop_now(u->loop));
	while (!e && !wire_at_end(&body)) {
		e = wire_next(&body, &m);
		if (!e && !on_message(u, &m))
			return;
	}
	if (e)
		go_down(u, e == ERR_CLOSED ? "messages of the broker were lost on the way"
					   : "a message of the broker cannot be read");
}

/* Not more than the clients can be given in one turn; the rest waits for the next. */
static void on_readable(void *ctx)
{
	struct uplink *u = ctx;
	struct bytes batch;

	while (u->taken_bytes < BYTES_A_TURN && dealer_receive(u->dealer, &batch) == ERR_OK) {
		u->taken_bytes += batch.len;
		take_batch(u, batch);
	}
}

/* The socket tells of edges only, and sending eats them: look again before the loop sleeps. */
static void on_turn_end(void *ctx)
{
	struct uplink *u = ctx;

	flush(u);
	if (dealer_has_more(u->dealer)) {
		on_readable(u);
		flush(u);
	}
	u->taken_bytes = 0;
	if (dealer_has_more(u->dealer))
		loop_turn_again(u->loop);
}

static void beat(struct uplink *u, struct mono now)
{
	struct wire_message m = {.type = WIRE_HEARTBEAT};

	if (pulse_is_silent(&u->pulse, now)) {
		go_down(u, "the broker is silent");
		return;
	}
	if (!dealer_is_connected(u->dealer)) {
		go_down(u, "the connection to the broker is lost");
		return;
	}
	if (pulse_beat(&u->pulse, now))
		channel_put_control(u->channel, &m);
}

static void on_tick(void *ctx)
{
	struct uplink *u = ctx;
	struct mono now = loop_now(u->loop);

	pulse_tick(&u->pulse, now);
	if (u->state == UP)
		beat(u, now);
	else if (u->is_leaving)
		return;
	else if (!dealer_is_open(u->dealer) && mono_ms_between(u->opened_at, now) >= OPEN_AGAIN_MS)
		reopen(u);
	else if (dealer_is_connected(u->dealer) &&
		 mono_ms_between(u->hello_at, now) >= HELLO_AGAIN_MS)
		say_hello(u, now);
	loop_timer_arm(u->tick, TICK_MS);
}

enum err uplink_new(struct loop *loop, const struct uplink_conf *conf,
    const struct uplink_events *events, void *up, char ret_why[UPLINK_WHY_SIZE],
    struct uplink **ret)
{
	struct uplink *u = xcalloc(1, sizeof(*u));
	struct dealer_conf dealer = {conf->endpoint, conf->curve_secret, conf->broker_public};

	u->loop = loop;
	u->events = events;
	u->up = up;
	u->endpoint = xstrdup(conf->endpoint);
	u->gateway = xstrdup(conf->gateway);
	u->boot = conf->boot;
	u->queue_max_bytes = conf->queue_max_bytes;
	snprintf(u->why, sizeof(u->why), "not connected to the broker yet");
	u->channel = channel_new();
	channel_set_own_window(
	    u->channel, (struct channel_window){LIMIT_WINDOW_MESSAGES, LIMIT_WINDOW_BYTES});
	u->dealer = dealer_new(loop, &dealer, on_readable, u);
	enum err e = dealer_open(u->dealer);

	if (e) {
		snprintf(ret_why, UPLINK_WHY_SIZE,
		    "cannot use broker-endpoint = %s: %s; it looks like "
		    "ipc:///run/roomcast/link.sock or tcp://broker.example:7400",
		    conf->endpoint, dealer_strerror(errno));
		uplink_free(&u);
		return e;
	}
	u->tick = loop_timer_new(loop, on_tick, u);
	loop_timer_arm(u->tick, 1);
	loop_on_turn(loop, on_turn_end, u);
	*ret = u;
	return ERR_OK;
}

static struct wire_message goodbye(void)
{
	struct wire_message m = {.type = WIRE_GOODBYE};

	m.as.goodbye.reason = STR("gateway stops");
	return m;
}

void uplink_free(struct uplink **u)
{
	struct uplink *dead = *u;

	if (!dead)
		return;
	*u = NULL;
	if (dead->state == UP && !dead->is_leaving) {
		struct wire_message m = goodbye();

		say_last(dead, &m);
	}
	loop_timer_free(&dead->tick);
	dealer_free(&dead->dealer, GOODBYE_LINGER_MS);
	channel_free(&dead->channel);
	free(dead->endpoint);
	free(dead->gateway);
	free(dead);
}

void uplink_leave(struct uplink *u)
{
	struct wire_message m = goodbye();

	u->is_leaving = true;
	u->leave_by = mono_add_ms(loop_now(u->loop), GOODBYE_WAIT_MS);
	/* Behind all that was asked. */
	if (u->state == UP)
		channel_put(u->channel, &m);
}

bool uplink_has_left(const struct uplink *u)
{
	return u->is_leaving && (u->state != UP || !mono_before(loop_now(u->loop), u->leave_by));
}

bool uplink_is_up(const struct uplink *u)
{
	return u->state == UP && !u->is_leaving;
}

const char *uplink_state_text(const struct uplink *u)
{
	return u->why;
}

uint64_t uplink_epoch(const struct uplink *u)
{
	return u->place.epoch;
}

uint64_t uplink_place(const struct uplink *u)
{
	return u->place.gseq;
}

enum err uplink_send(struct uplink *u, const struct wire_message *m)
{
	if (u->state == DOWN || u->is_leaving)
		return ERR_UNAVAILABLE;
	channel_put(u->channel, m);
	return ERR_OK;
}

bool uplink_is_full(const struct uplink *u)
{
	return channel_queued_bytes(u->channel) > u->queue_max_bytes;
}
