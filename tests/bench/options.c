#include "tests/bench/options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_CHARS = 128, LIST_MAX_CHARS = 4096 };

enum key {
	KEY_URL = 0x100,
	KEY_PATH,
	KEY_NSP,
	KEY_ROOM,
	KEY_TOKENS,
	KEY_GATEWAY_PID,
	KEY_BROKER_PID,
	KEY_MEMBERS,
	KEY_SLEEPERS,
	KEY_MESSAGES,
	KEY_BURST,
	KEY_RATE,
	KEY_CONTENT_BYTES,
	KEY_WARMUP,
	KEY_SLICES,
	KEY_IN_FLIGHT,
	KEY_CONNECT_RATE,
	KEY_TIMEOUT,
	KEY_NO_BASELINE,
	KEY_JSON,
};

/* clang-format off */
static const struct argp_option help[] = {
	{ 0, 0, 0, 0, "The server:", 1 },
	{ "url", KEY_URL, "URL[,URL...]", 0, "http://host:port or https; members take them in turn", 1 },
	{ "path", KEY_PATH, "PATH", 0, "Where Socket.IO is (/socket.io/)", 1 },
	{ "nsp", KEY_NSP, "NAME", 0, "Namespace (/chat)", 1 },
	{ "room", KEY_ROOM, "NAME", 0, "Room; nobody else may publish into it (bench)", 1 },
	{ "tokens", KEY_TOKENS, "FILE", 0, "One JWT a line; members take them in turn", 1 },
	{ "gateway-pid", KEY_GATEWAY_PID, "PID[,PID...]", 0, "Whose CPU and memory to measure", 1 },
	{ "broker-pid", KEY_BROKER_PID, "PID[,PID...]", 0, "Whose CPU to measure", 1 },
	{ 0, 0, 0, 0, "The load:", 2 },
	{ "members", KEY_MEMBERS, "N", 0, "Connections, all in the room (1000)", 2 },
	{ "sleepers", KEY_SLEEPERS, "N", 0,
	  "Each slice again with N more in the room that never read, instead of the baseline (0)", 2 },
	{ "messages", KEY_MESSAGES, "N", 0, "Messages in each phase (640)", 2 },
	{ "burst", KEY_BURST, "K[,K...]", 0,
	  "A phase for each K: K messages back to back, then wait until all have all (1,8)", 2 },
	{ "rate", KEY_RATE, "R[,R...]", 0, "Instead: a phase for each R, R messages a second", 2 },
	{ "content-bytes", KEY_CONTENT_BYTES, "N", 0, "Length of a message's content (150)", 2 },
	{ "warmup", KEY_WARMUP, "N", 0, "Messages before the first phase, not counted (40)", 2 },
	{ "slices", KEY_SLICES, "N", 0,
	  "A phase is cut into N parts, and the baseline runs after each of them (4)", 2 },
	{ 0, 0, 0, 0, "The run:", 3 },
	{ "in-flight", KEY_IN_FLIGHT, "N", 0, "Members that connect and join at a time (50)", 3 },
	{ "connect-rate", KEY_CONNECT_RATE, "N", 0, "New connections a second at most (1000)", 3 },
	{ "timeout", KEY_TIMEOUT, "S", 0, "Give up after S seconds without progress (30)", 3 },
	{ "no-baseline", KEY_NO_BASELINE, 0, 0, "Do not run the bare send() loop", 3 },
	{ "json", KEY_JSON, 0, 0, "One JSON object on stdout; the text goes to stderr", 3 },
	{ 0 },
};

static const struct number {
	enum key key;
	const char *name;
	uint64_t low, high;
	size_t offset;
} numbers[] = {
	{ KEY_MEMBERS, "members", 1, 100000, offsetof(struct options, members) },
	{ KEY_SLEEPERS, "sleepers", 0, 10000, offsetof(struct options, sleepers) },
	{ KEY_MESSAGES, "messages", 1, 10000000, offsetof(struct options, messages) },
	{ KEY_CONTENT_BYTES, "content-bytes", 64, 5000, offsetof(struct options, content_bytes) },
	{ KEY_WARMUP, "warmup", 0, 1000000, offsetof(struct options, warmup) },
	{ KEY_SLICES, "slices", 1, 1000, offsetof(struct options, slices) },
	{ KEY_IN_FLIGHT, "in-flight", 1, 10000, offsetof(struct options, in_flight) },
	{ KEY_CONNECT_RATE, "connect-rate", 1, 1000000, offsetof(struct options, connects_per_s) },
	{ KEY_TIMEOUT, "timeout", 2, 3600, offsetof(struct options, timeout_s) },
};
/* clang-format on */

static uint64_t parse_number(
    struct argp_state *state, const char *name, const char *text, uint64_t low, uint64_t high)
{
	unsigned long long value;
	char *end;

	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || strlen(text) > 12 || value < low ||
	    value > high)
		argp_error(state, "--%s: '%s' is not a number from %llu to %llu", name, text,
		    (unsigned long long)low, (unsigned long long)high);
	return value;
}

/* Calls `take` with each part of a comma-separated list. An empty part is refused by it. */
static void each_part(
    struct argp_state *state, const char *list, void (*take)(struct argp_state *, const char *))
{
	char copy[LIST_MAX_CHARS];
	char *rest = copy, *part;

	if (strlen(list) >= sizeof(copy))
		argp_error(state, "a list of more than %d characters", LIST_MAX_CHARS);
	snprintf(copy, sizeof(copy), "%s", list);
	while ((part = strsep(&rest, ",")) != NULL)
		take(state, part);
}

static void take_url(struct argp_state *state, const char *url)
{
	struct options *o = state->input;
	const char *reason;

	if (o->targets_count == OPTIONS_TARGETS_MAX)
		argp_error(state, "--url: more than %d of them", OPTIONS_TARGETS_MAX);
	if (!target_parse(url, &o->targets[o->targets_count], &reason))
		argp_error(state, "--url: '%s': %s", url, reason);
	o->targets_count++;
}

static void add_pid(
    struct argp_state *state, const char *name, struct proc_set *set, const char *text)
{
	pid_t pid = (pid_t)parse_number(state, name, text, 1, INT32_MAX);

	if (!proc_exists(pid))
		argp_error(state, "--%s: there is no process %s", name, text);
	for (size_t i = 0; i < set->count; i++) {
		if (set->pids[i] == pid)
			argp_error(state, "--%s: process %s is named twice", name, text);
	}
	if (set->count == PROC_SET_MAX)
		argp_error(state, "--%s: more than %d of them", name, PROC_SET_MAX);
	set->pids[set->count++] = pid;
}

static void take_gateway_pid(struct argp_state *state, const char *text)
{
	struct options *o = state->input;

	add_pid(state, "gateway-pid", &o->gateways, text);
}

static void take_broker_pid(struct argp_state *state, const char *text)
{
	struct options *o = state->input;

	add_pid(state, "broker-pid", &o->brokers, text);
}

static void add_phase(struct argp_state *state, struct pace pace)
{
	struct options *o = state->input;

	if (o->phases_count > 0 && (o->phases[0].burst > 0) != (pace.burst > 0))
		argp_error(state, "either --burst or --rate, not both");
	if (o->phases_count == OPTIONS_PHASES_MAX)
		argp_error(state, "more than %d phases", OPTIONS_PHASES_MAX);
	o->phases[o->phases_count++] = pace;
}

static void take_burst(struct argp_state *state, const char *text)
{
	add_phase(state, (struct pace){.burst = parse_number(state, "burst", text, 1, 1000)});
}

static void take_rate(struct argp_state *state, const char *text)
{
	add_phase(state, (struct pace){.rate_per_s = parse_number(state, "rate", text, 1, 100000)});
}

/* The rule for names is that of the server; it also makes them safe inside JSON. */
static const char *parse_name(
    struct argp_state *state, const char *option, const char *text, const char *more_chars)
{
	static const char chars[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strlen(text);

	if (len == 0 || len > NAME_MAX_CHARS)
		argp_error(state, "--%s: 1 to %d characters", option, NAME_MAX_CHARS);
	for (size_t i = 0; i < len; i++) {
		if (!strchr(chars, text[i]) && !strchr(more_chars, text[i]))
			argp_error(state, "--%s: '%s' may hold letters, digits and %s only", option,
			    text, more_chars);
	}
	return text;
}

static const char *parse_path(struct argp_state *state, const char *option, const char *text)
{
	if (text[0] != '/')
		argp_error(state, "--%s: '%s' must begin with a slash", option, text);
	return parse_name(state, option, text, "/_-:.");
}

static error_t take_number(struct argp_state *state, int key, const char *text)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *n = &numbers[i];
		uint64_t value;

		if ((int)n->key != key)
			continue;
		value = parse_number(state, n->name, text, n->low, n->high);
		memcpy((char *)state->input + n->offset, &value, sizeof(value));
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Lists: each part goes to the function that knows it. */
static bool take_list(struct argp_state *state, int key, const char *list)
{
	static const struct {
		enum key key;
		void (*take)(struct argp_state *, const char *);
	} takers[] = {
	    {KEY_URL, take_url},
	    {KEY_GATEWAY_PID, take_gateway_pid},
	    {KEY_BROKER_PID, take_broker_pid},
	    {KEY_BURST, take_burst},
	    {KEY_RATE, take_rate},
	};

	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
		if ((int)takers[i].key != key)
			continue;
		each_part(state, list, takers[i].take);
		return true;
	}
	return false;
}

static void check(struct argp_state *state)
{
	struct options *o = state->input;

	if (o->targets_count == 0)
		argp_error(state, "--url is missing");
	if (!o->tokens_file)
		argp_error(state, "--tokens is missing");
	if (o->messages < o->slices)
		argp_error(state, "--messages must not be less than --slices");
	if (o->phases_count == 0) {
		add_phase(state, (struct pace){.burst = 1});
		add_phase(state, (struct pace){.burst = 8});
	}
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case KEY_PATH:
		o->path = parse_path(state, "path", arg);
		return 0;
	case KEY_NSP:
		o->nsp = parse_path(state, "nsp", arg);
		return 0;
	case KEY_ROOM:
		o->room = parse_name(state, "room", arg, "_-:.");
		return 0;
	case KEY_TOKENS:
		o->tokens_file = arg;
		return 0;
	case KEY_NO_BASELINE:
		o->without_baseline = true;
		return 0;
	case KEY_JSON:
		o->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not an option", arg);
		return 0;
	case ARGP_KEY_END:
		check(state);
		return 0;
	default:
		return take_list(state, key, arg) ? 0 : take_number(state, key, arg);
	}
}

void options_parse(int argc, char **argv, struct options *ret_options)
{
	static const struct argp argp = {
	    .options = help,
	    .parser = on_option,
	    .doc = "Measures a room: one publisher, many members, every delivery checked "
		   "and timed, the server's CPU time compared with a bare send() loop's.",
	};

	*ret_options = (struct options){
	    .path = "/socket.io/",
	    .nsp = "/chat",
	    .room = "bench",
	    .members = 1000,
	    .messages = 640,
	    .content_bytes = 150,
	    .warmup = 40,
	    .slices = 4,
	    .in_flight = 50,
	    .connects_per_s = 1000,
	    .timeout_s = 30,
	};
	argp_parse(&argp, argc, argv, 0, NULL, ret_options);
}

uint64_t options_total_messages(const struct options *o)
{
	uint64_t times = o->sleepers > 0 ? 2 : 1;

	return o->warmup + times * o->messages * o->phases_count;
}
