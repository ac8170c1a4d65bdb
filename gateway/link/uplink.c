#include "gateway/link/uplink.h"

#include "common/log.h"
#include "proto/channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum {
	TICK_MS = 100,
	HELLO_AGAIN_MS = 1000,     /* no WELCOME so long after HELLO: say it again */
	SILENT_HEARTBEATS = 3,     /* missed ones before the broker counts as gone */
	BATCHES_A_TURN = 1000,
	SEND_MARK = 100000,        /* far above what credit allows */
	RECONNECT_MS = 100,
	RECONNECT_MAX_MS = 2000,
	GOODBYE_LINGER_MS = 200,
	HANDSHAKE_MS = 2000,
};

enum state { DOWN, GREETED, UP };

struct uplink {
	struct loop *loop;
	struct uplink_conf conf;
	const struct uplink_events *events;
	void *up;
	void *context, *socket;
	struct loop_watch *watch;
	struct loop_timer *tick;
	struct channel *channel;
	enum state state;
	char why[LIMIT_REASON]; /* why it is not up */
	struct mono hello_at, heard, beaten;
	uint64_t heartbeat_ms;
	uint64_t last_gseq;
	uint64_t epoch;
};

static void on_readable(void *ctx);

static void set_int(void *socket, int option, int value)
{
	zmq_setsockopt(socket, option, &value, sizeof(value));
}

static void set_options(struct uplink *u)
{
	int64_t max = LIMIT_LINK_MESSAGE;

	zmq_setsockopt(u->socket, ZMQ_ROUTING_ID, u->conf.gateway, strlen(u->conf.gateway));
	/* Nothing is queued for a broker that is not there: our own queue is the only one. */
	set_int(u->socket, ZMQ_IMMEDIATE, 1);
	set_int(u->socket, ZMQ_LINGER, 0);
	set_int(u->socket, ZMQ_SNDHWM, SEND_MARK);
	set_int(u->socket, ZMQ_RCVHWM, SEND_MARK);
	set_int(u->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
	set_int(u->socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
	set_int(u->socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
	set_int(u->socket, ZMQ_TCP_KEEPALIVE, 1);
	set_int(u->socket, ZMQ_IPV6, 1);
	zmq_setsockopt(u->socket, ZMQ_MAXMSGSIZE, &max, sizeof(max));
	if (u->conf.curve_secret) {
		zmq_setsockopt(u->socket, ZMQ_CURVE_SERVERKEY, u->conf.broker_public, 41);
		zmq_setsockopt(u->socket, ZMQ_CURVE_SECRETKEY, u->conf.curve_secret, 41);
	}
}

static void close_socket(struct uplink *u)
{
	loop_watch_free(&u->watch);
	if (u->socket)
		zmq_close(u->socket);
	u->socket = NULL;
}

static enum err open_socket(struct uplink *u)
{
	int fd;
	size_t size = sizeof(fd);
	char public_key[41];

	u->socket = zmq_socket(u->context, ZMQ_DEALER);
	if (!u->socket)
		return ERR_SYSTEM;
	if (u->conf.curve_secret && zmq_curve_public(public_key, u->conf.curve_secret) == 0)
		zmq_setsockopt(u->socket, ZMQ_CURVE_PUBLICKEY, public_key, sizeof(public_key));
	set_options(u);
	if (zmq_connect(u->socket, u->conf.endpoint) != 0 ||
	    zmq_getsockopt(u->socket, ZMQ_FD, &fd, &size) != 0)
		return errno == EINVAL || errno == EPROTONOSUPPORT ? ERR_INVALID : ERR_SYSTEM;
	u->watch = loop_watch_new(u->loop, fd, on_readable, u);
	return ERR_OK;
}

static int socket_events(const struct uplink *u)
{
	int events = 0;
	size_t size = sizeof(events);

	zmq_getsockopt(u->socket, ZMQ_EVENTS, &events, &size);
	return events;
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
	close_socket(u);
	if (open_socket(u))
		log_error("link.socket", LOG_Z(ERR, strerror(errno)));
	if (was_up) {
		log_warn("link.down", LOG_Z(REASON, why), LOG_Z(ENDPOINT, u->conf.endpoint));
		u->events->on_down(u->up, why);
	}
}

static void flush(struct uplink *u)
{
	struct bytes batch;

	while (u->socket && channel_next(u->channel, &batch)) {
		if (zmq_send(u->socket, batch.p, batch.len, ZMQ_DONTWAIT) < 0)
			return;
		channel_sent(u->channel);
	}
}

static void say_hello(struct uplink *u, struct mono now)
{
	struct wire_message m = {.type = WIRE_HELLO};

	m.as.hello = (struct wire_hello){
	    .version = WIRE_VERSION,
	    .gateway = str_of(u->conf.gateway),
	    .boot = u->conf.boot,
	    .last_gseq = u->last_gseq,
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

	/* Numbers of another database say nothing here. */
	if (u->epoch != w->epoch)
		u->last_gseq = 0;
	u->epoch = w->epoch;
	u->heartbeat_ms = w->heartbeat_ms ? w->heartbeat_ms : 1;
	u->state = GREETED;
	channel_set_window(u->channel,
	    (struct channel_window){w->credit_messages, w->credit_bytes});
	m.as.resumed.sockets = u->events->on_linked(u->up);
	channel_put(u->channel, &m);
	u->state = UP;
	u->why[0] = '\0';
	log_notice("link.up", LOG_Z(ENDPOINT, u->conf.endpoint), LOG_U(BOOT, w->boot),
	    LOG_U(COUNT, m.as.resumed.sockets));
	u->events->on_up(u->up);
}

static void on_refused(struct uplink *u, const struct wire_refused *r)
{
	char why[LIMIT_REASON + 64];

	snprintf(why, sizeof(why), "refused by the broker: %.*s", STR_ARG(r->reason));
	if (r->version != WIRE_VERSION)
		log_error("link.version", LOG_Z(REASON, why), LOG_U(VERSION, r->version));
	/* Told once: it is tried again and again. */
	else if (strcmp(u->why, why) != 0 && u->state != UP)
		log_warn("link.refused", LOG_Z(REASON, why));
	struct mono asked = u->hello_at;

	go_down(u, why);
	u->hello_at = asked;
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
		go_down(u, "the broker stops");
		return false;
	case WIRE_DELIVER:
		if (m->as.deliver.gseq > u->last_gseq)
			u->last_gseq = m->as.deliver.gseq;
		break;
	default:
		break;
	}
	if (u->state == UP)
		u->events->on_message(u->up, m);
	return u->state == UP;
}

/* Batches numbered 1 stand outside a running conversation: WELCOME begins one, REFUSED ends it. */
static enum wire_type opening_type(struct bytes batch, struct wire_message *ret)
{
	struct wire_reader r = wire_reader(batch);

	if (wire_next(&r, ret) || ret->type != WIRE_BATCH || ret->as.batch.number != 1 ||
	    wire_next(&r, ret))
		return WIRE_TYPES;
	return ret->type;
}

static void take_batch(struct uplink *u, struct bytes batch)
{
	struct wire_reader body;
	struct wire_message m;

	enum wire_type opening = opening_type(batch, &m);

	if (opening == WIRE_REFUSED) {
		on_refused(u, &m.as.refused);
		return;
	}
	if (u->state == DOWN && opening != WIRE_WELCOME)
		return;
	enum err e = channel_receive(u->channel, batch, &body);

	u->heard = loop_now(u->loop);
	while (!e && !wire_at_end(&body)) {
		e = wire_next(&body, &m);
		if (!e && !on_message(u, &m))
			return;
	}
	if (e)
		go_down(u, e == ERR_CLOSED ? "messages of the broker were lost on the way"
		                           : "a message of the broker cannot be read");
}

static void on_readable(void *ctx)
{
	struct uplink *u = ctx;

	for (int i = 0; i < BATCHES_A_TURN; i++) {
		zmq_msg_t msg;
		void *socket = u->socket;

		if (!socket)
			return;
		zmq_msg_init(&msg);
		if (zmq_msg_recv(&msg, socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&msg);
			return;
		}
		take_batch(u, bytes_of(zmq_msg_data(&msg), zmq_msg_size(&msg)));
		zmq_msg_close(&msg);
		/* Made anew meanwhile: the new socket has its own turn. */
		if (u->socket != socket)
			return;
	}
	loop_turn_again(u->loop);
}

/* ZMQ_FD tells of edges only, and sending eats them: look again before the loop sleeps. */
static void on_turn_end(void *ctx)
{
	struct uplink *u = ctx;

	flush(u);
	if (u->socket && (socket_events(u) & ZMQ_POLLIN)) {
		on_readable(u);
		flush(u);
		if (u->socket && (socket_events(u) & ZMQ_POLLIN))
			loop_turn_again(u->loop);
	}
}

static void beat(struct uplink *u, struct mono now)
{
	struct wire_message m = {.type = WIRE_HEARTBEAT};

	if (mono_ms_between(u->heard, now) > u->heartbeat_ms * SILENT_HEARTBEATS) {
		go_down(u, "the broker is silent");
		return;
	}
	if (!(socket_events(u) & ZMQ_POLLOUT)) {
		go_down(u, "the connection to the broker is lost");
		return;
	}
	if (mono_ms_between(u->beaten, now) >= u->heartbeat_ms) {
		u->beaten = now;
		channel_put_control(u->channel, &m);
	}
}

static void on_tick(void *ctx)
{
	struct uplink *u = ctx;
	struct mono now = loop_now(u->loop);

	if (u->state == UP)
		beat(u, now);
	else if (u->socket && (socket_events(u) & ZMQ_POLLOUT) &&
	    mono_ms_between(u->hello_at, now) >= HELLO_AGAIN_MS)
		say_hello(u, now);
	loop_timer_arm(u->tick, TICK_MS);
}

static void copy_conf(struct uplink *u, const struct uplink_conf *conf)
{
	u->conf = *conf;
	u->conf.endpoint = xstrdup(conf->endpoint);
	u->conf.gateway = xstrdup(conf->gateway);
	u->conf.curve_secret = xstrdup(conf->curve_secret);
	u->conf.broker_public = xstrdup(conf->broker_public);
}

enum err uplink_new(struct loop *loop, const struct uplink_conf *conf,
    const struct uplink_events *events, void *up, char ret_why[UPLINK_WHY_SIZE],
    struct uplink **ret)
{
	struct uplink *u = xcalloc(1, sizeof(*u));

	u->loop = loop;
	u->events = events;
	u->up = up;
	copy_conf(u, conf);
	snprintf(u->why, sizeof(u->why), "not connected to the broker yet");
	u->channel = channel_new();
	channel_set_own_window(u->channel,
	    (struct channel_window){LIMIT_WINDOW_MESSAGES, LIMIT_WINDOW_BYTES});
	u->context = zmq_ctx_new();
	enum err e = open_socket(u);

	if (e) {
		snprintf(ret_why, UPLINK_WHY_SIZE,
		    "cannot use broker-endpoint = %s: %s; it looks like "
		    "ipc:///run/roomcast/link.sock or tcp://broker.example:7400",
		    conf->endpoint, zmq_strerror(errno));
		uplink_free(&u);
		return e;
	}
	u->tick = loop_timer_new(loop, on_tick, u);
	loop_timer_arm(u->tick, 1);
	loop_on_turn(loop, on_turn_end, u);
	*ret = u;
	return ERR_OK;
}

static void say_goodbye(struct uplink *u)
{
	struct wire_message m = {.type = WIRE_GOODBYE};

	m.as.goodbye.reason = STR("gateway stops");
	channel_put(u->channel, &m);
	flush(u);
	set_int(u->socket, ZMQ_LINGER, GOODBYE_LINGER_MS);
}

void uplink_free(struct uplink **u)
{
	struct uplink *dead = *u;

	if (!dead)
		return;
	*u = NULL;
	if (dead->state == UP)
		say_goodbye(dead);
	loop_timer_free(&dead->tick);
	close_socket(dead);
	if (dead->context)
		zmq_ctx_term(dead->context);
	channel_free(&dead->channel);
	free((char *)dead->conf.endpoint);
	free((char *)dead->conf.gateway);
	free((char *)dead->conf.curve_secret);
	free((char *)dead->conf.broker_public);
	free(dead);
}

bool uplink_is_up(const struct uplink *u)
{
	return u->state == UP;
}

const char *uplink_state_text(const struct uplink *u)
{
	return u->why;
}

enum err uplink_send(struct uplink *u, const struct wire_message *m)
{
	if (u->state == DOWN)
		return ERR_UNAVAILABLE;
	channel_put(u->channel, m);
	return ERR_OK;
}

bool uplink_is_full(const struct uplink *u)
{
	return channel_queued_bytes(u->channel) > u->conf.queue_max_bytes;
}
