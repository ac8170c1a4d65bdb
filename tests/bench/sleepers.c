#include "tests/bench/sleepers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/die.h"
#include "tests/bench/loop.h"
#include "tests/bench/message.h"
#include "tests/bench/options.h"
#include "tests/bench/sioclient.h"
#include "tests/bench/tokens.h"
#include "tests/bench/wsclient.h"

#define NS_PER_S UINT64_C(1000000000)
#define QUIET_NS (NS_PER_S / 2)

enum { JOIN_ACK_ID = 0, JOIN_ARGS_MAX = 256 };

struct sleeper {
	struct sleepers *all;
	struct sioclient *sio;
	bool is_awake; /* again */
	bool is_let_go;
	uint64_t bytes; /* read since */
};

struct sleepers {
	const struct options *options;
	struct loop *loop;
	struct tokens *tokens;
	struct sioclient_conf confs[OPTIONS_TARGETS_MAX];
	size_t asleep;
	uint64_t heard_ns;
	struct sleeper each[];
};

static void on_connect(void *owner)
{
	struct sleeper *s = owner;
	char args[JOIN_ARGS_MAX];

	snprintf(args, sizeof(args), "[\"join-room\",{\"roomId\":\"%s\"}]", s->all->options->room);
	sioclient_emit(s->sio, JOIN_ACK_ID, args);
	sioclient_flush(s->sio);
}

static void hear(struct sleeper *s, const struct sioclient_args *args)
{
	s->all->heard_ns = args->message->received_ns;
	if (s->is_awake)
		s->bytes += args->message->frame_len;
}

static void on_event(void *owner, const struct sioclient_args *args)
{
	hear(owner, args);
}

static void on_ack(void *owner, uint64_t ack_id, const struct sioclient_args *args)
{
	struct sleeper *s = owner;

	hear(s, args);
	if (ack_id != JOIN_ACK_ID || !message_is_ok(args->text, args->len))
		die("a sleeper cannot join: %.*s", (int)args->len, args->text);
	sioclient_read(s->sio, false);
	s->all->asleep++;
}

static void on_failed(void *owner, const char *reason)
{
	struct sleeper *s = owner;

	if (!s->is_awake)
		die("a sleeper: %s", reason);
	s->is_let_go = true;
	sioclient_read(s->sio, false);
}

struct sleepers *sleepers_new(const struct options *options, struct loop *loop)
{
	static const struct sioclient_events events = {on_connect, on_event, on_ack, on_failed};
	struct sleepers *all =
	    need_memory(1, sizeof(*all) + options->sleepers * sizeof(all->each[0]));

	all->options = options;
	all->loop = loop;
	all->tokens = tokens_load(options->tokens_file);
	for (size_t i = 0; i < options->targets_count; i++) {
		all->confs[i] = (struct sioclient_conf){
		    .loop = loop,
		    .target = &options->targets[i],
		    .path = options->path,
		    .nsp = options->nsp,
		    .events = &events,
		};
	}
	return all;
}

void sleepers_free(struct sleepers **sleepers)
{
	if (!*sleepers)
		return;
	tokens_free(&(*sleepers)->tokens);
	free(*sleepers);
	*sleepers = NULL;
}

void sleepers_start(struct sleepers *all)
{
	const struct options *o = all->options;
	uint64_t end_ns = loop_now_ns() + o->timeout_s * NS_PER_S;

	all->asleep = 0;
	for (size_t i = 0; i < o->sleepers; i++) {
		struct sleeper *s = &all->each[i];

		*s = (struct sleeper){.all = all};
		s->sio = sioclient_new(&all->confs[i % o->targets_count],
		    tokens_of_member(all->tokens, o->members + i), s);
		while (all->asleep + o->in_flight <= i && loop_now_ns() < end_ns)
			loop_turn(all->loop, end_ns);
	}
	while (all->asleep < o->sleepers && loop_now_ns() < end_ns)
		loop_turn(all->loop, end_ns);
	if (all->asleep < o->sleepers)
		die("%zu of %llu sleepers have joined", all->asleep,
		    (unsigned long long)o->sleepers);
}

void sleepers_wake(struct sleepers *all, struct sleepers_found *found)
{
	const struct options *o = all->options;

	for (size_t i = 0; i < o->sleepers; i++) {
		all->each[i].is_awake = true;
		sioclient_read(all->each[i].sio, true);
	}
	all->heard_ns = loop_now_ns();
	while (loop_now_ns() < all->heard_ns + QUIET_NS)
		loop_turn(all->loop, all->heard_ns + QUIET_NS);
	for (size_t i = 0; i < o->sleepers; i++) {
		struct sleeper *s = &all->each[i];

		found->woken++;
		found->let_go += s->is_let_go ? 1 : 0;
		found->bytes += s->is_let_go ? s->bytes : 0;
		sioclient_free(&s->sio);
	}
}
