#include "tests/bench/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/die.h"
#include "tests/bench/loop.h"
#include "tests/bench/message.h"
#include "tests/bench/options.h"
#include "tests/bench/sioclient.h"
#include "tests/bench/tokens.h"
#include "tests/bench/wsclient.h"

#define NS_PER_S UINT64_C(1000000000)
#define SETTLE_QUIET_NS (NS_PER_S / 5)
/* Presence in a room may never fall quite silent; we do not wait for ever. */
#define SETTLE_LIMIT_NS (10 * NS_PER_S)

enum { JOIN_ACK_ID = 0, JOIN_ARGS_MAX = 256 };

struct member {
	struct fleet *fleet;
	struct sioclient *sio;
	bool has_joined;
};

struct fleet {
	const struct options *options;
	struct loop *loop;
	const struct fleet_events *events;
	void *owner;
	struct tokens *tokens;
	struct sioclient_conf confs[OPTIONS_TARGETS_MAX];
	struct patience patience;
	uint64_t heard_ns; /* when the last packet came, whoever got it */
	size_t started;
	size_t joined;
	struct member members[];
};

static size_t index_of(const struct member *m)
{
	return (size_t)(m - m->fleet->members);
}

static void on_connect(void *owner)
{
	struct member *m = owner;
	char args[JOIN_ARGS_MAX];

	snprintf(
	    args, sizeof(args), "[\"join-room\",{\"roomId\":\"%s\"}]", m->fleet->options->room);
	sioclient_emit(m->sio, JOIN_ACK_ID, args);
	sioclient_flush(m->sio);
}

static void on_joined(struct member *m, const struct sioclient_args *args)
{
	struct fleet *f = m->fleet;
	uint64_t seq;

	if (m->has_joined)
		die("member %zu: join-room was acknowledged twice", index_of(m));
	if (!message_is_ok(args->text, args->len))
		die("member %zu: join-room failed: %.*s", index_of(m), (int)args->len, args->text);
	if (!message_find_seq(args->text, args->len, &seq))
		die("member %zu: the ack of join-room has no seq: %.*s", index_of(m),
		    (int)args->len, args->text);
	m->has_joined = true;
	f->joined++;
	patience_renew(&f->patience, args->message->received_ns);
	f->events->on_join(f->owner, index_of(m), seq);
}

static void on_event(void *owner, const struct sioclient_args *args)
{
	struct member *m = owner;

	m->fleet->heard_ns = args->message->received_ns;
	m->fleet->events->on_event(m->fleet->owner, index_of(m), args);
}

static void on_ack(void *owner, uint64_t ack_id, const struct sioclient_args *args)
{
	struct member *m = owner;

	m->fleet->heard_ns = args->message->received_ns;
	if (ack_id == JOIN_ACK_ID)
		on_joined(m, args);
	else
		m->fleet->events->on_ack(m->fleet->owner, ack_id, args);
}

static void on_failed(void *owner, const char *reason)
{
	die("member %zu: %s", index_of(owner), reason);
}

static void start_member(struct fleet *f)
{
	struct member *m = &f->members[f->started];
	const struct sioclient_conf *conf = &f->confs[f->started % f->options->targets_count];

	m->fleet = f;
	m->sio = sioclient_new(conf, tokens_of_member(f->tokens, f->started), m);
	f->started++;
}

/* Starts those whose time has come; returns when the next one's comes. */
static uint64_t start_members(struct fleet *f, uint64_t begin_ns)
{
	const struct options *o = f->options;

	while (f->started < o->members && f->started - f->joined < o->in_flight) {
		uint64_t due_ns = begin_ns + f->started * NS_PER_S / o->connects_per_s;

		if (due_ns > loop_now_ns())
			return due_ns;
		start_member(f);
	}
	return UINT64_MAX;
}

struct fleet *fleet_new(const struct options *options, struct loop *loop,
    const struct fleet_events *events, void *owner)
{
	static const struct sioclient_events sio_events = {on_connect, on_event, on_ack, on_failed};
	struct fleet *f = need_memory(1, sizeof(*f) + options->members * sizeof(f->members[0]));

	f->options = options;
	f->loop = loop;
	f->events = events;
	f->owner = owner;
	f->tokens = tokens_load(options->tokens_file);
	f->patience.limit_ns = options->timeout_s * NS_PER_S;
	for (size_t i = 0; i < options->targets_count; i++) {
		f->confs[i] = (struct sioclient_conf){
		    .loop = loop,
		    .target = &options->targets[i],
		    .path = options->path,
		    .nsp = options->nsp,
		    .events = &sio_events,
		};
	}
	return f;
}

void fleet_free(struct fleet **fleet)
{
	struct fleet *f = *fleet;

	if (!f)
		return;
	for (size_t i = 0; i < f->started; i++)
		sioclient_free(&f->members[i].sio);
	tokens_free(&f->tokens);
	free(f);
	*fleet = NULL;
}

void fleet_connect(struct fleet *f)
{
	uint64_t begin_ns = loop_now_ns();

	patience_renew(&f->patience, begin_ns);
	while (f->joined < f->options->members) {
		uint64_t next_ns = start_members(f, begin_ns);
		uint64_t end_ns = patience_end_ns(&f->patience);

		loop_turn(f->loop, next_ns < end_ns ? next_ns : end_ns);
		if (patience_is_over(&f->patience))
			die("nobody joined for %llu s: %zu of %llu have, %zu are on their way",
			    (unsigned long long)f->options->timeout_s, f->joined,
			    (unsigned long long)f->options->members, f->started - f->joined);
	}
}

void fleet_settle(struct fleet *f)
{
	uint64_t begin_ns = loop_now_ns(), now_ns = begin_ns;

	f->heard_ns = begin_ns;
	while (now_ns < f->heard_ns + SETTLE_QUIET_NS && now_ns < begin_ns + SETTLE_LIMIT_NS) {
		loop_turn(f->loop, f->heard_ns + SETTLE_QUIET_NS);
		now_ns = loop_now_ns();
	}
}

void fleet_emit(struct fleet *f, size_t member, uint64_t ack_id, const char *args)
{
	sioclient_emit(f->members[member].sio, ack_id, args);
}

void fleet_flush(struct fleet *f, size_t member)
{
	sioclient_flush(f->members[member].sio);
}
