#include "broker/peers.h"

#include "broker/peer_priv.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* The name of a gateway whose peer was ended. */
struct ended {
	char name[LIMIT_GATEWAY_ID + 1];
	UT_hash_handle hh;
};

struct peers {
	struct link *link;
	struct peers_conf conf;
	const struct peers_events *events;
	void *up;
	struct peer *all; /* by name */
	struct ended *ended; /* at most ENDED_MAX of them */
	struct mono ticked;
};

enum { ENDED_MAX = 1000 };

struct peers *peers_new(struct link *link, const struct peers_conf *conf,
    const struct peers_events *events, void *up)
{
	struct peers *ps = xcalloc(1, sizeof(*ps));

	ps->link = link;
	ps->conf = *conf;
	ps->events = events;
	ps->up = up;
	return ps;
}

static void forget(struct peers *ps, struct peer *p)
{
	HASH_DEL(ps->all, p);
	channel_free(&p->channel);
	free(p);
}

static void note_ended(struct peers *ps, const char *name)
{
	struct ended *e;

	HASH_FIND_STR(ps->ended, name, e);
	if (e || HASH_COUNT(ps->ended) >= ENDED_MAX)
		return;
	e = xcalloc(1, sizeof(*e));
	snprintf(e->name, sizeof(e->name), "%s", name);
	HASH_ADD_STR(ps->ended, name, e);
}

static void end_peer(struct peers *ps, struct peer *p, const char *why)
{
	note_ended(ps, p->name);
	log_notice("peer.gone", LOG_Z(PEER, p->name), LOG_Z(REASON, why));
	ps->events->on_gone(ps->up, p, why);
	forget(ps, p);
}

/* REFUSED stands outside every conversation: sent at once, best effort. */
static void send_alone(struct peers *ps, const struct link_address *to, const struct wire_message *m)
{
	struct channel *alone = channel_new();
	struct bytes batch;

	channel_put_control(alone, m);
	if (channel_next(alone, &batch))
		(void)!link_send(ps->link, to, batch);
	channel_free(&alone);
}

static void refuse(struct peers *ps, const struct link_address *to, const char *reason)
{
	struct wire_message m = {.type = WIRE_REFUSED};

	m.as.refused.version = WIRE_VERSION;
	m.as.refused.reason = str_of(reason);
	send_alone(ps, to, &m);
}

static void goodbye(struct peers *ps, struct peer *p)
{
	struct wire_message m = {.type = WIRE_GOODBYE};

	m.as.goodbye.reason = STR("broker stops");
	channel_put_control(p->channel, &m);
	peers_flush(ps);
}

void peers_free(struct peers **ps)
{
	struct peer *p, *next;

	if (!*ps)
		return;
	HASH_ITER (hh, (*ps)->all, p, next) {
		goodbye(*ps, p);
		forget(*ps, p);
	}
	struct ended *e, *next_ended;

	HASH_ITER (hh, (*ps)->ended, e, next_ended) {
		HASH_DEL((*ps)->ended, e);
		free(e);
	}
	free(*ps);
	*ps = NULL;
}

/* An address is what a gateway calls itself; over tcp its key says who it is. A key speaks for
 * one gateway only: nobody takes another's place. */
static bool may_speak_for(const struct link_letter *letter, struct str gateway)
{
	return letter->from.door != LINK_TCP || str_eq(letter->user, gateway);
}

static struct peer *find_sender(struct peers *ps, const struct link_letter *letter)
{
	struct peer *p, *next;

	/* A handful of gateways: a walk is cheaper than a second index. */
	HASH_ITER (hh, ps->all, p, next) {
		if (link_address_eq(&p->address, &letter->from))
			return may_speak_for(letter, str_of(p->name)) ? p : NULL;
	}
	return NULL;
}

static void welcome(struct peers *ps, struct peer *p)
{
	struct wire_message m = {.type = WIRE_WELCOME};

	m.as.welcome = (struct wire_welcome){
	    .version = WIRE_VERSION,
	    .boot = ps->conf.boot,
	    .epoch = ps->conf.epoch,
	    .gseq = ps->events->get_gseq(ps->up),
	    .heartbeat_ms = ps->conf.heartbeat_ms,
	    .credit_messages = LIMIT_WINDOW_MESSAGES,
	    .credit_bytes = LIMIT_WINDOW_BYTES,
	};
	channel_put_control(p->channel, &m);
}

static struct peer *new_peer(struct peers *ps, struct str name, uint64_t boot)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	struct ended *e;

	memcpy(p->name, name.p, name.len);
	p->boot = boot;
	HASH_FIND_STR(ps->ended, p->name, e);
	p->was_ended = e != NULL;
	p->channel = channel_new();
	channel_set_own_window(p->channel,
	    (struct channel_window){LIMIT_WINDOW_MESSAGES, LIMIT_WINDOW_BYTES});
	p->since = clock_wall();
	HASH_ADD_STR(ps->all, name, p);
	return p;
}

static const char *hello_fault(const struct link_letter *letter, const struct wire_hello *hello,
    char *text, size_t size)
{
	if (hello->version != WIRE_VERSION) {
		snprintf(text, size,
		    "gateway speaks link version %llu, broker %d: upgrade the %s",
		    (unsigned long long)hello->version, WIRE_VERSION,
		    hello->version < WIRE_VERSION ? "gateway" : "broker");
		return text;
	}
	if (hello->gateway.len == 0)
		return "the gateway's name is empty: set gateway-id";
	if (memchr(hello->gateway.p, 0, hello->gateway.len))
		return "the gateway's name holds a NUL: set gateway-id";
	if (!may_speak_for(letter, hello->gateway)) {
		snprintf(text, size,
		    "its key is that of %.*s: set gateway-id to that, or authorize its key under "
		    "its own name",
		    STR_ARG(letter->user));
		return text;
	}
	return NULL;
}

/* A peer may want less than we would give, not more. */
static struct channel_window clamp_window(const struct wire_hello *hello)
{
	struct channel_window w = {hello->credit_messages, hello->credit_bytes};

	if (w.messages > LIMIT_WINDOW_MESSAGES)
		w.messages = LIMIT_WINDOW_MESSAGES;
	if (w.bytes > LIMIT_WINDOW_BYTES)
		w.bytes = LIMIT_WINDOW_BYTES;
	return w;
}

static void on_hello(struct peers *ps, const struct link_letter *letter,
    const struct wire_hello *hello, struct mono now)
{
	char text[LIMIT_REASON];
	const char *fault = hello_fault(letter, hello, text, sizeof(text));
	struct peer *p;

	if (fault) {
		log_warn("peer.refused", LOG_S(PEER, hello->gateway), LOG_Z(REASON, fault));
		refuse(ps, &letter->from, fault);
		return;
	}
	HASH_FIND(hh, ps->all, hello->gateway.p, hello->gateway.len, p);
	/* What a worker was given and has not answered may be lost: others get it. */
	if (p && (p->boot != hello->boot || p->is_worker)) {
		end_peer(ps, p, "another run of this gateway said hello");
		p = NULL;
	}
	if (!p)
		p = new_peer(ps, hello->gateway, hello->boot);
	channel_reset(p->channel);
	p->address = letter->from;
	p->generation++;
	p->is_resuming = true;
	p->is_fallen_behind = false;
	p->heard = now;
	struct wire_reader body;

	/* Counts the HELLO batch; it was checked by the caller already. */
	(void)!channel_receive(p->channel, letter->body, &body);
	channel_set_window(p->channel, clamp_window(hello));
	welcome(ps, p);
	log_notice("peer.hello", LOG_Z(PEER, p->name), LOG_U(BOOT, p->boot),
	    LOG_U(GSEQ, hello->last_gseq),
	    LOG_Z(ENDPOINT, link_endpoint(ps->link, p->address.door)));
}

/* Messages of the conversation itself are answered here. False: the peer is gone. */
static bool on_message(struct peers *ps, struct peer *p, const struct wire_message *m)
{
	switch (m->type) {
	case WIRE_HEARTBEAT:
	case WIRE_BATCH:
		return true;
	case WIRE_CREDIT:
		channel_on_credit(p->channel, &m->as.credit);
		return true;
	case WIRE_RESUMED:
	case WIRE_SERVE:
		p->is_resuming = false;
		p->is_worker = m->type == WIRE_SERVE;
		ps->events->on_message(ps->up, p, m);
		return true;
	case WIRE_GOODBYE: {
		struct wire_message ok = {.type = WIRE_GOODBYE_OK};

		channel_put_control(p->channel, &ok);
		peers_flush(ps);
		end_peer(ps, p, "it said goodbye");
		return false;
	}
	default:
		ps->events->on_message(ps->up, p, m);
		return true;
	}
}

/* A malformed batch: the peer is a different program or a broken one, and must begin anew. */
static void drop_malformed(struct peers *ps, const struct link_address *from, struct peer *p)
{
	log_warn("peer.malformed", LOG_Z(PEER, p ? p->name : "unknown"),
	    LOG_Z(HINT, "its messages cannot be read: check that it is a gateway of this version"));
	refuse(ps, from, "malformed message");
	if (p)
		end_peer(ps, p, "malformed message");
}

/* Is this the first letter of a conversation? Then *ret is its HELLO. */
static bool is_hello(struct bytes batch, struct wire_message *ret)
{
	struct wire_reader r = wire_reader(batch);
	struct wire_message m;

	return wire_next(&r, &m) == ERR_OK && m.type == WIRE_BATCH && m.as.batch.number == 1 &&
	    wire_next(&r, ret) == ERR_OK && ret->type == WIRE_HELLO;
}

void peers_receive(struct peers *ps, const struct link_letter *letter, struct mono now)
{
	struct peer *p = find_sender(ps, letter);
	struct wire_message m;
	struct wire_reader body;

	if (is_hello(letter->body, &m)) {
		on_hello(ps, letter, &m.as.hello, now);
		return;
	}
	if (!p) {
		refuse(ps, &letter->from, "say HELLO first");
		return;
	}
	enum err e = channel_receive(p->channel, letter->body, &body);

	if (e == ERR_CLOSED) {
		refuse(ps, &letter->from, "something was lost on the way: say HELLO again");
		return;
	}
	p->heard = now;
	while (!e && !wire_at_end(&body)) {
		e = wire_next(&body, &m);
		if (!e && !on_message(ps, p, &m))
			return;
	}
	if (e)
		drop_malformed(ps, &letter->from, p);
}

/* The queue grew over its bound: what waits is dropped, the peer begins anew and catches up. */
static void cut_off(struct peers *ps, struct peer *p)
{
	if (p->is_fallen_behind)
		return;
	log_warn("peer.slow", LOG_Z(PEER, p->name), LOG_U(BYTES, channel_queued_bytes(p->channel)),
	    LOG_Z(HINT, "it does not take in what its clients should get; it has to begin anew"));
	channel_reset(p->channel);
	p->is_fallen_behind = true;
	refuse(ps, &p->address, "fell behind: say HELLO again");
}

static void flush_peer(struct peers *ps, struct peer *p)
{
	struct bytes batch;

	if (channel_queued_bytes(p->channel) > ps->conf.backlog_max_bytes)
		cut_off(ps, p);
	while (channel_next(p->channel, &batch)) {
		enum err e = link_send(ps->link, &p->address, batch);

		/* Full or unreachable: it stays queued; the lease decides how long. */
		p->is_unreachable = e == ERR_CLOSED;
		if (e)
			return;
		channel_sent(p->channel);
	}
}

void peers_flush(struct peers *ps)
{
	struct peer *p, *next;

	HASH_ITER (hh, ps->all, p, next)
		flush_peer(ps, p);
}

/* Ticks that came this much too late: it was us who did not listen (stopped, swapped out). */
static bool was_away(const struct peers *ps, struct mono now)
{
	return ps->ticked.us && mono_ms_between(ps->ticked, now) > 2 * ps->conf.heartbeat_ms;
}

void peers_tick(struct peers *ps, struct mono now)
{
	struct peer *p, *next;
	bool is_amnesty = was_away(ps, now);

	ps->ticked = now;
	HASH_ITER (hh, ps->all, p, next) {
		struct wire_message m = {.type = WIRE_HEARTBEAT};

		if (is_amnesty)
			p->heard = now;
		if (mono_ms_between(p->heard, now) > ps->conf.lease_ms)
			end_peer(ps, p, "not heard of within its lease");
		/* A worker whose connection broke begins anew; until then others do its work. */
		else if (p->is_worker && p->is_unreachable)
			end_peer(ps, p, "its connection is gone");
		else if (!p->is_fallen_behind)
			channel_put_control(p->channel, &m);
	}
}

size_t peers_count(const struct peers *ps)
{
	return HASH_COUNT(ps->all);
}

void peers_each(struct peers *ps, void (*fn)(void *ctx, struct peer *p), void *ctx)
{
	struct peer *p, *next;

	HASH_ITER (hh, ps->all, p, next)
		fn(ctx, p);
}
