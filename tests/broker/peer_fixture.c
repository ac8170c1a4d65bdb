#include "tests/broker/peer_fixture.h"

#include <stdio.h>
#include <string.h>

static void note(struct peer_world *w, const char *what, const struct peer *p, const char *more)
{
	size_t len = strlen(w->news);

	snprintf(w->news + len, sizeof(w->news) - len, "%s %s%s%s; ", what, peer_name(p),
	    more ? ": " : "", more ? more : "");
}

static uint64_t get_gseq(void *up)
{
	return ((struct peer_world *)up)->gseq;
}

static uint64_t get_released(void *up)
{
	return ((struct peer_world *)up)->released;
}

static uint64_t get_pruned(void *up)
{
	return ((struct peer_world *)up)->pruned;
}

static bool is_owed(void *up, const struct peer *p)
{
	(void)p;
	return ((struct peer_world *)up)->is_owed;
}

static void on_begun(void *up, struct peer *p)
{
	((struct peer_world *)up)->last_begun = p;
}

static void on_message(void *up, struct peer *p, const struct wire_message *m)
{
	note(up, "message", p, wire_name(m->type));
}

static void on_gone(void *up, struct peer *p, const char *why)
{
	note(up, "gone", p, why);
}

static const struct peers_events events = {
    .get_gseq = get_gseq,
    .get_released = get_released,
    .get_pruned = get_pruned,
    .is_owed = is_owed,
    .on_begun = on_begun,
    .on_message = on_message,
    .on_gone = on_gone,
};

int peer_world_setup(void **state)
{
	struct peer_world *w = test_calloc(1, sizeof(*w));
	struct peers_conf conf = {.boot = 5,
	    .epoch = 6,
	    .heartbeat_ms = PEER_HEARTBEAT_MS,
	    .lease_ms = PEER_LEASE_MS,
	    .backlog_max_bytes = PEER_BACKLOG_MAX,
	    .replay_max = PEER_REPLAY_MAX};

	fake_link_reset();
	w->peers = peers_new(NULL, &conf, &events, w);
	w->now = (struct mono){1000000};
	w->gseq = w->released = PEER_GSEQ;
	w->east = (struct gateway){.address = fake_link_address("@east"),
	    .name = "east",
	    .user = "",
	    .version = WIRE_VERSION,
	    .boot = 11,
	    .credit_messages = 100};
	*state = w;
	return 0;
}

int peer_world_teardown(void **state)
{
	struct peer_world *w = *state;

	peers_free(&w->peers);
	assert_null(w->peers);
	peers_free(&w->peers);
	fake_link_reset();
	test_free(w);
	return frame_live() == 0 ? 0 : -1;
}

/* ---- what gateways say ---- */

void gateway_say_bytes(struct peer_world *w, const struct gateway *g, struct bytes body)
{
	struct link_letter letter = {.from = g->address, .user = str_of(g->user), .body = body};

	peers_receive(w->peers, &letter, w->now);
}

/* The gateway's next batch with these messages in it. */
void gateway_say(
    struct peer_world *w, struct gateway *g, const struct wire_message *m, size_t count)
{
	struct wire_message header = {.type = WIRE_BATCH};
	struct buf batch = {0};

	header.as.batch.number = ++g->number;
	wire_put(&batch, &header);
	for (size_t i = 0; i < count; i++)
		wire_put(&batch, &m[i]);
	gateway_say_bytes(w, g, buf_bytes(&batch));
	buf_free(&batch);
}

void gateway_say_type(struct peer_world *w, struct gateway *g, enum wire_type type)
{
	struct wire_message m = {.type = type};

	gateway_say(w, g, &m, 1);
}

struct search {
	const char *name;
	struct peer *found;
};

static void compare_name(void *ctx, struct peer *p)
{
	struct search *search = ctx;

	if (strcmp(peer_name(p), search->name) == 0)
		search->found = p;
}

void gateway_say_hello(struct peer_world *w, struct gateway *g)
{
	struct wire_message m = {.type = WIRE_HELLO};

	g->number = 0;
	m.as.hello = (struct wire_hello){.version = g->version,
	    .gateway = str_of(g->name),
	    .boot = g->boot,
	    .epoch = g->epoch,
	    .last_gseq = g->last_gseq,
	    .credit_messages = g->credit_messages,
	    .credit_bytes = LIMIT_WINDOW_BYTES};
	gateway_say(w, g, &m, 1);
	peers_flush(w->peers);
	struct search search = {.name = g->name};

	peers_each(w->peers, compare_name, &search);
	w->last = search.found;
}

void peer_world_deliver(struct peer_world *w, const char *event)
{
	struct wire_message m = {.type = WIRE_DELIVER};

	m.as.deliver.event = str_of(event);
	peer_put(w->last, &m);
}

void peer_world_forget(struct peer_world *w)
{
	fake_link_forget();
	w->news[0] = '\0';
}

void peer_world_serve(struct peer_world *w)
{
	struct wire_message m = {.type = WIRE_SERVE};

	m.as.serve.namespaces = bytes_of("\x90", 1);
	gateway_say_hello(w, &w->east);
	gateway_say(w, &w->east, &m, 1);
	peer_world_forget(w);
}
