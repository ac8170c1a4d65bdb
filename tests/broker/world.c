#include "tests/broker/world.h"

#include "broker/attend.h"
#include "broker/census.h"
#include "broker/change.h"
#include "broker/dormancy.h"
#include "broker/entry.h"
#include "broker/limit.h"
#include "broker/metrics.h"
#include "broker/presence.h"
#include "broker/publish.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <stdio.h>
#include <string.h>

static const struct namespace_conf namespaces[] = {
    {.name = (char *)"/chat", .create_rooms = true, .moderation = true},
    {.name = (char *)"/fixed", .create_rooms = false},
    {.name = (char *)"/work", .handler = NAMESPACE_WORKER},
    {.name = (char *)"/later", .create_rooms = true, .auth = NAMESPACE_DEFERRED},
};

static void on_send(void *up, struct peer *to, struct frame *message, uint64_t gseq)
{
	(void)up;
	(void)gseq;
	fake_peer_hear(to, frame_bytes(message));
}

static const struct outbox_events outbox_news = {.on_send = on_send};

int world_setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));
	struct broker *b = &w->b;

	fake_store_reset();
	fake_turn_now = (struct mono){1000000};
	fake_turn_past_noon_ms = 0;
	fake_turn_wall = (struct wall){1700000000000};
	w->east = (struct peer){.name = "east", .boot = 11, .generation = 1};
	w->west = (struct peer){.name = "west", .boot = 22, .generation = 1};
	b->config.namespaces = (struct namespace_conf *)namespaces;
	b->config.namespace_count = ARRAY_LEN(namespaces);
	b->config.max_rooms = 5;
	b->config.memberships_max = 100;
	b->config.sanctions_max = 5;
	b->config.max_rooms_per_socket = 3;
	b->config.store_backlog_max = 100;
	b->config.store_backlog_max_bytes = 1000;
	b->config.lease_ms = 6000;
	b->config.presence_grace_ms = 5000;
	b->config.presence_detail_max = 4;
	b->config.presence_tick_ms = 100;
	b->config.recovery_window_ms = 120000;
	b->config.idempotency_window_ms = 86400000;
	b->config.sessions_max = 10;
	b->epoch = 1;
	dormancy_init(b);
	presence_init(b);
	b->rooms = rooms_new();
	b->memberships = memberships_new();
	b->sanctions = sanctions_new();
	b->sessions = sessions_new();
	b->revocations = revocations_new(3);
	b->config.revocations_max = 3;
	b->config.revocation_keep_ms = 1000000;
	b->crew = crew_new();
	b->outbox = outbox_new(&outbox_news, w);
	b->dedup = dedup_new(NULL);
	b->metrics = metrics_new(metric_table, METRICS);
	b->limits = limits_new(&b->config);
	b->census = census_new();
	*state = w;
	return 0;
}

int world_teardown(void **state)
{
	struct world *w = *state;

	entry_on_peer_gone(&w->b, &w->east);
	entry_on_peer_gone(&w->b, &w->west);
	entry_forget_all(&w->b);
	dedup_free(&w->b.dedup);
	outbox_free(&w->b.outbox);
	sessions_free(&w->b.sessions);
	revocations_free(&w->b.revocations);
	crew_free(&w->b.crew);
	change_forget_all(&w->b);
	sanctions_free(&w->b.sanctions);
	memberships_free(&w->b.memberships);
	rooms_free(&w->b.rooms);
	metrics_free(&w->b.metrics);
	limits_free(&w->b.limits);
	census_free(&w->b.census);
	buf_free(&w->east.heard);
	buf_free(&w->west.heard);
	buf_free(&w->east.values);
	buf_free(&w->west.values);
	test_free(w);
	return frame_live() == 0 ? 0 : -1;
}

/* ---- what a gateway says ---- */

void world_connect_to(
    struct world *w, struct peer *p, const char *nsp, const char *socket, const char *user)
{
	struct wire_message m = {.type = WIRE_CONNECT};

	m.as.connect = (struct wire_connect){.request = ++w->request,
	    .socket = str_of(socket),
	    .nsp = str_of(nsp),
	    .user = str_of(user),
	    .username = str_of(user),
	    .grants = bytes_of("\x91\xa5vault", 7),
	    .recovery = true};
	entry_on_connect(&w->b, p, &m);
}

void world_announce(
    struct world *w, struct peer *p, const char *socket, const char *user, struct bytes rooms)
{
	struct wire_message m = {.type = WIRE_CONNECT};

	m.as.connect = (struct wire_connect){.socket = str_of(socket),
	    .nsp = STR("/chat"),
	    .user = str_of(user),
	    .username = str_of(user),
	    .grants = bytes_of("\xc0", 1),
	    .since_ms = (uint64_t)fake_turn_wall.ms - 1000,
	    .rooms = rooms};
	entry_on_connect(&w->b, p, &m);
}

void world_return(struct world *w, struct peer *p, const char *socket, const char *user,
    const char *pid, const char *offset)
{
	struct wire_message m = {.type = WIRE_CONNECT};

	m.as.connect = (struct wire_connect){.request = ++w->request,
	    .socket = str_of(socket),
	    .nsp = STR("/chat"),
	    .user = str_of(user),
	    .username = str_of(user),
	    .grants = bytes_of("\xc0", 1),
	    .recovery = true,
	    .pid = str_of(pid),
	    .offset = str_of(offset)};
	entry_on_connect(&w->b, p, &m);
}

void world_lose(struct world *w, struct peer *p, const char *socket)
{
	struct wire_message m = {.type = WIRE_DISCONNECT};

	m.as.disconnect =
	    (struct wire_disconnect){str_of(socket), STR("transport close"), .is_lost = true};
	entry_on_disconnect(&w->b, p, &m);
}

struct session *world_session(struct world *w, const char *socket)
{
	return sessions_find(w->b.sessions, str_of(socket));
}

const char *world_pid(struct world *w, const char *socket)
{
	static char pid[LIMIT_PID + 1];

	memcpy(pid, world_session(w, socket)->pid, sizeof(pid));
	return pid;
}

void world_connect(struct world *w, struct peer *p, const char *socket, const char *user)
{
	world_connect_to(w, p, "/chat", socket, user);
}

void world_join(struct world *w, struct peer *p, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_JOIN};

	m.as.join = (struct wire_join){++w->request, str_of(socket), str_of(room)};
	attend_on_join(&w->b, p, &m);
}

void world_leave(struct world *w, struct peer *p, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_LEAVE};

	m.as.leave = (struct wire_leave){++w->request, str_of(socket), str_of(room)};
	attend_on_leave(&w->b, p, &m);
}

void world_typing(struct world *w, struct peer *p, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_TYPING};

	m.as.typing = (struct wire_typing){++w->request, str_of(socket), str_of(room)};
	attend_on_typing(&w->b, p, &m);
}

void world_publish_as(struct world *w, struct peer *p, uint64_t request, const char *socket,
    const char *room, const char *message_id, bool resent)
{
	struct wire_message m = {.type = WIRE_PUBLISH};

	m.as.publish = (struct wire_publish){.request = request,
	    .socket = str_of(socket),
	    .room = str_of(room),
	    .type = STR("text"),
	    .content = bytes_of("\xa2hi", 3),
	    .message_id = str_of(message_id),
	    .resent = resent};
	publish_on_message(&w->b, p, &m);
}

void world_publish(struct world *w, struct peer *p, const char *socket, const char *room)
{
	world_publish_as(w, p, ++w->request, socket, room, "", false);
}

void world_commit(struct world *w)
{
	uint64_t batch = fake_store.gathering++;

	publish_on_committed(&w->b, batch);
	change_on_committed(&w->b, batch);
}

void world_fail(struct world *w)
{
	fake_store.gathering++;
	publish_on_failed(&w->b, "no space");
	change_on_failed(&w->b);
}

void world_forget_heard(struct world *w)
{
	buf_reset(&w->east.heard);
	buf_reset(&w->west.heard);
	buf_reset(&w->east.values);
	buf_reset(&w->west.values);
}

/* The number of the error that the last request was answered with; 0 = ok, -1 = no answer. */
int world_last_error(struct world *w, struct peer *p)
{
	for (int error = 0; error < CLIENT_ERRORS; error++) {
		char line[64];

		snprintf(
		    line, sizeof(line), "REPLY{request=%u error=%d ", (unsigned)w->request, error);
		if (fake_peer_heard(p, line))
			return error;
	}
	return -1;
}

struct room *world_room(struct world *w, const char *name)
{
	return rooms_find(w->b.rooms, STR("/chat"), str_of(name));
}
