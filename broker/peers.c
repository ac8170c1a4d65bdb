#include "broker/peers.h"

#include "broker/ended.h"
#include "broker/hello.h"
#include "broker/peer_priv.h"
#include "common/failpoint.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct peers {
	struct link *link;
	struct peers_conf conf;
	const struct peers_events *events;
	void *up;
	struct peer *all; /* by name */
	struct ended *ended;
	struct mono ticked;
	bool is_parting;
};

struct peers *peers_new(
    struct link *link, const struct peers_conf *conf, const struct peers_events *events, void *up)
{
	struct peers *ps = xcalloc(1, sizeof(*ps));

	ps->link = link;
	ps->conf = *conf;
	ps->events = events;
	ps->up = up;
	ps->ended = ended_new();
	return ps;
}

static void forget(struct peers *ps, struct peer *p)
{
	HASH_DEL(ps->all, p);
	peer_free(&p);
}

static void end_peer(struct peers *ps, struct peer *p, const char *why)
{
	ended_note(ps->ended, p->name);
	log_notice("peer.gone", LOG_Z(PEER, p->name), LOG_Z(REASON, why));
	ps->events->on_gone(ps->up, p, why);
	forget(ps, p);
}

/* REFUSED stands outside every conversation: sent at once, best effort. */
static void send_alone(
    struct peers *ps, const struct link_address *to, const struct wire_message *m)
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

	m.as.refused.version = hello_version();
	m.as.refused.reason = str_of(reason);
	send_alone(ps, to, &m);
}

static void send_queued(struct peers *ps, struct peer *p)
{
	struct bytes batch;

	while (channel_next(p->channel, &batch)) {
		enum err e = link_send(ps->link, &p->address, batch);

		/* Full or unreachable: it stays queued; the lease decides how long. */
		p->is_unreachable = e == ERR_CLOSED;
		if (e)
			return;
		channel_sent(p->channel);
	}
}

/* It has not heard it, or not answered: ahead of all that waits for credit. */
static void say_goodbye_now(struct peers *ps, struct peer *p)
{
	struct wire_message m = {.type = WIRE_GOODBYE};

	m.as.goodbye.reason = STR("broker stops");
	channel_put_control(p->channel, &m);
	send_queued(ps, p);
}

void peers_free(struct peers **ps)
{
	struct peer *p, *next;

	if (!*ps)
		return;
	HASH_ITER(hh, (*ps)->all, p, next)
	{
		if (p->parting != PEER_HAS_PARTED)
			say_goodbye_now(*ps, p);
		forget(*ps, p);
	}
	ended_free(&(*ps)->ended);
	free(*ps);
	*ps = NULL;
}

static struct peer *find_sender(struct peers *ps, const struct link_letter *letter)
{
	struct peer *p, *next;

	/* A handful of gateways: a walk is cheaper than a second index. */
	HASH_ITER(hh, ps->all, p, next)
	{
		if (link_address_eq(&p->address, &letter->from))
			return hello_may_speak_for(letter, str_of(p->name)) ? p : NULL;
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
	    .gseq = replay_place(p->replay),
	    .heartbeat_ms = ps->conf.heartbeat_ms,
	    .credit_messages = LIMIT_WINDOW_MESSAGES,
	    .credit_bytes = LIMIT_WINDOW_BYTES,
	};
	channel_put_control(p->channel, &m);
}

static struct peer *add_peer(struct peers *ps, const struct wire_hello *hello)
{
	struct peer *p = peer_new(hello->gateway, hello->boot, ps->conf.backlog_max_bytes);

	p->was_ended = ended_has(ps->ended, p->name);
	HASH_ADD_STR(ps->all, name, p);
	return p;
}

/* Where the peer goes on in the log. */
static uint64_t choose_place(const struct peers *ps, const struct wire_hello *hello)
{
	struct hello_log log = {.epoch = ps->conf.epoch,
	    .released = ps->events->get_released(ps->up),
	    .pruned = ps->events->get_pruned(ps->up),
	    .replay_max = ps->conf.replay_max};

	return hello_place(hello, &log);
}

static void on_hello(struct peers *ps, const struct link_letter *letter,
    const struct wire_hello *hello, struct mono now)
{
	char text[HELLO_WHY_SIZE];
	const char *fault = hello_fault(letter, hello, text);
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
		p = add_peer(ps, hello);
	struct wire_reader body;

	peer_begin(p, &letter->from, choose_place(ps, hello));
	p->heard = now;
	/* Counts the HELLO batch; it was checked by the caller already. */
	(void)!channel_receive(p->channel, letter->body, &body);
	channel_set_window(p->channel, hello_window(hello));
	welcome(ps, p);
	ps->events->on_begun(ps->up, p);
	log_notice("peer.hello", LOG_Z(PEER, p->name), LOG_U(BOOT, p->boot),
	    LOG_U(GSEQ, replay_place(p->replay)),
	    LOG_Z(ENDPOINT, link_endpoint(ps->link, p->address.door)));
}

/* Messages of the conversation itself are answered here. */
static void on_message(struct peers *ps, struct peer *p, const struct wire_message *m)
{
	switch (m->type) {
	case WIRE_HEARTBEAT:
	case WIRE_BATCH:
		return;
	case WIRE_CREDIT:
		channel_on_credit(p->channel, &m->as.credit);
		return;
	case WIRE_GOODBYE:
		p->parting = PEER_LEAVES;
		return;
	case WIRE_GOODBYE_OK:
		p->parting = PEER_HAS_PARTED;
		return;
	case WIRE_RESUMED:
	case WIRE_SERVE:
		p->is_worker = m->type == WIRE_SERVE;
		peer_resume(p, ps->events->get_gseq(ps->up));
		break;
	default:
		break;
	}
	/* What comes after a GOODBYE, theirs or ours, is asked again elsewhere or later. */
	if (!ps->is_parting && p->parting == PEER_STAYS)
		ps->events->on_message(ps->up, p, m);
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

void peers_receive(struct peers *ps, const struct link_letter *letter, struct mono now)
{
	struct peer *p = find_sender(ps, letter);
	struct wire_message m;
	struct wire_reader body;

	if (channel_opening(letter->body, &m) == WIRE_HELLO) {
		/* Who comes now is not answered, and tries until another broker does. */
		if (ps->is_parting)
			return;
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
		if (!e)
			on_message(ps, p, &m);
	}
	if (e)
		drop_malformed(ps, &letter->from, p);
}

/* What waits is dropped; the peer begins anew, where it is, and catches up. */
void peers_give_up(struct peers *ps, struct peer *p)
{
	if (p->is_fallen_behind)
		return;
	log_warn("peer.slow", LOG_Z(PEER, p->name), LOG_U(BYTES, channel_queued_bytes(p->channel)),
	    LOG_U(GSEQ, replay_place(p->replay)),
	    LOG_Z(HINT, "it does not take in what its clients should get; it has to begin anew"));
	channel_reset(p->channel);
	p->is_fallen_behind = true;
	refuse(ps, &p->address, "fell behind: say HELLO again");
}

static bool is_owed_something(const struct peers *ps, const struct peer *p)
{
	return channel_queued_bytes(p->channel) > 0 || ps->events->is_owed(ps->up, p);
}

/* It said GOODBYE. It is let go when it has all that it asked for, or cannot get it. */
static void see_off(struct peers *ps, struct peer *p)
{
	struct wire_message ok = {.type = WIRE_GOODBYE_OK};

	if (is_owed_something(ps, p) && !p->is_unreachable)
		return;
	channel_put_control(p->channel, &ok);
	send_queued(ps, p);
	end_peer(ps, p, "it said goodbye");
}

void peers_flush(struct peers *ps)
{
	struct peer *p, *next;

	HASH_ITER(hh, ps->all, p, next)
	{
		if (channel_queued_bytes(p->channel) > ps->conf.backlog_max_bytes)
			peers_give_up(ps, p);
		send_queued(ps, p);
		if (next && channel_queued_bytes(next->channel) > 0)
			failpoint("between-gateways");
		if (p->parting == PEER_LEAVES)
			see_off(ps, p);
	}
}

void peers_hush(struct peers *ps)
{
	ps->is_parting = true;
}

void peers_part(struct peers *ps)
{
	struct peer *p, *next;

	ps->is_parting = true;
	HASH_ITER(hh, ps->all, p, next)
	{
		if (p->parting == PEER_STAYS)
			peer_put_goodbye(p);
	}
	peers_flush(ps);
}

bool peers_have_parted(const struct peers *ps)
{
	const struct peer *p;

	for (p = ps->all; p; p = p->hh.next) {
		if (p->parting != PEER_HAS_PARTED && !p->is_unreachable)
			return false;
	}
	return true;
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
	HASH_ITER(hh, ps->all, p, next)
	{
		struct wire_message m = {.type = WIRE_HEARTBEAT};

		if (is_amnesty)
			p->heard = now;
		if (mono_ms_between(p->heard, now) > ps->conf.lease_ms)
			end_peer(ps, p, "not heard of within its lease");
		/* A worker whose connection broke begins anew; until then others do its work. */
		else if (p->is_worker && p->is_unreachable)
			end_peer(ps, p, "its connection is gone");
		else if (!p->is_fallen_behind) {
			channel_put_control(p->channel, &m);
			peer_put_position(p, ps->events->get_released(ps->up));
		}
	}
}

size_t peers_count(const struct peers *ps)
{
	return HASH_COUNT(ps->all);
}

void peers_each(struct peers *ps, void (*fn)(void *ctx, struct peer *p), void *ctx)
{
	struct peer *p, *next;

	HASH_ITER(hh, ps->all, p, next)
	fn(ctx, p);
}
