#include "tests/bench/trial.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tests/bench/die.h"
#include "tests/bench/fleet.h"
#include "tests/bench/growbuf.h"
#include "tests/bench/histogram.h"
#include "tests/bench/ledger.h"
#include "tests/bench/loop.h"
#include "tests/bench/message.h"
#include "tests/bench/options.h"
#include "tests/bench/sioclient.h"
#include "tests/bench/wsclient.h"

#define NS_PER_S UINT64_C(1000000000)
/* When something is wrong already, what is missing will hardly come. */
#define WRONG_LIMIT_NS (2 * NS_PER_S)

enum { PUBLISHER = 0, ARGS_MAX = MESSAGE_CONTENT_MAX + 512, COMPLAINTS_MAX = 10 };

struct trial {
	const struct options *options;
	struct loop *loop;
	struct fleet *fleet;
	struct ledger *ledger;
	struct trial_result *result; /* of the publishing that goes on */
	struct patience patience;
	struct growbuf frame;
	uint64_t joined;
	uint64_t base;
	uint64_t foreign;
	uint64_t complaints;
	uint32_t run;
	uint64_t published;
	uint64_t acked;
	uint64_t due_ns[]; /* of each message; 0 once it is acknowledged */
};

static unsigned long long ull(uint64_t value)
{
	return value;
}

static void on_join(void *owner, size_t member, uint64_t seq)
{
	struct trial *t = owner;

	if (t->joined++ == 0)
		t->base = seq;
	if (seq != t->base)
		die("member %zu joined at seq %llu, others at %llu: somebody else publishes here",
		    member, ull(seq), ull(t->base));
}

static bool may_complain(struct trial *t)
{
	t->patience.limit_ns = WRONG_LIMIT_NS;
	return t->complaints++ < COMPLAINTS_MAX;
}

static void on_foreign(struct trial *t, size_t member, const struct sioclient_args *args)
{
	t->foreign++;
	if (may_complain(t))
		complain("member %zu: a message that is not ours: %.*s", member, (int)args->len,
		    args->text);
}

static void on_message(struct trial *t, size_t member, const struct sioclient_args *args)
{
	const struct wsclient_message *message = args->message;
	struct message_stamp stamp;
	enum ledger_finding finding;
	uint64_t seq;

	if (!message_find_stamp(args->text, args->len, &stamp) || stamp.run != t->run ||
	    stamp.number >= t->published || !message_find_seq(args->text, args->len, &seq)) {
		on_foreign(t, member, args);
		return;
	}
	finding = ledger_enter(t->ledger, member, stamp.number, seq);
	if (finding != LEDGER_RIGHT && may_complain(t))
		complain("member %zu: message %llu (seq %llu) %s", member, ull(stamp.number),
		    ull(seq), ledger_finding_text(finding));
	if (member == PUBLISHER && t->frame.len == 0)
		growbuf_append(&t->frame, message->frame, message->frame_len);
	if (finding != LEDGER_RIGHT)
		return;
	histogram_add(t->result->delivery, message->received_ns - stamp.due_ns);
	t->result->deliveries++;
	patience_renew(&t->patience, message->received_ns);
}

static void on_event(void *owner, size_t member, const struct sioclient_args *args)
{
	struct trial *t = owner;

	if (message_is(args->text, args->len))
		on_message(t, member, args);
	else if (t->result)
		t->result->other_events++;
}

static void on_ack(void *owner, uint64_t ack_id, const struct sioclient_args *args)
{
	struct trial *t = owner;
	uint64_t number = ack_id - FLEET_ACK_ID_FIRST;
	uint64_t seq = 0;

	if (number >= t->published)
		die("an ack for message %llu, which was never sent", ull(number));
	if (t->due_ns[number] == 0)
		die("a second ack for message %llu", ull(number));
	if (!message_is_ok(args->text, args->len))
		die("message %llu was refused: %.*s", ull(number), (int)args->len, args->text);
	if (!message_find_seq(args->text, args->len, &seq) ||
	    seq != ledger_seq_of(t->ledger, number))
		die("message %llu was acknowledged with seq %llu instead of %llu", ull(number),
		    ull(seq), ull(ledger_seq_of(t->ledger, number)));
	histogram_add(t->result->ack, args->message->received_ns - t->due_ns[number]);
	t->due_ns[number] = 0;
	t->acked++;
	patience_renew(&t->patience, args->message->received_ns);
}

static bool has_all(const struct trial *t)
{
	return t->acked == t->published &&
	       ledger_right(t->ledger) >= t->published * t->options->members;
}

__attribute__((noreturn)) static void give_up(const struct trial *t)
{
	size_t waiting = 0;

	for (size_t i = 0; i < t->options->members; i++) {
		if (ledger_awaited(t->ledger, i) == t->published)
			continue;
		if (waiting++ < COMPLAINTS_MAX)
			complain("member %zu waits for message %llu of %llu", i,
			    ull(ledger_awaited(t->ledger, i)), ull(t->published));
	}
	die("no progress for %llu s: of %llu deliveries %llu were right and %llu wrong, "
	    "%zu members wait for more, %llu acks are missing",
	    ull(t->patience.limit_ns / NS_PER_S), ull(t->published * t->options->members),
	    ull(ledger_right(t->ledger)), ull(trial_wrong(t)), waiting,
	    ull(t->published - t->acked));
}

static void turn(struct trial *t, uint64_t until_ns)
{
	uint64_t end_ns = patience_end_ns(&t->patience);

	loop_turn(t->loop, until_ns < end_ns ? until_ns : end_ns);
	if (patience_is_over(&t->patience))
		give_up(t);
}

static void publish_one(struct trial *t, uint64_t due_ns)
{
	const struct message_stamp stamp = {t->run, t->published, due_ns};
	char content[MESSAGE_CONTENT_MAX + 1], args[ARGS_MAX];

	message_compose(&stamp, content, t->options->content_bytes);
	snprintf(args, sizeof(args), "[\"message\",{\"roomId\":\"%s\",\"content\":\"%s\"}]",
	    t->options->room, content);
	t->due_ns[t->published] = due_ns;
	fleet_emit(t->fleet, PUBLISHER, FLEET_ACK_ID_FIRST + t->published, args);
	t->published++;
}

static void publish_bursts(struct trial *t, uint64_t burst, uint64_t messages)
{
	for (uint64_t i = 0; i < messages; i++) {
		publish_one(t, loop_now_ns());
		if ((i + 1) % burst != 0 && i + 1 < messages)
			continue;
		fleet_flush(t->fleet, PUBLISHER);
		while (!has_all(t))
			turn(t, UINT64_MAX);
	}
}

/*
 * A message is stamped with the time at which it was due, not at which we came to send it: if the
 * server holds us up, the wait is counted (no "coordinated omission").
 */
static void publish_rate(struct trial *t, uint64_t rate_per_s, uint64_t messages)
{
	uint64_t begin_ns = loop_now_ns();

	for (uint64_t i = 0; i < messages; i++) {
		uint64_t due_ns = begin_ns + i * NS_PER_S / rate_per_s;

		while (loop_now_ns() < due_ns)
			turn(t, due_ns);
		publish_one(t, due_ns);
		fleet_flush(t->fleet, PUBLISHER);
	}
	while (!has_all(t))
		turn(t, UINT64_MAX);
}

struct trial *trial_new(const struct options *options, struct loop *loop)
{
	static const struct fleet_events events = {on_join, on_event, on_ack};
	size_t messages = options_total_messages(options);
	struct trial *t = need_memory(1, sizeof(*t) + messages * sizeof(t->due_ns[0]));

	t->options = options;
	t->loop = loop;
	t->ledger = ledger_new(options->members);
	t->fleet = fleet_new(options, loop, &events, t);
	t->patience.limit_ns = options->timeout_s * NS_PER_S;
	if (getrandom(&t->run, sizeof(t->run), 0) != (ssize_t)sizeof(t->run))
		die("no random number to be had");
	return t;
}

void trial_free(struct trial **trial)
{
	struct trial *t = *trial;

	if (!t)
		return;
	fleet_free(&t->fleet);
	ledger_free(&t->ledger);
	growbuf_release(&t->frame);
	free(t);
	*trial = NULL;
}

void trial_connect(struct trial *t)
{
	fleet_connect(t->fleet);
	ledger_begin(t->ledger, t->base);
}

void trial_publish(
    struct trial *t, struct pace pace, uint64_t messages, struct trial_result *result)
{
	uint64_t begin_ns = loop_now_ns();

	t->result = result;
	growbuf_clear(&t->frame);
	patience_renew(&t->patience, begin_ns);
	if (pace.burst > 0)
		publish_bursts(t, pace.burst, messages);
	else
		publish_rate(t, pace.rate_per_s, messages);
	result->messages += messages;
	result->wall_ns += loop_now_ns() - begin_ns;
}

void trial_settle(struct trial *t)
{
	fleet_settle(t->fleet);
}

const uint8_t *trial_frame(const struct trial *t, size_t *ret_len)
{
	*ret_len = t->frame.len;
	return t->frame.data;
}

uint64_t trial_wrong(const struct trial *t)
{
	return ledger_wrong(t->ledger) + t->foreign;
}
