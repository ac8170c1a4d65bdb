#include "broker/report.h"

#include "broker/publish.h"
#include "broker/registry.h"
#include "proto/value.h"

#include <stdio.h>
#include <unistd.h>

void report_status(const struct broker *b, struct buf *v)
{
	const char *fault = publish_fault(b);
	char boot[17], epoch[17];

	snprintf(boot, sizeof(boot), "%016llx", (unsigned long long)b->boot);
	snprintf(epoch, sizeof(epoch), "%016llx", (unsigned long long)b->epoch);
	value_put_map(v, 15);
	value_put_str_pair(v, STR("version"), str_of(ROOMCAST_VERSION));
	value_put_u64_pair(v, STR("pid"), (uint64_t)getpid());
	value_put_str_pair(v, STR("boot"), str_of(boot));
	value_put_str_pair(v, STR("epoch"), str_of(epoch));
	value_put_str_pair(v, STR("database"), str_of(b->config.database));
	value_put_u64_pair(v, STR("uptimeMs"), mono_ms_between(b->started, turn_now(b->turn)));
	value_put_u64_pair(v, STR("gateways"), peers_count(b->peers));
	value_put_u64_pair(v, STR("connections"), sessions_live_count(b->sessions));
	value_put_u64_pair(v, STR("users"), sessions_user_count(b->sessions));
	value_put_u64_pair(v, STR("rooms"), rooms_count(b->rooms));
	value_put_u64_pair(v, STR("gseq"), b->gseq);
	value_put_u64_pair(v, STR("messages"), b->stored);
	value_put_u64_pair(v, STR("backlog"), store_backlog(b->store));
	value_put_str_pair(v, STR("state"), fault[0] ? STR("degraded") : STR("ok"));
	value_put_str_pair(v, STR("reason"), str_of(fault));
}

/* A list in the making. */
struct list {
	const struct broker *broker;
	uint32_t count;
	bool has_more;
	struct buf rows;
	struct str nsp;    /* rooms of this one only; empty = all */
	struct str prefix; /* those whose name, or id, begins so only */
};

/* Is it to be in the list, and is there still place? */
static bool is_listed(struct list *l, struct str name)
{
	bool is = str_has_prefix(name, l->prefix);

	l->has_more |= is && l->rows.len > REPORT_LIST_BYTES;
	return is && !l->has_more;
}

/* {name: [rows]} */
static void put_list(struct list *l, const char *name, struct buf *out)
{
	value_put_map(out, 1 + l->has_more);
	value_put_str(out, str_of(name));
	value_put_array(out, l->count);
	buf_put(out, buf_bytes(&l->rows));
	if (l->has_more)
		value_put_bool_pair(out, STR("more"), true);
	buf_free(&l->rows);
}

struct tally {
	const struct peer *peer;
	size_t connections, rooms;
};

static void count_session(void *ctx, struct session *s)
{
	struct tally *t = ctx;

	t->connections += s->peer == t->peer;
}

static void count_room(void *ctx, struct room *r)
{
	struct tally *t = ctx;

	for (size_t i = 0; i < r->route.count; i++)
		t->rooms += r->route.stops[i].peer == t->peer;
}

static void put_gateway(void *ctx, struct peer *p)
{
	struct list *l = ctx;
	const struct broker *b = l->broker;
	struct tally tally = {.peer = p};
	char boot[17];

	sessions_each(b->sessions, count_session, &tally);
	rooms_each(b->rooms, count_room, &tally);
	snprintf(boot, sizeof(boot), "%016llx", (unsigned long long)peer_boot(p));
	value_put_map(&l->rows, 8);
	value_put_str_pair(&l->rows, STR("id"), str_of(peer_name(p)));
	value_put_str_pair(&l->rows, STR("boot"), str_of(boot));
	value_put_str_pair(&l->rows, STR("endpoint"), str_of(link_endpoint(b->link, peer_door(p))));
	value_put_str_pair(
	    &l->rows, STR("state"), peer_is_resuming(p) ? STR("resuming") : STR("ready"));
	value_put_u64_pair(&l->rows, STR("sinceMs"), (uint64_t)peer_since(p).ms);
	value_put_u64_pair(&l->rows, STR("connections"), tally.connections);
	value_put_u64_pair(&l->rows, STR("rooms"), tally.rooms);
	value_put_u64_pair(&l->rows, STR("queuedBytes"), peer_queued_bytes(p));
	l->count++;
}

void report_gateways(const struct broker *b, struct buf *out)
{
	struct list l = {.broker = b};

	peers_each(b->peers, put_gateway, &l);
	put_list(&l, "gateways", out);
}

static void put_room(void *ctx, struct room *r)
{
	struct list *l = ctx;

	if (r->is_personal || !r->name[0] || (l->nsp.len && !str_eqz(l->nsp, r->nsp)) ||
	    !is_listed(l, str_of(r->name)))
		return;
	value_put_map(&l->rows, 7);
	value_put_str_pair(&l->rows, STR("nsp"), str_of(r->nsp));
	value_put_str_pair(&l->rows, STR("room"), str_of(r->name));
	value_put_bool_pair(&l->rows, STR("public"), r->is_public);
	value_put_bool_pair(&l->rows, STR("archived"), r->is_archived);
	value_put_u64_pair(&l->rows, STR("seq"), r->seq);
	value_put_u64_pair(&l->rows, STR("members"), r->member_count);
	value_put_u64_pair(&l->rows, STR("users"), room_user_count(r));
	l->count++;
}

void report_rooms(const struct broker *b, struct str nsp, struct str prefix, struct buf *out)
{
	struct list l = {.broker = b, .nsp = nsp, .prefix = prefix};

	rooms_each(b->rooms, put_room, &l);
	put_list(&l, "rooms", out);
}

static void put_member(void *ctx, const struct member *m)
{
	struct list *l = ctx;

	if (!is_listed(l, str_of(m->session->user->id)))
		return;
	value_put_map(&l->rows, 6);
	value_put_str_pair(&l->rows, STR("userId"), str_of(m->session->user->id));
	value_put_str_pair(&l->rows, STR("username"), str_of(m->session->user->username));
	value_put_str_pair(&l->rows, STR("socketId"), str_of(m->session->sid));
	value_put_str_pair(&l->rows, STR("gateway"),
	    str_of(m->session->peer ? peer_name(m->session->peer) : NULL));
	value_put_u64_pair(&l->rows, STR("joinedAt"), (uint64_t)m->joined.ms);
	value_put_str_pair(&l->rows, STR("ip"), str_of(m->session->ip));
	l->count++;
}

void report_members(const struct room *room, struct str prefix, struct buf *out)
{
	struct list l = {.prefix = prefix};

	room_each_member(room, put_member, &l);
	put_list(&l, "members", out);
}

static void put_user(void *ctx, struct user *u)
{
	struct list *l = ctx;
	struct buf names = {0};

	if (u->live_count == 0 || !is_listed(l, str_of(u->id)))
		return;
	registry_put_gateways(u, &names);
	value_put_map(&l->rows, 5);
	value_put_str_pair(&l->rows, STR("userId"), str_of(u->id));
	value_put_str_pair(&l->rows, STR("username"), str_of(u->username));
	value_put_u64_pair(&l->rows, STR("connections"), u->live_count);
	value_put_str_pair(&l->rows, STR("gateways"), buf_str(&names));
	value_put_u64_pair(&l->rows, STR("since"), (uint64_t)u->since.ms);
	buf_free(&names);
	l->count++;
}

void report_users(const struct broker *b, struct str prefix, struct buf *out)
{
	struct list l = {.broker = b, .prefix = prefix};

	sessions_each_user(b->sessions, put_user, &l);
	put_list(&l, "users", out);
}
